// The rollback guard keeps what every governor keeps, whatever it is told.
import assert from 'node:assert/strict';

import type { Random } from '@flyball/kernel';

import { rollbackGuard } from '../../src/governors/rollback-guard.ts';
import type { RollbackGuardPolicy } from '../../src/governors/rollback-guard-policy.ts';
import type { RequestCounts, RollbackGuardSignal, RollbackGuardState } from '../../src/governors/rollback-guard-state.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { governorProperties, type Signals } from '../governor-properties.ts';

const minute = 60_000;

function policy(random: Random): RollbackGuardPolicy {
  const latencyBoundsMs = random.pick([[100, 400, 1_000], defaultPolicy(rollbackGuard.policy).latencyBoundsMs]);
  return {
    ...defaultPolicy(rollbackGuard.policy),
    watchMs: random.pick([minute, 30 * minute]), noDataAfterMs: random.pick([10_000, 5 * minute]), requestsMin: random.pick([1, 20]),
    oddsToRollBack: random.pick([20, 200]), latencyBoundsMs, baselineMs: random.pick([30_000, 30 * minute]),
    lockRollbacks: random.pick([1, 3]), sloPct: random.pick([99, 99.9]), burnErrorsMin: random.pick([1, 10]),
    warnPersistMs: random.pick([0, 3_000]), judgeLatency: random.next() < 0.8,
  };
}

function counts(random: Random, { latencyBoundsMs }: RollbackGuardPolicy): RequestCounts {
  const requests = random.pick([0, 1, 20, 400, 10_000_000]);
  const errors = random.next() < 0.1 ? requests + 1 : Math.floor(requests * random.pick([0, 0, 0.005, 0.05, 1]));
  if (random.next() < 0.3) return { requests, errors };
  const buckets = latencyBoundsMs.length + (random.next() < 0.95 ? 1 : 0);
  return { requests, errors, latencyCounts: Array.from({ length: buckets }, () => (random.next() < 0.99 ? random.below(1 + requests) : Number.NaN)) };
}

function signals(chosen: RollbackGuardPolicy, random: Random): Signals<RollbackGuardState, RollbackGuardSignal> {
  return {
    any: () => {
      const roll = random.next();
      if (roll < 0.12) return { kind: 'deployed', release: random.pick(['1.4.2', 'ä'.repeat(500), '\u0000"\\'.repeat(40)]) };
      if (roll < 0.2) return { kind: 'deploy_requested', release: '1.4.3' };
      const seen = counts(random, chosen);
      return random.next() < 0.1 ? { kind: 'requests', ...seen, control: counts(random, chosen) } : { kind: 'requests', ...seen };
    },
    calm: () => ({ kind: 'requests', requests: 1_000, errors: 0 }),
  };
}

function check({ lockRollbacks }: RollbackGuardPolicy, { watch, rollbacksAtMs }: RollbackGuardState): void {
  assert.ok(rollbacksAtMs.length <= Math.max(10, lockRollbacks));
  for (const test of [watch?.errors, watch?.latency]) {
    if (test) assert.ok([test.unspent, test.logOddsFromStart, test.healthy.bad, test.healthy.good, ...test.odds].every(Number.isFinite), JSON.stringify(test));
  }
}

// A day and a half of calm: the lock's window is a day, and a release that could not be rolled back is watched for hours.
governorProperties({ governor: rollbackGuard, policy, signals, check, requests: ['deploy_requested'], calmStepMs: minute, calmSteps: 2_200 });
