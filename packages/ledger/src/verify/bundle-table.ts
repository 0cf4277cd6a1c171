// The root hash of every bundle, kept small: one row of hashes over the entries, and only the differences of the
// stored tiles from it. 32 bytes a bundle are 125 KB for a million receipts.
import { tileWidth } from '../format/layout.ts';
import { hashAt, hashRow, knownAt, setHash, tileFor, type HashRow } from './hash-row.ts';
import type { BundleHashes } from './segment.ts';

/** Where the row's hash of a bundle comes from. */
const fromEntries = 1;
const fromTile = 2;

export type BundleTable = {
  /** Bundles that the log should have, the last one perhaps partial. */
  readonly count: number;
  readonly row: HashRow;
  /** Bundles whose stored tile says otherwise than the entries; undefined: the tile is missing or not whole. */
  readonly otherTiles: Map<number, Uint8Array | undefined>;
};

export function bundleTable(size: number): BundleTable {
  const count = Math.ceil(size / tileWidth);
  return { count, row: hashRow(count), otherTiles: new Map() };
}

export function addBundle({ row, otherTiles }: BundleTable, bundle: number, { isThere, entries, tile }: BundleHashes): void {
  if (isThere) tileFor(row, bundle);
  const hash = entries ?? tile;
  if (hash) setHash(row, bundle, hash, entries ? fromEntries : fromTile);
  if (entries && (!tile || Buffer.compare(entries, tile) !== 0)) otherTiles.set(bundle, tile && Uint8Array.from(tile));
}

export function hasEntries({ row }: BundleTable, bundle: number): boolean {
  return knownAt(row, bundle) === fromEntries;
}

/** The lowest row of a tree: a hash per bundle, undefined where nothing is known. */
export type LowestRow = (bundle: number) => Uint8Array | undefined;

/** As the entries say; where they are missing, as the stored tile says. */
export function rowOfEntries({ row }: BundleTable): LowestRow {
  return (bundle) => hashAt(row, bundle);
}

/** As the stored tiles say; where one is missing, as the entries say. */
export function rowOfTiles(table: BundleTable): LowestRow {
  const entries = rowOfEntries(table);
  return (bundle) => table.otherTiles.get(bundle) ?? entries(bundle);
}

/** Bundles in their order: those that have a file or neighbours that do, and all from `from` on. Of a large log take as many as are needed. */
export function* bundlesOf({ count, row }: BundleTable, from: number): Generator<number> {
  for (const index of [...row.tiles.keys()].toSorted((one, other) => one - other)) {
    for (let bundle = index * tileWidth; bundle < Math.min((index + 1) * tileWidth, from, count); bundle += 1) yield bundle;
  }
  for (let bundle = from; bundle < count; bundle += 1) yield bundle;
}

/** How many receipts the log's beginning lacks: the pruned ones, if it was pruned. */
export function missingAtStart(table: BundleTable): number {
  for (const bundle of bundlesOf(table, table.count)) if (hasEntries(table, bundle)) return bundle * tileWidth;
  return table.count * tileWidth;
}
