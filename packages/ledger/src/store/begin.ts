// The first start: a key, then the identity that says the folder is a ledger.
import { LedgerError } from '../errors.ts';
import type { Files } from './disk/files.ts';
import { writeIdentity, type Identity } from './identity.ts';
import { hasKeys, writeKey } from './keys.ts';
import type { Places } from './places.ts';

export type Beginning = { readonly files: Files; readonly places: Places; readonly origin: string | undefined; readonly randomBytes: (count: number) => Buffer };

/** Begins again where a first start was cut short. Throws `bad-state` without an origin. */
export function begin({ files, places, origin, randomBytes }: Beginning): Identity {
  if (origin === undefined) throw new LedgerError('bad-state', `${places.folder} holds no ledger; give an origin to begin one`);
  if (!hasKeys(files, places)) writeKey(files, places, { origin, seed: randomBytes(32), number: 1 });
  const identity = { origin, salt: randomBytes(4).readUInt32BE() };
  writeIdentity(files, places, identity);
  return identity;
}
