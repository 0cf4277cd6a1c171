// store.fault.test.ts with every fault at every call, whatever becomes of what was not synced: a few minutes.
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { faultKinds, powerLosses } from './memory-disk.ts';
import { countChanges, runWithFault } from './workload.ts';

const seed = freshSeed();

for (const kind of faultKinds) {
  // What does not cut the power leaves nothing unsynced behind to be lost.
  for (const loss of kind.startsWith('crash') ? powerLosses : (['mixed'] as const)) {
    test(`${kind} at each call, unsynced ${loss} (seed ${seed})`, { timeout: 1_800_000 }, async () => {
      const random = seededRandom(seed);
      const changes = await countChanges(seed);
      for (let at = 1; at <= changes; at += 1) await runWithFault({ at, kind }, { loss, random });
    });
  }
}
