import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { killAtRandomMoments } from './killing.ts';

const seed = freshSeed();

test(`kill -9 at 500 random moments (seed ${seed})`, { timeout: 1_800_000 }, async (context) => {
  const random = seededRandom(seed);
  // Ten ledgers of fifty: each is read whole at its end.
  for (let ledger = 0; ledger < 10; ledger += 1) {
    context.diagnostic(`${await killAtRandomMoments({ moments: 50, random })} acknowledged receipts survived`);
  }
});
