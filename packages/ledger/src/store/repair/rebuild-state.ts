// Makes a writer's own state for a log of which only what was published is there: after a restore. The receipts after
// the last checkpoint, if there were any, are not in it; who calls this has accepted that. Written in the order in
// which a start would miss them: the identity last.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { LedgerError } from '../../errors.ts';
import { openCheckpoint } from '../../format/checkpoint.ts';
import { checkpointPath, tileAt, tilePath } from '../../format/layout.ts';
import { decodeBundle } from '../../format/tile.ts';
import type { Files } from '../disk/files.ts';
import { takeLock } from '../disk/lock.ts';
import { makeFolders, writeIdentity } from '../identity.ts';
import { placesOf } from '../places.ts';
import { writeJournal } from './write-journal.ts';

/** Throws `ledger-locked`, `bad-source`, `missing-tile`, `bad-tile`, `import-refused` where there is state already. */
export function rebuildState(files: Files, folder: string): void {
  const places = placesOf(folder);
  const note = files.read(join(folder, checkpointPath));
  if (note === undefined) throw new LedgerError('bad-source', `${folder} holds no log: it has no file named ${checkpointPath}`);
  const { origin, size } = openCheckpoint(note, []);
  makeFolders(files, places);
  const lock = takeLock(places.lock);
  try {
    if (files.read(places.identity) !== undefined) throw new LedgerError('import-refused', `${folder} is a ledger with a state of its own already`);
    const identity = { origin, salt: randomBytes(4).readUInt32BE() };
    // A start takes the end of the log from the journal, so the last receipts must stand in it.
    writeJournal(files, places, { entries: lastEntries(files, folder, size), end: size, salt: identity.salt });
    writeIdentity(files, places, identity);
  } finally {
    lock.release();
  }
}

function lastEntries(files: Files, folder: string, size: number): readonly Uint8Array[] {
  if (size === 0) return [];
  const tile = tileAt({ level: 'entries', at: size - 1, size });
  const bytes = files.read(join(folder, tilePath(tile)));
  if (bytes === undefined) throw new LedgerError('missing-tile', `${tilePath(tile)} is missing: the last receipts of the log are not there`);
  return decodeBundle(bytes, tile);
}
