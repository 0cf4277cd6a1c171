// A row of a tree as far as it is known, in pieces as wide as a tile: what nobody tells of takes no memory, however large
// a log claims to be.
import { hashBytes } from '../format/sha256.ts';
import { tileWidth } from '../format/layout.ts';

/** `known` is 0 where the hash is not; other values are the caller's. */
export type RowTile = { readonly hashes: Buffer; readonly known: Uint8Array };
export type HashRow = { readonly length: number; readonly tiles: Map<number, RowTile> };

export function hashRow(length: number): HashRow {
  return { length, tiles: new Map() };
}

/** The piece that a hash is in, made if there is none. */
export function tileFor({ tiles }: HashRow, at: number): RowTile {
  const index = Math.floor(at / tileWidth);
  const tile = tiles.get(index) ?? { hashes: Buffer.alloc(tileWidth * hashBytes), known: new Uint8Array(tileWidth) };
  tiles.set(index, tile);
  return tile;
}

export function setHash(row: HashRow, at: number, hash: Uint8Array, known = 1): void {
  const tile = tileFor(row, at);
  tile.hashes.set(hash, (at % tileWidth) * hashBytes);
  tile.known[at % tileWidth] = known;
}

/** A view. */
export function hashAt(row: HashRow, at: number): Uint8Array | undefined {
  const tile = row.tiles.get(Math.floor(at / tileWidth));
  const place = at % tileWidth;
  return tile?.known[place] ? tile.hashes.subarray(place * hashBytes, (place + 1) * hashBytes) : undefined;
}

export function knownAt(row: HashRow, at: number): number {
  return row.tiles.get(Math.floor(at / tileWidth))?.known[at % tileWidth] ?? 0;
}

/** The hashes [start, end) of one tile end to end; undefined unless all are known. */
export function knownHashes(row: HashRow, { start, end }: { readonly start: number; readonly end: number }): Buffer | undefined {
  if (start === end) return Buffer.alloc(0);
  const tile = row.tiles.get(Math.floor(start / tileWidth));
  const [first, last] = [start % tileWidth, (start % tileWidth) + end - start];
  return tile?.known.subarray(first, last).every(Boolean) ? tile.hashes.subarray(first * hashBytes, last * hashBytes) : undefined;
}

/** So many files in a row that are not there: then it is looked for the next that is, instead of asking for each. */
export const absentMax = 1_024;

/**
 * The next index that is there, or `end`: by strides that double, then by halves. Where things are missing in several
 * places it may pass over some that are there, which matters to nobody: the log is broken, or pruned up to there.
 */
export async function nextPresent({ from, end }: { readonly from: number; readonly end: number }, isThere: (index: number) => Promise<boolean>): Promise<number> {
  let [absent, present] = [from - 1, end];
  for (let stride = 1; absent + stride < end; stride *= 2) {
    if (await isThere(absent + stride)) {
      present = absent + stride;
      break;
    }
    absent += stride;
  }
  if (present === end && absent < end - 1 && (await isThere(end - 1))) present = end - 1;
  while (present - absent > 1) {
    const middle = absent + Math.floor((present - absent) / 2);
    if (await isThere(middle)) present = middle;
    else absent = middle;
  }
  return present;
}
