// The upper tiles against the tree that grows out of the bundles, and the root of any size out of that tree. Rows
// are those of the tiles: row 1 has a hash per full bundle, row 2 one per 256 of these, and so on.
import { hashesAtLevel, tilePath, tileWidth } from '../format/layout.ts';
import { emptyRoot, rootOfHashes } from '../format/merkle.ts';
import { hashBytes } from '../format/sha256.ts';
import type { LowestRow } from './bundle-table.ts';
import { absentMax, hashAt, hashRow, knownHashes, nextPresent, setHash, type HashRow } from './hash-row.ts';
import type { LogReader } from './log-reader.ts';
import { findingsMax, type Finding } from './report.ts';
import { readTile } from './segment.ts';

/** Row l − 1 of the list is level l. */
export type TreeRows = readonly HashRow[];

export type CheckedRows = { readonly rows: TreeRows; readonly findings: readonly Finding[] };

/** `known` says of which bundles `lowest` has a hash. */
type Ground = { readonly lowest: LowestRow; readonly known: HashRow; readonly size: number; readonly prunedBelow: number };

/**
 * Computes the rows over `lowest`, compares the stored tiles with them, and takes from a stored tile what the row
 * below cannot tell (its bundles were pruned): the signed root then vouches for it.
 */
export async function checkRows({ lowest, known, size, prunedBelow }: Ground, reader: LogReader): Promise<CheckedRows> {
  const rows: HashRow[] = [];
  const findings: Finding[] = [];
  let row = lowestRow(lowest, known, hashesAtLevel(1, size));
  for (let level = 1; row.length > 0; level += 1) {
    await compareTiles({ row, level, prunedBelow, findings }, reader);
    rows.push(row);
    row = rowAbove(row);
  }
  return { rows, findings };
}

function lowestRow(lowest: LowestRow, known: HashRow, length: number): HashRow {
  const row = hashRow(length);
  for (const index of known.tiles.keys()) {
    for (let at = index * tileWidth; at < Math.min(length, (index + 1) * tileWidth); at += 1) {
      const hash = lowest(at);
      if (hash) setHash(row, at, hash);
    }
  }
  return row;
}

type Comparing = { readonly row: HashRow; readonly level: number; readonly prunedBelow: number; readonly findings: Finding[] };

/** Each tile of the level, but for long stretches that are neither stored nor known. */
async function compareTiles(comparing: Comparing, reader: LogReader): Promise<void> {
  const { row, level, findings } = comparing;
  const end = Math.ceil(row.length / tileWidth);
  const isThere = async (index: number): Promise<boolean> => row.tiles.has(index) || (await readTile(reader, tileOf(comparing, index))) !== undefined;
  for (let [index, absent] = [0, 0]; index < end; index += 1) {
    const isKnown = row.tiles.has(index);
    const { isStored, finding } = await compareTile({ ...comparing, index }, reader);
    if (finding && findings.length <= findingsMax) findings.push(finding);
    absent = isKnown || isStored ? 0 : absent + 1;
    if (absent < absentMax) continue;
    const next = await nextPresent({ from: index + 1, end }, isThere);
    const isPrunable = next * tileWidth ** (level + 1) <= comparing.prunedBelow;
    if (!isPrunable && findings.length <= findingsMax) findings.push({ code: 'missing-tile', path: tilePath(tileOf(comparing, next - 1)), message: `${tilePath(tileOf(comparing, next - 1))} is missing, as all before it from ${tilePath(tileOf(comparing, index))} on` });
    [index, absent] = [next - 1, 0];
  }
}

function tileOf({ row, level }: Comparing, index: number) {
  return { level, index, width: Math.min(tileWidth, row.length - index * tileWidth) };
}

async function compareTile(comparing: Comparing & { readonly index: number }, reader: LogReader): Promise<{ readonly isStored: boolean; readonly finding?: Finding }> {
  const { row, level, index, prunedBelow } = comparing;
  const id = tileOf(comparing, index);
  const path = tilePath(id);
  const bytes = await readTile(reader, id);
  const isPrunable = (index + 1) * tileWidth ** (level + 1) <= prunedBelow;
  if (bytes === undefined) return { isStored: false, ...(isPrunable ? {} : { finding: { code: 'missing-tile', path, message: `${path} is missing` } }) };
  if (bytes.length !== id.width * hashBytes) return { isStored: true, finding: { code: 'bad-tile', path, message: `${path} has ${bytes.length} bytes; ${id.width * hashBytes} are needed` } };
  let differs = 0;
  for (let at = 0; at < id.width; at += 1) {
    const stored = bytes.subarray(at * hashBytes, (at + 1) * hashBytes);
    const known = hashAt(row, index * tileWidth + at);
    if (known === undefined) setHash(row, index * tileWidth + at, stored);
    else if (Buffer.compare(known, stored) !== 0) differs += 1;
  }
  return { isStored: true, ...(differs === 0 ? {} : { finding: { code: 'bad-tile', path, message: `${path}: ${differs} of its ${id.width} hashes are not those of the tree below` } }) };
}

function rowAbove(row: HashRow): HashRow {
  const above = hashRow(Math.floor(row.length / tileWidth));
  for (const index of row.tiles.keys()) {
    const hashes = index < above.length ? knownHashes(row, { start: index * tileWidth, end: (index + 1) * tileWidth }) : undefined;
    if (hashes) setHash(above, index, rootOfHashes(hashes));
  }
  return above;
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
    const tail = knownHashes(rows[level - 1] ?? hashRow(0), { start: end - (end % tileWidth), end });
    if (tail === undefined) return undefined;
    const all = right ? Buffer.concat([tail, right]) : tail;
    if (all.length > 0) right = rootOfHashes(all);
  }
  return right;
}
