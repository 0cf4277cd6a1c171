// The salt of a ledger whose identity is gone, out of its journal: the salt is where the checksum of each frame's header
// begins, and a CRC can be run backwards.
import { join } from 'node:path';

import type { Files } from '../disk/files.ts';
import { blockBytes, frameAt, headerCheck } from '../journal/frame.ts';
import type { Places } from '../places.ts';

/** The salt under which a whole frame stands in the journal; undefined when none does. */
export function saltOfJournal(files: Files, places: Places): number | undefined {
  for (const name of files.list(places.journal)) {
    const bytes = files.read(join(places.journal, name)) ?? Buffer.alloc(0);
    for (let offset = 0; offset < bytes.length; offset += blockBytes) {
      const check = headerCheck(bytes, offset);
      const salt = check && crc32Start(check.bytes, check.crc);
      if (salt !== undefined && frameAt(bytes, offset, salt)?.isWhole) return salt;
    }
  }
  return undefined;
}

/** IEEE 802.3, reflected, as zlib has it. */
const polynomial = 0xed_b8_83_20;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});
/** The highest bytes of the table's values are all different, so that each step has one step back. */
const indexByHighest = new Uint8Array(256);
table.forEach((value, index) => (indexByHighest[value >>> 24] = index));

/** The value that crc32(bytes, value) must begin with to come out as `crc`. */
export function crc32Start(bytes: Uint8Array, crc: number): number {
  let state = ~crc >>> 0;
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const index = indexByHighest[state >>> 24]!;
    state = (((state ^ table[index]!) << 8) | (index ^ bytes[at]!)) >>> 0;
  }
  return ~state >>> 0;
}
