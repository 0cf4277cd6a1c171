// The upper tiles against the tree that grows out of the bundles, and the root of any size out of that tree. Rows
// are those of the tiles: row 1 has a hash per full bundle, row 2 one per 256 of these, and so on.
import { hashBytes } from '../format/sha256.ts';
import { hashesAtLevel, tilePath, tileWidth } from '../format/layout.ts';
import { emptyRoot, rootOfHashes } from '../format/merkle.ts';
import type { LowestRow } from './bundle-table.ts';
import type { Finding } from './report.ts';
import { readTile } from './segment.ts';
import type { LogReader } from './source.ts';

/** Row l − 1 of the list is level l; a hash that nothing tells is undefined. */
export type TreeRows = readonly (readonly (Uint8Array | undefined)[])[];

export type CheckedRows = { readonly rows: TreeRows; readonly findings: readonly Finding[] };

/**
 * Computes the rows over `lowest`, compares the stored tiles with them, and takes from a stored tile what the row
 * below cannot tell (its bundles were pruned): the signed root then vouches for it.
 */
export async function checkRows({ lowest, size, prunedBelow }: { readonly lowest: LowestRow; readonly size: number; readonly prunedBelow: number }, reader: LogReader): Promise<CheckedRows> {
  const rows: (Uint8Array | undefined)[][] = [];
  const findings: Finding[] = [];
  let row = Array.from({ length: hashesAtLevel(1, size) }, (_, at) => lowest(at));
  for (let level = 1; row.length > 0; level += 1) {
    for (let index = 0; index * tileWidth < row.length; index += 1) {
      const finding = await compareTile({ row, level, index, prunedBelow }, reader);
      if (finding) findings.push(finding);
    }
    rows.push(row);
    row = rowAbove(row);
  }
  return { rows, findings };
}

type TileOfRow = { readonly row: (Uint8Array | undefined)[]; readonly level: number; readonly index: number; readonly prunedBelow: number };

async function compareTile({ row, level, index, prunedBelow }: TileOfRow, reader: LogReader): Promise<Finding | undefined> {
  const id = { level, index, width: Math.min(tileWidth, row.length - index * tileWidth) };
  const path = tilePath(id);
  const bytes = await readTile(reader, id);
  const isPrunable = (index + 1) * tileWidth ** (level + 1) <= prunedBelow;
  if (bytes === undefined) return isPrunable ? undefined : { code: 'missing-tile', path, message: `${path} is missing` };
  if (bytes.length !== id.width * hashBytes) return { code: 'bad-tile', path, message: `${path} has ${bytes.length} bytes; ${id.width * hashBytes} are needed` };
  let differs = 0;
  for (let at = 0; at < id.width; at += 1) {
    const stored = bytes.subarray(at * hashBytes, (at + 1) * hashBytes);
    const place = index * tileWidth + at;
    const known = row[place];
    if (known === undefined) row[place] = Uint8Array.from(stored);
    else if (Buffer.compare(known, stored) !== 0) differs += 1;
  }
  return differs === 0 ? undefined : { code: 'bad-tile', path, message: `${path}: ${differs} of its ${id.width} hashes are not those of the tree below` };
}

function rowAbove(row: readonly (Uint8Array | undefined)[]): (Uint8Array | undefined)[] {
  return Array.from({ length: Math.floor(row.length / tileWidth) }, (_, at) => {
    const below = row.slice(at * tileWidth, (at + 1) * tileWidth);
    return isKnown(below) ? rootOfHashes(Buffer.concat(below)) : undefined;
  });
}

/**
 * The root of the tree's first `size` leaves. `partial` is the root over those of them that do not fill a bundle.
 * undefined when a hash that it needs is not known.
 */
export function rootAt({ rows, size, partial }: { readonly rows: TreeRows; readonly size: number; readonly partial?: Uint8Array }): Uint8Array | undefined {
  if (size === 0) return emptyRoot;
  if (size % tileWidth !== 0 && partial === undefined) return undefined;
  // From the bottom up: in each row, what does not fill a tile, with all that hangs to its right.
  let right = partial;
  for (let level = 1; hashesAtLevel(level, size) > 0; level += 1) {
    const end = hashesAtLevel(level, size);
    const tail = (rows[level - 1] ?? []).slice(end - (end % tileWidth), end);
    if (tail.length !== end % tileWidth || !isKnown(tail)) return undefined;
    const all: Uint8Array[] = right ? [...tail, right] : tail;
    if (all.length > 0) right = rootOfHashes(Buffer.concat(all));
  }
  return right;
}

function isKnown(row: readonly (Uint8Array | undefined)[]): row is Uint8Array[] {
  return !row.includes(undefined);
}
