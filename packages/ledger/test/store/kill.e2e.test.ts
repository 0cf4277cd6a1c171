import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { killAtRandomMoments } from './killing.ts';

const seed = freshSeed();

test(`kill -9 at 40 random moments (seed ${seed}); 500 are kill.soak.test.ts's`, { timeout: 120_000 }, async (context) => {
  const survived = await killAtRandomMoments({ moments: 40, random: seededRandom(seed) });
  context.diagnostic(`${survived} acknowledged receipts survived`);
});
