// The ledger's part of this shard, loaded only where the node keeps one: others start without reading it.
import type { ShardConfiguration } from '../shard-configuration.ts';

export type LedgerPart = typeof import('./ledger.ts');

let part: LedgerPart | undefined;

export async function loadLedgerPart({ ledger }: ShardConfiguration): Promise<void> {
  if (ledger !== undefined) part = await import('./ledger.ts');
}

export function ledgerPart(): LedgerPart | undefined {
  return part;
}
