// The tree against RFC 6962: the reference vectors of the certificate transparency project, and the definitions
// themselves (MTH, PATH, PROOF), written down as they stand there and run on random pairs.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';
import { tileWidth } from '../../src/format/layout.ts';
import { appendLeaf, emptyFrontier, emptyRoot, frontierRoot, leafHash, nodeHash, rootOfHashes, verifyConsistency, verifyInclusion } from '../../src/format/merkle.ts';
import { consistencyProof, inclusionProof, rootFromTiles, type TileReader } from '../../src/format/tile.ts';

const given = process.env['FLYBALL_SEED'];
const seed = given === undefined ? freshSeed() : Number(given);

const vectorLeaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const vectorRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('the reference vectors of certificate transparency', () => {
  let frontier = emptyFrontier;
  for (const [size, root] of vectorRoots.entries()) {
    assert.equal(Buffer.from(frontierRoot(frontier)).toString('hex'), root);
    const leaves = vectorLeaves.slice(0, size).map((leaf) => leafHash(Buffer.from(leaf, 'hex')));
    assert.equal(Buffer.from(rootOfHashes(Buffer.concat(leaves))).toString('hex'), root);
    if (size < vectorLeaves.length) frontier = appendLeaf(frontier, leafHash(Buffer.from(vectorLeaves[size]!, 'hex')));
  }
});

/** RFC 6962 2.1, word by word. */
function split(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}
function mth(d: readonly Uint8Array[]): Uint8Array {
  if (d.length === 0) return emptyRoot;
  if (d.length === 1) return d[0]!;
  const k = split(d.length);
  return nodeHash(mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Uint8Array[]): Uint8Array[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k ? [...path(m, d.slice(0, k)), mth(d.slice(k))] : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === d.length) return isWhole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k ? [...subproof(m, d.slice(0, k), isWhole), mth(d.slice(k))] : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const leaves = Array.from({ length: 3_000 }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
const bundleRoots = Array.from({ length: Math.floor(leaves.length / tileWidth) }, (_, at) => mth(leaves.slice(at * tileWidth, (at + 1) * tileWidth)));
const readTile: TileReader = ({ level, index, width }) => Buffer.concat((level === 0 ? leaves : bundleRoots).slice(index * tileWidth, index * tileWidth + width));

function pairs(random: Random): (readonly [number, number])[] {
  const edges = [1, 2, 3, 4, 255, 256, 257, 511, 512, 513, 2_048, 2_049, 3_000];
  const chosen = Array.from({ length: 150 }, () => 1 + random.below(leaves.length));
  return [...edges, ...chosen].map((size) => [1 + random.below(size), size] as const);
}

test('proofs of random pairs are those of the definition, hold, and hold for nothing else', async () => {
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (const [some, size] of pairs(random)) {
    const where = `FLYBALL_SEED=${seed}, ${some} of ${size}`;
    const tree = leaves.slice(0, size);
    const root = mth(tree);
    assert.deepEqual(Buffer.from(await rootFromTiles({ size }, readTile)), Buffer.from(root), where);
    const index = some - 1;
    const inclusion = await inclusionProof({ index, size }, readTile);
    assert.deepEqual(inclusion.map(hex), path(index, tree).map(hex), where);
    const claim = { index, size, leaf: tree[index]!, proof: inclusion, root };
    assert.ok(verifyInclusion(claim), where);
    const consistency = await consistencyProof({ oldSize: some, newSize: size }, readTile);
    assert.deepEqual(consistency.map(hex), subproof(some, tree, true).map(hex), where);
    const past = { oldSize: some, newSize: size, oldRoot: mth(leaves.slice(0, some)), newRoot: root, proof: consistency };
    assert.ok(verifyConsistency(past), where);
    const bits = tampered(random, inclusion);
    if (bits) assert.ok(!verifyInclusion({ ...claim, proof: bits }), where);
    assert.ok(!verifyInclusion({ ...claim, proof: [...inclusion, root] }), where);
    assert.ok(!verifyInclusion({ ...claim, index: size > 1 ? (index + 1) % size : 1 }), where);
    assert.ok(!verifyInclusion({ ...claim, leaf: root, proof: size === 1 ? [root] : inclusion }), where);
    const other = tampered(random, consistency);
    if (other) assert.ok(!verifyConsistency({ ...past, proof: other }), where);
    assert.ok(!verifyConsistency({ ...past, proof: [...consistency, root] }), where);
    assert.ok(!verifyConsistency({ ...past, oldRoot: nodeHash(root, root) }), where);
    assert.ok(!verifyConsistency({ ...past, newRoot: nodeHash(root, root) }), where);
  }
});

function tampered(random: Random, proof: readonly Uint8Array[]): Uint8Array[] | undefined {
  if (proof.length === 0) return undefined;
  const at = random.below(proof.length);
  return proof.map((hash, place) => (place === at ? hash.map((byte, bit) => (bit === 7 ? byte ^ 1 : byte)) : hash));
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}

test('sizes and indexes that are no tree prove nothing', () => {
  const [leaf, root] = [leaves[0]!, leaves[0]!];
  for (const [index, size] of [[1, 1], [-1, 1], [0, 0], [0.5, 1], [Number.NaN, 1]] as const) assert.ok(!verifyInclusion({ index, size, leaf, proof: [], root }));
  assert.ok(verifyConsistency({ oldSize: 0, newSize: 5, oldRoot: emptyRoot, newRoot: root, proof: [] }));
  assert.ok(!verifyConsistency({ oldSize: 0, newSize: 5, oldRoot: root, newRoot: root, proof: [] }));
  assert.ok(!verifyConsistency({ oldSize: 2, newSize: 1, oldRoot: root, newRoot: root, proof: [] }));
});
