// Makes a writer's own state for a log of which only what was published is there: after a restore. The receipts after
// the last checkpoint, if there were any, are not in it; who calls this has accepted that. Written in the order in
// which a start would miss them: the identity last.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, tileAt, tilePath, tileWidth } from '../format/layout.ts';
import { decodeBundle } from '../format/tile.ts';
import type { Files } from './files.ts';
import { newFrame, sealFrame } from './frame.ts';
import { makeFolders, writeIdentity } from './identity.ts';
import { Journal } from './journal.ts';
import { takeLock } from './lock.ts';
import { placesOf } from './places.ts';
import { sizesDefault } from './sizes.ts';

/** Of a frame's body: no more than a commit writes. */
const bodyBytesMax = 512 * 1024;

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
    const journal = new Journal({ files, folder: places.journal, salt: identity.salt, sizes: sizesDefault });
    journal.open();
    writeLastBundle(journal, { files, folder, size, salt: identity.salt });
    journal.close();
    writeIdentity(files, places, identity);
  } finally {
    lock.release();
  }
}

type Ground = { readonly files: Files; readonly folder: string; readonly size: number; readonly salt: number };

/** A start takes the end of the log from the journal, so the last receipts must stand in it. */
function writeLastBundle(journal: Journal, { files, folder, size, salt }: Ground): void {
  if (size === 0) return;
  const tile = tileAt({ level: 'entries', at: size - 1, size });
  const bytes = files.read(join(folder, tilePath(tile)));
  if (bytes === undefined) throw new LedgerError('missing-tile', `${tilePath(tile)} is missing: the last receipts of the log are not there`);
  const entries = decodeBundle(bytes, tile);
  const durableEnd = tile.index * tileWidth;
  for (let from = 0; from < entries.length; ) {
    let [to, length] = [from, 0];
    while (to < entries.length && (to === from || length + 2 + entries[to]!.length <= bodyBytesMax)) length += 2 + entries[to++]!.length;
    const { bytes: sealed, body } = newFrame(length);
    let at = 0;
    for (const entry of entries.slice(from, to)) {
      at = body.writeUInt16BE(entry.length, at);
      body.set(entry, at);
      at += entry.length;
    }
    const frame = { first: durableEnd + from, count: to - from, body };
    sealFrame(sealed, { ...frame, salt });
    journal.append(frame, sealed, durableEnd);
    from = to;
  }
}
