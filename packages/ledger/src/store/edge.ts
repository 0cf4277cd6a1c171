// The growing right edge of the tree: for each level of tiles the hashes of the tile that is not full yet, and the
// complete subtrees among them. One hash an append, whatever the size; tiles that fill up are handed out. Pure.
import { hashBytes } from '../format/chain.ts';
import { tileWidth, type TileId } from '../format/layout.ts';
import { frontierRoot, nodeHash } from '../format/merkle.ts';

type Level = { bytes: Buffer; count: number; index: number; peaks: Uint8Array[] };
export type TileBytes = { readonly tile: TileId & { readonly level: number }; readonly bytes: Uint8Array };

export class Edge {
  #size: number;
  readonly #levels: Level[] = [];
  #full: TileBytes[] = [];

  /** `size` is a multiple of 256; `hashes` are, level by level from 1 on, those of the tile that is not full there. */
  constructor({ size = 0, hashes = [] }: { readonly size?: number; readonly hashes?: readonly (readonly Uint8Array[])[] } = {}) {
    this.#size = size;
    for (let level = 0; level <= hashes.length; level += 1) {
      this.#levels.push(newLevel(Math.floor(size / tileWidth ** (level + 1))));
      for (const hash of hashes[level - 1] ?? []) this.#add(level, hash);
    }
  }

  get size(): number {
    return this.#size;
  }

  push(leaf: Uint8Array): void {
    this.#size += 1;
    this.#add(0, leaf);
  }

  root(): Uint8Array {
    return frontierRoot({ size: this.#size, peaks: this.#levels.toReversed().flatMap(({ peaks }) => peaks) });
  }

  /** The tiles that filled up since they were last forgotten. */
  get full(): readonly TileBytes[] {
    return [...this.#full];
  }

  /** Forgets full tiles: they are on disk. */
  forget(tiles: readonly TileBytes[]): void {
    const written = new Set(tiles);
    this.#full = this.#full.filter((tile) => !written.has(tile));
  }

  /** The tiles that are not full, as wide as they are. */
  partial(): TileBytes[] {
    return this.#levels.flatMap(({ bytes, count, index }, level) => (count === 0 ? [] : [{ tile: { level, index, width: count }, bytes: bytes.subarray(0, count * hashBytes) }]));
  }

  #add(at: number, hash: Uint8Array): void {
    const level = (this.#levels[at] ??= newLevel(0));
    level.bytes.set(hash, level.count * hashBytes);
    let last = hash;
    // As appendLeaf in format/merkle.ts, in place: each trailing 1 of the count is a subtree that becomes half of a pair.
    for (let rest = level.count; rest % 2 === 1; rest >>= 1) last = nodeHash(level.peaks.pop()!, last);
    level.peaks.push(last);
    level.count += 1;
    if (level.count < tileWidth) return;
    this.#full.push({ tile: { level: at, index: level.index, width: tileWidth }, bytes: level.bytes });
    this.#levels[at] = newLevel(level.index + 1);
    this.#add(at + 1, last);
  }
}

function newLevel(index: number): Level {
  return { bytes: Buffer.allocUnsafeSlow(tileWidth * hashBytes), count: 0, index, peaks: [] };
}
