// A fault at each call that changes the disk, one at a time: the call fails, writes short, or is the last one before
// or after the power goes. No acknowledged receipt is lost, no checkpoint is forked, and nobody has to help.
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { MemoryDisk, type FaultKind, type PowerLoss } from './memory-disk.ts';
import { Workload } from './workload.ts';

const seed = Number(process.env.SEED ?? freshSeed());
/** All of them are store.soak.test.ts's. */
const runsMax = 150;

async function countChanges(): Promise<number> {
  const disk = new MemoryDisk();
  await new Workload(disk, { loss: 'kept', random: seededRandom(seed) }).run();
  return disk.changes;
}

test('without faults the workload holds', async () => {
  await new Workload(new MemoryDisk(), { loss: 'kept', random: seededRandom(seed) }).run();
});

const faults: readonly FaultKind[] = ['no-space', 'io-error', 'short', 'crash-before', 'crash-after'];
const losses: readonly PowerLoss[] = ['lost', 'mixed', 'kept'];

test(`a fault at sampled calls (seed ${seed})`, async (context) => {
  const random = seededRandom(seed);
  const changes = await countChanges();
  context.diagnostic(`${changes} calls that change the disk`);
  for (let run = 0; run < runsMax; run += 1) {
    const fault = { at: 1 + random.below(changes), kind: random.pick(faults) };
    const loss = random.pick(losses);
    const disk = new MemoryDisk();
    disk.inject(fault);
    try {
      await new Workload(disk, { loss, random }).run();
    } catch (error) {
      throw new Error(`${fault.kind} at call ${fault.at} (${disk.journal[fault.at - 1]}), unsynced ${loss}`, { cause: error });
    }
  }
});
