// The figures on few runs, so that every test run would notice a guard that got trigger-happy or blind.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertFound, assertSlowFound, assertSpared, scenario, SEED } from './rollback-figures.ts';
import { watches } from './watches.ts';

test('healthy releases are spared at 0.2, 2 and 20 requests/s', () => {
  assertSpared(0.2, 1_500, 0.5);
  assertSpared(2, 1_500, 0.5);
  assertSpared(20, 1_500, 0.1);
});

test('5 % errors are found in 12, 2 and 1 min', () => {
  assertFound(0.2, 800, { medianMin: 12, missedPct: 12 });
  assertFound(2, 1_500, { medianMin: 2, missedPct: 0.1 });
  assertFound(20, 800, { medianMin: 1, missedPct: 0.1 });
});

test('a p99 that is 30 % higher is found in 5 min at 20/s', () => {
  assertSlowFound(false, 500);
  assertSlowFound(true, 500);
});

test('three times the traffic from the deployment on, and a third of it, are no bad release', () => {
  for (const trafficShift of [3, 1 / 3]) {
    const { rolledBack } = watches(scenario(2, { trafficShift }), { runs: 600, seed: SEED + 60_000_000 });
    assert.ok(rolledBack <= 6, `traffic × ${trafficShift}: ${rolledBack} of 600 rolled back`);
  }
});

test('the first half hour of a service, without any baseline: none of the usual kind is rolled back', () => {
  const { rolledBack, healthy } = watches(scenario(2, { baselineMs: 0 }), { runs: 600, seed: SEED + 80_000_000 });
  assert.ok(rolledBack <= 6 && healthy >= 500, `${rolledBack} rolled back, ${healthy} healthy of 600`);
});
