// The root hash of every bundle, kept small: one row of hashes over the entries, and only the differences of the
// stored tiles from it. 32 bytes a bundle are 125 KB for a million receipts.
import { hashBytes } from '../format/sha256.ts';
import { tileWidth } from '../format/layout.ts';
import type { BundleHashes } from './segment.ts';

/** Where the row's hash of a bundle comes from. */
const unknown = 0;
const fromEntries = 1;
const fromTile = 2;

export type BundleTable = {
  /** Bundles so far, the last one perhaps partial. */
  count: number;
  row: Buffer;
  origin: Uint8Array;
  /** Bundles whose stored tile says otherwise than the entries; undefined: the tile is missing or not whole. */
  readonly otherTiles: Map<number, Uint8Array | undefined>;
};

export function bundleTable(): BundleTable {
  return { count: 0, row: Buffer.alloc(0), origin: new Uint8Array(0), otherTiles: new Map() };
}

export function addBundle(table: BundleTable, { entries, tile }: BundleHashes): void {
  const at = table.count;
  table.count += 1;
  if (table.origin.length < table.count) grow(table);
  const hash = entries ?? tile;
  if (hash) table.row.set(hash, at * hashBytes);
  table.origin[at] = entries ? fromEntries : tile ? fromTile : unknown;
  if (entries && (!tile || Buffer.compare(entries, tile) !== 0)) table.otherTiles.set(at, tile);
}

function grow(table: BundleTable): void {
  const room = Math.max(1024, 2 * table.origin.length);
  table.row = Buffer.concat([table.row], room * hashBytes);
  table.origin = new Uint8Array(Buffer.concat([table.origin], room));
}

export function hasEntries(table: BundleTable, bundle: number): boolean {
  return table.origin[bundle] === fromEntries;
}

/** The lowest row of a tree: a hash per bundle, undefined where nothing is known. */
export type LowestRow = (bundle: number) => Uint8Array | undefined;

/** As the entries say; where they are missing, as the stored tile says. */
export function rowOfEntries({ row, origin }: BundleTable): LowestRow {
  return (bundle) => (origin[bundle] === unknown ? undefined : row.subarray(bundle * hashBytes, (bundle + 1) * hashBytes));
}

/** As the stored tiles say; where one is missing, as the entries say. */
export function rowOfTiles(table: BundleTable): LowestRow {
  const entries = rowOfEntries(table);
  return (bundle) => table.otherTiles.get(bundle) ?? entries(bundle);
}

/** How many bundles at the log's beginning have neither entries nor a whole tile, or no entries: the pruned ones, if it was pruned. */
export function missingAtStart(table: BundleTable): number {
  let bundle = 0;
  while (bundle < table.count && !hasEntries(table, bundle)) bundle += 1;
  return bundle * tileWidth;
}
