// Compares entry bundles, tiles and the checkpoint with each other and says which of them is wrong. Where two disagree,
// the one that leads to the hash above is right; all of it must lead to the signed root, or nothing is to be repaired.
import { join } from 'node:path';

import { hashBytes } from '../../format/chain.ts';
import { hashesAtLevel, tilePath, tileWidth, type TileId } from '../../format/layout.ts';
import { equalHashes, leafHash, rootOfHashes } from '../../format/merkle.ts';
import { encodeBundle, splitBundle } from '../../format/tile.ts';
import type { Files } from '../disk/files.ts';
import { Edge } from '../edge.ts';
import type { Salvage } from './salvage.ts';

export type TreeFinding = {
  readonly code: 'missing-tile' | 'bad-tile' | 'missing-bundle' | 'bad-bundle';
  readonly path: string;
  readonly message: string;
  /** What the file should hold; undefined: that is nowhere on this disk. */
  readonly bytes: Uint8Array | undefined;
};

export type TreeCheck = {
  readonly findings: readonly TreeFinding[];
  readonly root: Uint8Array;
  /** Receipts that are nowhere as the tree has them. */
  readonly lost: readonly number[];
};

export type TreeGround = { readonly files: Files; readonly folder: string; readonly salvage: Salvage; readonly size: number; readonly prunedBelow: number; readonly onProgress?: (receipts: number) => void };

/** Checks the files of a tree of `size`. Throws nothing but what the disk does. */
export function checkTree(ground: TreeGround): TreeCheck {
  const findings: TreeFinding[] = [];
  const lost: number[] = [];
  const edge = new Edge();
  for (let bundle = 0; bundle * tileWidth < ground.size; bundle += 1) {
    const leaves = checkBundle(ground, bundle, { findings, lost });
    for (let at = 0; at < leaves.length; at += hashBytes) edge.push(leaves.subarray(at, at + hashBytes));
    for (const { tile, bytes } of edge.full) checkTile(ground, tile, bytes, findings);
    edge.forget(edge.full);
    ground.onProgress?.(Math.min(ground.size, (bundle + 1) * tileWidth));
  }
  for (const { tile, bytes } of edge.partial()) checkTile(ground, tile, bytes, findings);
  return { findings, root: edge.root(), lost };
}

/** The leaf hashes of one bundle, as they must have been; notes what is wrong with it. */
function checkBundle({ files, folder, salvage, size, prunedBelow }: TreeGround, bundle: number, { findings, lost }: { readonly findings: TreeFinding[]; readonly lost: number[] }): Uint8Array {
  const first = bundle * tileWidth;
  const width = Math.min(tileWidth, size - first);
  const path = tilePath({ level: 'entries', index: bundle, width });
  const bytes = files.read(join(folder, path));
  const stored = bytes === undefined ? [] : splitBundle(bytes).entries;
  const storedLeaves = Buffer.concat(stored.slice(0, width).map((entry) => leafHash(entry)));
  const isWhole = bytes !== undefined && stored.length === width && encodedLength(stored) === bytes.length;
  const tile = files.read(join(folder, tilePath({ level: 0, index: bundle, width })));
  if (bytes === undefined && first < prunedBelow && tile?.length === width * hashBytes) return tile;
  const leaves = trueLeaves({ tile, storedLeaves, width, parent: parentHash({ files, folder, size }, bundle) });
  if (isWhole && equalHashes(storedLeaves, leaves)) return leaves;
  const entries: Uint8Array[] = [];
  const changed: number[] = [];
  for (let at = 0; at < width; at += 1) {
    const leaf = leaves.subarray(at * hashBytes, (at + 1) * hashBytes);
    const own = stored[at];
    const isStored = own !== undefined && equalHashes(leafHash(own), leaf);
    if (!isStored) changed.push(first + at);
    const entry = isStored ? own : salvage.entries(first + at).find((claim) => leaf.length === 0 || equalHashes(leafHash(claim), leaf));
    if (entry === undefined) lost.push(first + at);
    else entries.push(entry);
  }
  const repaired = entries.length === width ? encodeBundle(entries) : undefined;
  findings.push({ ...bundleFinding({ path, isThere: bytes !== undefined, changed, first, width }), bytes: repaired });
  return leaves.length > 0 ? leaves : Buffer.concat(entries.map((entry) => leafHash(entry)));
}

/** Of bundle and tile the one that leads to the hash above; agreement needs no judge. */
function trueLeaves({ tile, storedLeaves, width, parent }: { readonly tile: Uint8Array | undefined; readonly storedLeaves: Uint8Array; readonly width: number; readonly parent: Uint8Array | undefined }): Uint8Array {
  const isTile = tile?.length === width * hashBytes;
  const isBundle = storedLeaves.length === width * hashBytes;
  if (!isTile) return isBundle ? storedLeaves : new Uint8Array();
  if (!isBundle || equalHashes(tile, storedLeaves)) return tile;
  return parent !== undefined && equalHashes(rootOfHashes(storedLeaves), parent) ? storedLeaves : tile;
}

/** What the tile above has for a full tile of level 0. */
function parentHash({ files, folder, size }: { readonly files: Files; readonly folder: string; readonly size: number }, index: number): Uint8Array | undefined {
  const above = hashesAtLevel(1, size);
  if (index >= above) return undefined;
  const tile: TileId = { level: 1, index: Math.floor(index / tileWidth), width: Math.min(tileWidth, above - index + (index % tileWidth)) };
  const bytes = files.read(join(folder, tilePath(tile)));
  const at = (index % tileWidth) * hashBytes;
  return bytes?.length === tile.width * hashBytes ? bytes.subarray(at, at + hashBytes) : undefined;
}

function checkTile({ files, folder }: TreeGround, tile: TileId, bytes: Uint8Array, findings: TreeFinding[]): void {
  const path = tilePath(tile);
  const stored = files.read(join(folder, path));
  if (stored !== undefined && equalHashes(stored, bytes)) return;
  const code = stored === undefined ? 'missing-tile' : 'bad-tile';
  findings.push({ code, path, message: `${path} ${stored === undefined ? 'is missing' : 'was changed'}; its hashes follow from the receipts`, bytes: Buffer.from(bytes) });
}

type BundleTrouble = { readonly path: string; readonly isThere: boolean; readonly changed: readonly number[]; readonly first: number; readonly width: number };

function bundleFinding({ path, isThere, changed, first, width }: BundleTrouble): Omit<TreeFinding, 'bytes'> {
  if (!isThere) return { code: 'missing-bundle', path, message: `${path} is missing, with receipts ${first} to ${first + width - 1}` };
  const which = changed.length === 0 ? 'has bytes too many' : `is wrong from receipt ${changed[0]!} on (${changed.length} of ${width})`;
  return { code: 'bad-bundle', path, message: `${path} ${which}` };
}

function encodedLength(entries: readonly Uint8Array[]): number {
  return entries.reduce((sum, { length }) => sum + 2 + length, 0);
}
