// The name of a log that begins now. One that is there keeps its own.
import { existsSync } from 'node:fs';

import type { WriterOptions } from '../store/protocol.ts';
import { placesOf } from '../store/places.ts';

/** What is asked for, if anything is; the default where no ledger is yet. */
export function originFor({ folder, origin }: WriterOptions, originDefault: string): { readonly origin?: string } {
  if (origin !== undefined) return { origin };
  return existsSync(placesOf(folder).identity) ? {} : { origin: originDefault };
}

/** C2SP (tlog-checkpoint) wants a schema-less URL of the operator's; spaces and plus signs cannot stand in the name of a key. */
export function originOf({ host, node }: { readonly host: string; readonly node: string }): string {
  const clean = host.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-');
  return `${clean === '' ? 'localhost' : clean}/${node}`;
}
