import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseTilePath, tileAt, tilePath, tilesOfTree } from '../../src/format/layout.ts';
import { decodeBundle, encodeBundle, newTiles, splitBundle } from '../../src/format/tile.ts';

test('paths of tlog-tiles, there and back', () => {
  const paths = ['tile/0/000', 'tile/0/x001/x234/067', 'tile/0/x001/000', 'tile/2/999.p/255', 'tile/entries/x001/234', 'tile/entries/000.p/1', 'tile/63/000'];
  for (const path of paths) assert.equal(tilePath(parseTilePath(path)!), path);
  assert.deepEqual(parseTilePath('tile/0/x001/x234/067'), { level: 0, index: 1_234_067, width: 256 });
});

for (const path of ['checkpoint', 'tile/0/0', 'tile/00/000', 'tile/64/000', 'tile/0/x000/001', 'tile/0/001/002', 'tile/0/x001', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/-1/000', 'tile/entries/000/../../x', '/tile/0/000', 'tile/0/000 ', `tile/0/${'x999/'.repeat(6)}999`]) {
  test(`no path of a tile: ${path}`, () => assert.equal(parseTilePath(path), undefined));
}

test('the tiles of a tree of 70,000, as the specification counts them', () => {
  const tiles = [...tilesOfTree(70_000)];
  const count = (level: number, isFull: boolean) => tiles.filter((tile) => tile.level === level && (tile.width === 256) === isFull).length;
  assert.deepEqual([count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)], [273, 1, 1, 1, 1]);
  assert.deepEqual(tiles.filter(({ width }) => width < 256).map(({ width }) => width), [112, 17, 1]);
  assert.deepEqual([...tilesOfTree(256)], [{ level: 0, index: 0, width: 256 }, { level: 1, index: 0, width: 1 }]);
  assert.deepEqual([...tilesOfTree(0)], []);
  assert.deepEqual(tileAt({ level: 'entries', at: 69_999, size: 70_000 }), { level: 'entries', index: 273, width: 112 });
});

test('the tiles that growing adds are those of the larger tree that the smaller has not', () => {
  for (const [since, size] of [[0, 1], [1, 2], [255, 256], [256, 257], [0, 70_000], [65_535, 65_536], [65_536, 65_537], [300, 300]] as const) {
    const before = new Set(Array.from(tilesOfTree(since), tilePath));
    assert.deepEqual(Array.from(newTiles({ since, size }), tilePath), Array.from(tilesOfTree(size), tilePath).filter((path) => !before.has(path)), `${since} to ${size}`);
  }
});

test('bundles: two bytes of length, then the entry', () => {
  const entries = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(65_535, 7)];
  const bytes = encodeBundle(entries);
  assert.deepEqual([...bytes.subarray(0, 5)], [0, 1, 97, 0, 0]);
  const id = { level: 'entries', index: 0, width: 3 } as const;
  assert.deepEqual(decodeBundle(bytes, id).map((entry) => Buffer.from(entry)), entries);
  assert.throws(() => encodeBundle([Buffer.alloc(65_536)]), { code: 'receipt-too-large' });
  assert.throws(() => decodeBundle(bytes, { ...id, width: 4 }), { code: 'bad-tile' });
  assert.throws(() => decodeBundle(bytes.subarray(0, -1), id), { code: 'bad-tile' });
  assert.throws(() => decodeBundle(Buffer.concat([bytes, Buffer.of(0)]), id), { code: 'bad-tile' });
  assert.deepEqual(splitBundle(bytes.subarray(0, 6)), { entries: [Buffer.from('a'), Buffer.alloc(0)], rest: 1 });
});
