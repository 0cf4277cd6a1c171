// Whether entries, tiles and the signed root agree, and if not, which of them is to blame. Three rows of bundle
// hashes are told apart: that of the entries, that of the lowest tiles, and the one stored in the tiles above;
// the one that leads to the signed root is the truth, and what differs from it was tampered with.
import type { Checkpoint } from '../format/checkpoint.ts';
import { hashesAtLevel, tileAt, tilePath, tileWidth } from '../format/layout.ts';
import { equalHashes } from '../format/merkle.ts';
import { hashBytes } from '../format/sha256.ts';
import { bundlesOf, hasEntries, rowOfEntries, rowOfTiles, type BundleTable, type LowestRow } from './bundle-table.ts';
import { hashAt, hashRow, setHash, type HashRow } from './hash-row.ts';
import type { LogReader } from './log-reader.ts';
import { findingsMax, type Finding } from './report.ts';
import { readTile } from './segment.ts';
import { checkRows, rootAt, type TreeRows } from './tree-rows.ts';

export type TreeVerdict = {
  readonly rows: TreeRows;
  /** The row that leads to the signed root; undefined when none does. */
  readonly truth?: LowestRow;
  /** Bundles whose entries are not what was signed, in order. */
  readonly wrongEntries: readonly number[];
  /** Bundles whose lowest tile is not what was signed. */
  readonly wrongTiles: ReadonlySet<number>;
  readonly findings: readonly Finding[];
};

type Judged = { readonly table: BundleTable; readonly checkpoint: Checkpoint; readonly prunedBelow: number };

export async function judgeTree({ table, checkpoint, prunedBelow }: Judged, reader: LogReader): Promise<TreeVerdict> {
  const { size, root } = checkpoint;
  const entries = rowOfEntries(table);
  const first = await checkRows({ lowest: entries, known: table.row, size, prunedBelow }, reader);
  const leadsToRoot = ({ rows, lowest }: { readonly rows: TreeRows; readonly lowest: LowestRow }) => {
    const reached = rootOf({ rows, lowest, size });
    return reached !== undefined && equalHashes(reached, root);
  };
  if (leadsToRoot({ rows: first.rows, lowest: entries })) return verdict({ table, size, prunedBelow, truth: entries, ...first });
  const tiles = rowOfTiles(table);
  const above = await storedRow(size, table.row, reader);
  const agreed: LowestRow = (bundle) => (table.otherTiles.has(bundle) ? (above(bundle) ?? tiles(bundle)) : entries(bundle));
  for (const truth of [tiles, agreed, (bundle: number) => above(bundle) ?? tiles(bundle)]) {
    const checked = await checkRows({ lowest: truth, known: table.row, size, prunedBelow }, reader);
    if (leadsToRoot({ rows: checked.rows, lowest: truth })) return verdict({ table, size, prunedBelow, truth, ...checked });
  }
  const message = `the entries make a tree of root ${base64(rootOf({ rows: first.rows, lowest: entries, size }))}; what was signed for ${size} receipts is ${base64(root)}, and no tile leads there`;
  return { rows: first.rows, wrongEntries: [], wrongTiles: new Set(), findings: [{ code: 'root-mismatch', message }, ...first.findings] };
}

function rootOf({ rows, lowest, size }: { readonly rows: TreeRows; readonly lowest: LowestRow; readonly size: number }): Uint8Array | undefined {
  const partial = size % tileWidth === 0 ? undefined : lowest(hashesAtLevel(1, size));
  return rootAt({ rows, size, ...(partial ? { partial } : {}) });
}

type Told = { readonly table: BundleTable; readonly size: number; readonly prunedBelow: number; readonly truth: LowestRow; readonly rows: TreeRows; readonly findings: readonly Finding[] };

function verdict({ table, size, prunedBelow, truth, rows, findings }: Told): TreeVerdict {
  const [entries, tiles] = [rowOfEntries(table), rowOfTiles(table)];
  const wrongEntries: number[] = [];
  const wrongTiles = new Set<number>();
  const found: Finding[] = [];
  for (const bundle of bundlesOf(table, Math.floor(prunedBelow / tileWidth))) {
    if (found.length > findingsMax || wrongEntries.length > findingsMax) break;
    const signed = truth(bundle);
    const isPruned = (bundle + 1) * tileWidth <= prunedBelow;
    if (hasEntries(table, bundle) && !same(entries(bundle), signed)) wrongEntries.push(bundle);
    const hasTile = hasEntries(table, bundle) ? !table.otherTiles.has(bundle) || table.otherTiles.get(bundle) !== undefined : tiles(bundle) !== undefined;
    const path = tilePath(tileAt({ level: 0, at: bundle * tileWidth, size }));
    if (!hasTile && !isPruned) found.push({ code: 'missing-tile', path, message: `${path} is missing or not whole` });
    if (!hasTile || same(tiles(bundle), signed)) continue;
    wrongTiles.add(bundle);
    found.push({ code: 'bad-tile', path, message: `${path} is not what was signed: it was changed, or does not belong to this log` });
  }
  return { rows, truth, wrongEntries, wrongTiles, findings: [...found, ...findings] };
}

/** The hashes of full bundles as the tiles of level 1 have them. */
async function storedRow(size: number, known: HashRow, reader: LogReader): Promise<LowestRow> {
  const row = hashRow(hashesAtLevel(1, size));
  for (const index of known.tiles.keys()) {
    if (index * tileWidth >= row.length) continue;
    const bytes = (await readTile(reader, tileAt({ level: 1, at: index * tileWidth, size }))) ?? new Uint8Array();
    for (let at = 0; at < tileWidth && (at + 1) * hashBytes <= bytes.length; at += 1) setHash(row, index * tileWidth + at, bytes.subarray(at * hashBytes, (at + 1) * hashBytes));
  }
  return (bundle) => hashAt(row, bundle);
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && equalHashes(one, other);
}

function base64(hash: Uint8Array | undefined): string {
  return hash ? Buffer.from(hash).toString('base64') : 'unknown';
}
