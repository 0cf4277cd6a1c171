// What makes a folder this ledger: its origin, and the salt of its journal and index. Written once, last of all that a
// first start makes, so that a start that was cut short begins again.
import { dirname, join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { checkpointPath } from '../format/layout.ts';
import { codeOf, replaceFile, unfinishedSuffix, type Files } from './disk/files.ts';
import type { Places } from './places.ts';

export type Identity = { readonly origin: string; readonly salt: number };

const version = 1;

/** undefined: no ledger yet. Throws `wrong-origin`, `state-lost`, `bad-state`. */
export function readIdentity(files: Files, places: Places, origin: string | undefined): Identity | undefined {
  const bytes = files.read(places.identity);
  if (bytes === undefined) {
    if (!isEmptyLog(files, places)) throw new LedgerError('state-lost', `${places.folder} holds a log, but its state/ is gone: receipts acknowledged after the last checkpoint may be lost; restore state/ from a backup, or accept that by fsck --repair`);
    return undefined;
  }
  const identity = parse(bytes, places.identity);
  if (origin !== undefined && identity.origin !== origin) throw new LedgerError('wrong-origin', `${places.folder} is the ledger of ${identity.origin}, not of ${origin}: a log keeps its origin; use another folder`);
  return identity;
}

export function isEmptyLog(files: Files, { folder }: Places): boolean {
  return files.read(join(folder, checkpointPath)) === undefined && files.list(join(folder, 'tile')).length === 0;
}

export function writeIdentity(files: Files, places: Places, { origin, salt }: Identity): void {
  replaceFile(files, places.identity, Buffer.from(`${JSON.stringify({ version, origin, salt })}\n`), { sync: true, mode: 0o600 });
}

/** All folders that are the writer's own. */
export function makeFolders(files: Files, { folder, state, journal, idRuns, keys }: Places): void {
  makeFolderWithParents(files, folder);
  files.makeFolder(state);
  files.makeFolder(journal);
  files.makeFolder(idRuns);
  files.makeFolder(keys, 0o700);
  for (const where of [state, keys]) {
    for (const name of files.list(where)) if (name.endsWith(unfinishedSuffix)) files.remove(join(where, name));
  }
  files.syncPath(folder);
  files.syncPath(state);
}

function makeFolderWithParents(files: Files, folder: string): void {
  try {
    files.makeFolder(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolderWithParents(files, dirname(folder));
    files.makeFolder(folder);
  }
  if (dirname(folder) !== folder) files.syncPath(dirname(folder));
}

function parse(bytes: Buffer, path: string): Identity {
  try {
    const value = JSON.parse(bytes.toString()) as Partial<Identity & { version: number }>;
    if (value.version === version && typeof value.origin === 'string' && Number.isInteger(value.salt)) return { origin: value.origin, salt: value.salt! };
  } catch {
    // Told below, as is what parses and is something else.
  }
  throw new LedgerError('bad-state', `${path} is no ledger's identity of version ${version}: it was changed, or a later Flyball wrote it; restore it from a backup`);
}
