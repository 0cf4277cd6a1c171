// What makes a folder this ledger: its origin, and the salt of its journal and index. Written once, last of all that a
// first start makes, so that a start that was cut short begins again.
import { dirname, join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { checkpointPath } from '../format/layout.ts';
import { codeOf, replaceFile, unfinishedSuffix, type Files } from './disk/files.ts';
import type { Places } from './places.ts';

export type Identity = { readonly origin: string; readonly salt: number };

const version = 1;

/** undefined: no ledger yet. Throws `wrong-origin`, `state-lost`, `no-ledger`, `bad-state`. */
export function readIdentity(files: Files, places: Places, origin: string | undefined): Identity | undefined {
  const bytes = files.read(places.identity);
  if (bytes === undefined) {
    if (files.read(join(places.folder, checkpointPath)) === undefined) return refuseRemains(files, places);
    throw new LedgerError('state-lost', `${places.folder} holds a log, but its state/ is gone: receipts acknowledged after the last checkpoint may be lost; restore state/ from a backup, or accept that by fsck --repair`);
  }
  const identity = parse(bytes, places.identity);
  if (origin !== undefined && identity.origin !== origin) throw new LedgerError('wrong-origin', `${places.folder} is the ledger of ${identity.origin}, not of ${origin}: a log keeps its origin; use another folder`);
  return identity;
}

/** Throws `no-ledger` where a start would begin one; makes nothing. What is damaged is told when it is read. */
export function requireLedger(files: Files, places: Places): void {
  if (files.read(places.identity) !== undefined || !isEmptyLog(files, places)) return;
  throw new LedgerError('no-ledger', `${places.folder} holds no ledger, and none is to be begun there: if its disk is not mounted, mount it; to begin a log there, start once without --ledger-existing (mustExist)`);
}

/** Tiles to which nothing belongs; throws `no-ledger`. A log that began among them would publish them as its own. */
export function refuseRemains(files: Files, { folder }: Places): undefined {
  if (files.list(join(folder, 'tile')).length === 0) return undefined;
  throw new LedgerError('no-ledger', `${folder} holds tiles, but no checkpoint and no state/: an import that was refused or cut short leaves that; import it again, or remove the folder. If it was a ledger, restore checkpoint and state/ from a backup`);
}

export function isEmptyLog(files: Files, { folder }: Places): boolean {
  return files.read(join(folder, checkpointPath)) === undefined && files.list(join(folder, 'tile')).length === 0;
}

export function writeIdentity(files: Files, places: Places, { origin, salt }: Identity): void {
  replaceFile(files, places.identity, Buffer.from(`${JSON.stringify({ version, origin, salt })}\n`), { sync: true, mode: 0o600 });
}

/** All folders that are the writer's own. Throws `no-ledger` at a link to nothing. */
export function makeFolders(files: Files, { folder, state, journal, idRuns, keys }: Places): void {
  try {
    makeFolderWithParents(files, folder);
    files.makeFolder(state);
  } catch (error) {
    // Making a folder where a link is passes for done, whatever it points to.
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new LedgerError('no-ledger', `${folder} cannot be made: it, or a folder on the way there, is a link to what is not there; mount or make what it points to, or remove the link`, { cause: error });
  }
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
