// A journal made anew: in a repair, and of a log that was restored.
import { join } from 'node:path';

import { writeWhole, type Files } from '../disk/files.ts';
import { FrameRoom } from '../journal/frame.ts';
import type { Places } from '../places.ts';
import { sizesDefault } from '../sizes.ts';

/** Few frames, so that they take little more than their entries. */
const frameBytesWanted = 512 * 1024;

/**
 * A new journal that ends with `entries`, the last of which is number `end` - 1. Durable when it returns. The old one
 * goes only then: whenever this is cut short, nothing is less there than before.
 */
export function writeJournal(files: Files, places: Places, { entries, end, salt }: { readonly entries: readonly Uint8Array[]; readonly end: number; readonly salt: number }): void {
  const old = files.list(places.journal);
  let name = Math.max(-1, ...old.map(Number).filter(Number.isInteger));
  for (const segment of segmentsOf(framesOf(entries, end - entries.length, salt))) {
    name += 1;
    writeWhole(files, join(places.journal, String(name)), segment, { sync: true });
  }
  files.syncPath(places.journal);
  for (const each of old) files.remove(join(places.journal, each));
  files.syncPath(places.journal);
}

/** Sealed frames of some hundred KiB. */
function* framesOf(entries: readonly Uint8Array[], from: number, salt: number): Generator<Buffer> {
  const room = new FrameRoom();
  for (let at = 0; at < entries.length; ) {
    const first = at;
    room.begin();
    for (; at < entries.length && room.bodyBytes < frameBytesWanted; at += 1) room.addBytes(entries[at]!);
    yield Buffer.from(room.seal({ first: from + first, count: at - first, salt }).sealed);
  }
}

/** As many frames as fit, then zeros: a segment is as long as all of them. */
function* segmentsOf(frames: Iterable<Buffer>): Generator<Buffer> {
  const { segmentBytes } = sizesDefault;
  let [segment, used] = [Buffer.alloc(segmentBytes), 0];
  for (const frame of frames) {
    if (used + frame.length > segmentBytes) {
      yield segment;
      [segment, used] = [Buffer.alloc(segmentBytes), 0];
    }
    frame.copy(segment, used);
    used += frame.length;
  }
  yield segment;
}
