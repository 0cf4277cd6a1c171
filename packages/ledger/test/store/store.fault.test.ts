// A fault at each call that changes the disk, one at a time: the call fails, writes short, or is the last one before
// or after the power goes. No acknowledged receipt is lost, no checkpoint is forked, and nobody has to help.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import type { LedgerError } from '../../src/errors.ts';
import { faultKinds, MemoryDisk, powerLosses } from './memory-disk.ts';
import { countChanges, draftOf, openOn, runWithFault, textsOf, turns, Workload } from './workload.ts';

const seed = freshSeed();
/** All of them are store.soak.test.ts's. */
const runsMax = 150;

test('without faults the workload holds', async () => {
  await new Workload(new MemoryDisk(), { loss: 'kept', random: seededRandom(seed) }).run();
});

test(`a fault at sampled calls (seed ${seed})`, async (context) => {
  const random = seededRandom(seed);
  const changes = await countChanges(seed);
  context.diagnostic(`${changes} calls that change the disk`);
  for (let run = 0; run < runsMax; run += 1) {
    await runWithFault({ at: 1 + random.below(changes), kind: random.pick(faultKinds) }, { loss: random.pick(powerLosses), random });
  }
});

test('what a failed sync left in memory only is made durable by the next start, before anybody relies on it', async () => {
  let refused = 0;
  for (let at = 1; at <= 4; at += 1) {
    const disk = new MemoryDisk();
    const failed = openOn(disk);
    failed.append(textsOf([draftOf(1)]));
    disk.inject({ at, kind: 'io-error' });
    try {
      failed.append(textsOf([draftOf(2)]));
      continue;
    } catch (error) {
      if ((error as LedgerError).code !== 'journal-sync-failed') continue;
    }
    refused += 1;
    disk.inject(undefined);
    await failed.close();
    // The receipt can still be read: so it is in the log, and its author is told so.
    const store = openOn(disk);
    store.append(textsOf([draftOf(2)]));
    const { size } = store;
    disk.restart('lost', seededRandom(seed));
    assert.equal(openOn(disk).size, size, 'the power went, and it is there');
  }
  assert.equal(refused, 1, 'one of the calls of an append is the sync');
});

test('a segment of the journal is not written over before its bundles are durable, however long that takes', async () => {
  const disk = new MemoryDisk();
  const store = openOn(disk);
  disk.holdSyncs();
  let acknowledged = 0;
  const appendSome = (): void => {
    store.append(textsOf(Array.from({ length: 64 }, (_, at) => draftOf(acknowledged + at))));
    acknowledged += 64;
    store.settle();
    store.publish();
  };
  assert.throws(() => {
    for (let batch = 0; batch < 100; batch += 1) appendSome();
  }, { code: 'disk-full' }, 'the journal is full, and stays so');
  await turns();
  assert.throws(appendSome, { code: 'disk-full' });
  disk.restart('lost', seededRandom(seed));
  assert.ok(acknowledged > 256);
  assert.ok(openOn(disk).size >= acknowledged);
});
