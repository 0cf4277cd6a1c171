// A fault at each call that changes the disk, one at a time: the call fails, writes short, or is the last one before
// or after the power goes. No acknowledged receipt is lost, no checkpoint is forked, and nobody has to help.
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { faultKinds, MemoryDisk, powerLosses } from './memory-disk.ts';
import { countChanges, runWithFault, Workload } from './workload.ts';

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
