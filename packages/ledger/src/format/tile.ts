// Tiles of hashes and bundles of entries as bytes, and the hashes of any subtree out of them. Pure, but for the
// reader of tiles that the proofs are handed.
import { LedgerError } from '../errors.ts';
import { hashBytes } from './sha256.ts';
import { hashesAtLevel, tileAt, tilePath, tileWidth, type TileId } from './layout.ts';
import { consistencyParts, frontierRoot, inclusionParts, rootOfHashes, subtreesOf, type ProofPart, type Subtree } from './merkle.ts';

/** Levels of the tree that one tile spans. */
const tileHeight = 8;

/** The bytes of one tile; rejects with `missing-tile` when the log has it not. May answer from a cache. */
export type TileReader = (tile: TileId) => Uint8Array | Promise<Uint8Array>;

/** Throws `bad-tile` unless there are as many whole hashes as the path promises. */
export function checkTile(bytes: Uint8Array, tile: TileId): Uint8Array {
  if (bytes.length === tile.width * hashBytes) return bytes;
  throw new LedgerError('bad-tile', `${tilePath(tile)} has ${bytes.length} bytes; ${tile.width * hashBytes} are needed`);
}

/** A bundle: each entry after its length, a big-endian uint16. Throws `receipt-too-large`. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, { length }) => sum + 2 + length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > 0xffff) throw new LedgerError('receipt-too-large', `an entry of ${entry.length} bytes does not fit a bundle: 65535 at most`);
    at = bytes.writeUInt16BE(entry.length, at);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/** Views into `bytes`. Throws `bad-tile` unless exactly `tile.width` entries fill it. */
export function decodeBundle(bytes: Uint8Array, tile: TileId): Uint8Array[] {
  const { entries, rest } = splitBundle(bytes);
  if (rest > 0) throw new LedgerError('bad-tile', `${tilePath(tile)} ends within its entry ${entries.length}`);
  if (entries.length !== tile.width) throw new LedgerError('bad-tile', `${tilePath(tile)} holds ${entries.length} entries; its path promises ${tile.width}`);
  return entries;
}

/** As many entries as are whole, and how many bytes come after them. */
export function splitBundle(bytes: Uint8Array): { readonly entries: Uint8Array[]; readonly rest: number } {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return { entries, rest: bytes.length - at };
}

/** The root of one complete subtree of a tree of `size`, from the one tile that spans it. */
export async function subtreeHash({ level, index }: Subtree, size: number, read: TileReader): Promise<Uint8Array> {
  const tileLevel = Math.floor(level / tileHeight);
  const count = 2 ** (level % tileHeight);
  const tile = tileAt({ level: tileLevel, at: index * count, size });
  const first = (index * count) % tileWidth;
  return rootOfHashes(checkTile(await read(tile), tile).subarray(first * hashBytes, (first + count) * hashBytes));
}

async function partHash(part: ProofPart, size: number, read: TileReader): Promise<Uint8Array> {
  const peaks = await Promise.all(part.map((subtree) => subtreeHash(subtree, size, read)));
  return frontierRoot({ size: 0, peaks });
}

/** RFC 6962's inclusion proof of a leaf in the tree of `size`, the sibling first. Rejects as `read` does. */
export function inclusionProof(claim: { readonly index: number; readonly size: number }, read: TileReader): Promise<Uint8Array[]> {
  return Promise.all(inclusionParts(claim).map((part) => partHash(part, claim.size, read)));
}

/** RFC 6962's consistency proof; `read` is asked for tiles of the tree of newSize. */
export function consistencyProof(claim: { readonly oldSize: number; readonly newSize: number }, read: TileReader): Promise<Uint8Array[]> {
  return Promise.all(consistencyParts(claim).map((part) => partHash(part, claim.newSize, read)));
}

/** The root of the first `size` leaves, out of tiles of a tree of `treeSize` ≥ size. */
export function rootFromTiles({ size, treeSize = size }: { readonly size: number; readonly treeSize?: number }, read: TileReader): Promise<Uint8Array> {
  return partHash(subtreesOf({ start: 0, end: size }), treeSize, read);
}

/** The tiles that a tree of `size` has and one of `since` has not, or not as wide: what a writer has yet to publish. */
export function* newTiles({ since, size }: { readonly since: number; readonly size: number }): Generator<TileId & { readonly level: number }> {
  for (let level = 0; hashesAtLevel(level, size) > 0; level += 1) {
    const [before, after] = [hashesAtLevel(level, since), hashesAtLevel(level, size)];
    for (let at = before - (before % tileWidth); at < after; at += tileWidth) {
      if (after > before) yield { level, index: at / tileWidth, width: Math.min(tileWidth, after - at) };
    }
  }
}
