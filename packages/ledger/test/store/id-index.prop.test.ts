// Whatever is added, in whatever portions flushed, merged and opened again: each id is found, at its index.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { hashLimit, idHash } from '../../src/store/ids/id-hash.ts';
import { IdIndex } from '../../src/store/ids/id-index.ts';
import { MemoryDisk } from './memory-disk.ts';

const seed = freshSeed();

test(`ids are found over any interleaving of adding, flushing, merging and opening (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const disk = new MemoryDisk();
  disk.makeFolder('/ids');
  const open = (runs: ConstructorParameters<typeof IdIndex>[0]['runs']): IdIndex => new IdIndex({ files: disk, folder: '/ids', salt: seed, runs });
  let index = open([]);
  const known = new Map<string, number>();
  let flushing = false;
  for (let step = 0; step < 300; step += 1) {
    const added = random.below(120);
    for (let number = 0; number < added; number += 1) {
      const key = `${random.pick(['receipt', '領収書', ''])}-${known.size}-${random.below(1e9)}`;
      index.add(key, known.size);
      known.set(key, known.size);
    }
    index.mergeSome(added);
    if (index.flushSome(added) !== undefined) flushing = false;
    if (!flushing && index.recentCount > 0 && random.below(3) === 0) {
      index.beginFlush();
      flushing = true;
    }
    if (random.below(20) === 0) {
      index.flushSome(Infinity);
      flushing = false;
      if (index.recentCount > 0) index.beginFlush();
      index.flushSome(Infinity);
      const { runs } = index;
      index.remove(index.takeObsolete());
      index.close();
      index = open(runs);
    }
  }
  for (const [key, expected] of known) assert.ok(index.recent(key) === expected || index.candidates(key).includes(expected), key);
  const strangers = Array.from({ length: 2_000 }, (_, number) => `stranger-${number}`).filter((key) => index.candidates(key).length > 0);
  assert.deepEqual(strangers, []);
  while (index.mergeSome(Infinity) !== undefined);
  const levels = Map.groupBy(index.runs, ({ level }) => level);
  assert.ok([...levels.values()].every((runs) => runs.length < 4), `${index.runs.map(({ level }) => level)}: four of a level become one`);
});

test('hashes are whole numbers below 2^52, spread evenly, and differ by salt', () => {
  const counts = Array.from({ length: 64 }, () => 0);
  for (let number = 0; number < 64_000; number += 1) {
    const hash = idHash(`receipt-${number}`, 12_345);
    assert.ok(Number.isInteger(hash) && hash >= 0 && hash < hashLimit);
    counts[Math.floor(hash / (hashLimit / 64))]! += 1;
  }
  for (const count of counts) assert.ok(Math.abs(count - 1_000) < 200, String(counts));
  assert.notEqual(idHash('receipt-1', 1), idHash('receipt-1', 2));
  const distinct = new Set(Array.from({ length: 200_000 }, (_, number) => idHash(`r${number}`, 7)));
  assert.equal(distinct.size, 200_000);
});
