// Where everything of a log lives below its folder or address: C2SP tlog-tiles v0.1.0. Pure.

/** The newest one that witnesses cosigned; there only once one did. */
export const cosignedCheckpointPath = 'cosigned-checkpoint';
export const checkpointPath = 'checkpoint';
/** Ours, not C2SP's: the log's verifier keys, one a line, newest last; for people and for `verify` without --key. */
export const verifierKeysPath = 'vkeys';
export const tileWidth = 256;
/** An entry's length is a uint16. */
export const entryBytesMax = 65_535;

/** A tile of hashes, or with level `entries` a bundle of entries. `width` 256 is a full one. */
export type TileId = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** `tile/0/x001/x234/067`, `tile/entries/000.p/17`. */
export function tilePath({ level, index, width }: TileId): string {
  return `tile/${level}/${tileIndexPath(index)}${width === tileWidth ? '' : `.p/${width}`}`;
}

function tileIndexPath(index: number): string {
  const parts = [];
  for (let rest = index, isLast = true; isLast || rest > 0; rest = Math.floor(rest / 1000), isLast = false) {
    parts.unshift(`${isLast ? '' : 'x'}${String(rest % 1000).padStart(3, '0')}`);
  }
  return parts.join('/');
}

const pathPattern = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** undefined: no path of a tile, or not the one way to write it. */
export function parseTilePath(path: string): TileId | undefined {
  const [, level, folders, last, partial] = pathPattern.exec(path) ?? [];
  if (level === undefined || last === undefined) return undefined;
  const index = Number(`${(folders ?? '').replaceAll(/[x/]/g, '')}${last}`);
  const tile: TileId = { level: level === 'entries' ? level : Number(level), index, width: partial === undefined ? tileWidth : Number(partial) };
  const isKnown = Number.isSafeInteger(index) && tile.width <= tileWidth && (tile.level === 'entries' || tile.level < 64);
  return isKnown && tilePath(tile) === path ? tile : undefined;
}

/** How many hashes level `level` of a tree of `size` leaves has: the full subtrees of 256^level leaves. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / tileWidth ** level);
}

/** The tile of a level that covers its hash number `at` in a tree of `size`: full, or as wide as the tree reaches. */
export function tileAt({ level, at, size }: { readonly level: number | 'entries'; readonly at: number; readonly size: number }): TileId {
  const index = Math.floor(at / tileWidth);
  const hashes = hashesAtLevel(level === 'entries' ? 0 : level, size);
  return { level, index, width: Math.min(tileWidth, hashes - index * tileWidth) };
}

/** All tiles of hashes that a tree of `size` leaves consists of, level by level; entry bundles are those of level 0. */
export function* tilesOfTree(size: number): Generator<TileId & { readonly level: number }> {
  for (let level = 0; hashesAtLevel(level, size) > 0; level += 1) {
    const hashes = hashesAtLevel(level, size);
    for (let index = 0; index * tileWidth < hashes; index += 1) {
      yield { level, index, width: Math.min(tileWidth, hashes - index * tileWidth) };
    }
  }
}
