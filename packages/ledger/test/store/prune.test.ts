// Pruning and starts: what was removed stays away, whatever the journal and the snapshot still know.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '@flyball/kernel';

import { LedgerError } from '../../src/errors.ts';
import { answersOf } from '../../src/store/commit.ts';
import { fsck } from '../../src/store/repair/fsck.ts';
import { sizesDefault, type Sizes } from '../../src/store/sizes.ts';
import { Store } from '../../src/store/store.ts';
import { MemoryDisk } from './memory-disk.ts';
import { at, draftOf, folder, origin, smallSizes, textsOf, toolsOn, turns } from './workload.ts';

function open(disk: MemoryDisk, sizes: Sizes, told: string[] = []): Store {
  return Store.open({ folder, origin, at }, { ...toolsOn(disk, told), sizes });
}

async function append(store: Store, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += 25) {
    const answers = answersOf(store.append(textsOf(Array.from({ length: Math.min(25, to - number) }, (_, offset) => draftOf(number + offset, 'detail'.repeat(10))))));
    for (const answer of answers) if (answer instanceof LedgerError) throw answer;
    store.settle();
    if (number % 500 === 0) {
      store.publish();
      await turns();
    }
    if (store.isShortOfRoom) await store.makeRoom();
  }
}

const bundles = (disk: MemoryDisk): string[] => [...disk.files().keys()].filter((path) => /entries\/\d+$/.test(path)).map((path) => path.slice(-3)).toSorted();
const findings = (disk: MemoryDisk): readonly unknown[] => fsck({ folder }, toolsOn(disk)).findings;

test('a start does not write again what was pruned, though the journal still has it', async () => {
  const disk = new MemoryDisk();
  const store = open(disk, sizesDefault);
  await append(store, 0, 900);
  assert.equal(await store.prune(600, at), 512);
  // Killed: nobody closes it.
  for (const [from, closes] of [[901, true], [931, false], [961, true]] as const) {
    const again = open(disk, sizesDefault);
    assert.equal(again.size, from);
    assert.deepEqual(bundles(disk), ['002']);
    await append(again, from, from + 30);
    assert.throws(() => again.entry(511), (error) => error instanceof LedgerError && error.code === 'receipt-pruned');
    if (closes) await again.close();
    assert.deepEqual(bundles(disk).slice(0, 1), ['002']);
  }
  assert.deepEqual(findings(disk), []);
});

test('a snapshot from before what was pruned does not keep the ledger from opening', async () => {
  const disk = new MemoryDisk();
  // A short journal, and no snapshot but the one at closing.
  const sizes = { ...sizesDefault, segmentBytes: 32 * 1024, segmentsMax: 6, syncFilesMin: 2 };
  const first = open(disk, sizes);
  await append(first, 0, 300);
  await first.close();
  const store = open(disk, sizes);
  await append(store, 300, 2_000);
  const heads = Array.from({ length: 7 }, (_, tenant) => Buffer.from(store.lastHash(`tenant-${tenant}`)));
  assert.equal(await store.prune(1_800, at), 1_792);
  const told: string[] = [];
  const again = open(disk, sizes, told);
  assert.equal(again.size, 2_001);
  assert.deepEqual(Array.from({ length: 7 }, (_, tenant) => Buffer.from(again.lastHash(`tenant-${tenant}`))), heads);
  assert.match(told.join(), /ids of receipts .* are forgotten/);
  await append(again, 2_001, 2_050);
  assert.deepEqual(bundles(disk), ['007'], 'which is full now');
  assert.notEqual(again.entry(1_792), undefined);
  await again.close();
  assert.deepEqual(findings(disk), []);
});

test('the power goes at any moment of a pruning: the ledger opens, with all that was not to be pruned', async () => {
  let moments = 0;
  for (const loss of ['kept', 'lost', 'mixed'] as const) {
    for (let moment = 1; ; moment += 1) {
      const disk = new MemoryDisk();
      const store = open(disk, smallSizes);
      await append(store, 0, 900);
      const heads = Array.from({ length: 7 }, (_, tenant) => Buffer.from(store.lastHash(`tenant-${tenant}`)));
      disk.inject({ at: moment, kind: 'crash-after' });
      await store.prune(600, at).catch(() => {});
      if (!disk.hasFailed) break;
      moments += 1;
      const where = `${loss}, ${moment}: ${disk.journal.at(-1)}`;
      await turns();
      disk.restart(loss, seededRandom(moment));
      const again = open(disk, smallSizes);
      assert.ok(again.size === 900 || again.size === 901, where);
      assert.deepEqual(Array.from({ length: 7 }, (_, tenant) => Buffer.from(again.lastHash(`tenant-${tenant}`))), heads, where);
      for (let index = 0; index < again.size; index += 1) assert.ok(isThere(again, index) || index < 512, `${where}: ${index}`);
      // The same asked again completes it.
      assert.equal(await again.prune(600, at), 512, where);
      assert.deepEqual(bundles(disk), ['002'], where);
      await append(again, 1_000, 1_030);
      await again.close();
      assert.deepEqual(findings(disk), [], where);
    }
  }
  assert.ok(moments > 30, `${moments}`);
});

function isThere(store: Store, index: number): boolean {
  try {
    return store.entry(index) !== undefined;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'receipt-pruned') return false;
    throw error;
  }
}
