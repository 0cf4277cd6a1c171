// The rollback guard's policy: what it watches for, how sure it has to be, and when it stops by itself.
import { machineFields } from '../policy/machine-fields.ts';
import { policySchema, type NumberField, type PolicyProblem } from '../policy/schema.ts';
import type { MachineRules } from '../governor/machine.ts';

export interface RollbackGuardPolicy extends MachineRules {
  readonly watchMs: number;
  readonly watchMaxMs: number;
  readonly oddsToRollBack: number;
  readonly latencyOddsToRollBack: number;
  readonly oddsToSuspect: number;
  readonly oddsToClear: number;
  readonly requestsMin: number;
  readonly badRequestsMin: number;
  readonly errorIncreasesPct: readonly number[];
  readonly driftPct: number;
  readonly assumedErrorPct: number;
  readonly assumedRequests: number;
  readonly noiseVariance: number;
  readonly noiseMemoryMs: number;
  readonly baselineMs: number;
  readonly judgeLatency: boolean;
  readonly latencyBoundsMs: readonly number[];
  readonly slowFactors: readonly number[];
  readonly noDataAfterMs: number;
  readonly noDataTrafficPct: number;
  readonly trafficShiftFactor: number;
  readonly lockRollbacks: number;
  readonly lockWindowMs: number;
  readonly sloPct: number;
  readonly sloPeriodMs: number;
  readonly burnErrorsMin: number;
}

const minute = 60_000;
const day = 86_400_000;

function number(type: 'integer' | 'number', unit: string, [min, value, max]: readonly [number, number, number], effect: string): NumberField {
  return { type, unit, min, max, default: value, effect };
}

function increasing(field: 'errorIncreasesPct' | 'latencyBoundsMs' | 'slowFactors'): (policy: RollbackGuardPolicy) => PolicyProblem | null {
  return (policy) => (policy[field].every((value, at) => at === 0 || value > policy[field][at - 1]!) ? null : { field, problem: 'must increase from item to item' });
}

/** Refuses a policy whose second field is below its first. */
function notBelow(low: 'watchMs' | 'oddsToSuspect', field: 'watchMaxMs' | 'oddsToRollBack'): (policy: RollbackGuardPolicy) => PolicyProblem | null {
  return (policy) => (policy[field] >= policy[low] ? null : { field, problem: `must be at least ${low} (${policy[low]}), not ${policy[field]}` });
}

const item = (min: number, max: number, unit: string): NumberField => ({ type: 'number', unit, min, max, default: min, effect: '' });

export const rollbackGuardPolicy = policySchema<RollbackGuardPolicy>('rollback_guard', {
  ...machineFields,
  warnPersistMs: { ...machineFields.warnPersistMs, default: 10_000, effect: 'How long the odds stay over the threshold before the rollback runs: a handful of failures at once is over by then.' },
  watchMs: number('integer', 'ms', [minute, 30 * minute, day], 'How long a release is watched; the odds are spread over this time.'),
  watchMaxMs: number('integer', 'ms', [minute, 6 * 60 * minute, 7 * day], 'How long a watch goes on that has not seen enough to say healthy; then its verdict is `no_data`.'),
  oddsToRollBack: number('number', ': 1', [10, 200, 1e9], 'Odds at which a release is rolled back; at most one healthy watch in this many is rolled back for errors.'),
  latencyOddsToRollBack: number('number', ': 1', [10, 3_000, 1e9], 'The same for latency, which drifts more and hurts less than errors.'),
  oddsToSuspect: number('number', ': 1', [1, 20, 1e9], 'Odds from which the answer says `suspect`; nothing else happens.'),
  oddsToClear: number('number', ': 1', [1, 20, 1e9], 'Odds against the mildest bad release that a watch needs to end as healthy.'),
  requestsMin: number('integer', 'requests', [1, 20, 1e6], 'No rollback, and no verdict but `no_data`, on fewer requests of the release.'),
  badRequestsMin: number('integer', 'requests', [1, 4, 1e6], 'No rollback on fewer failed (or slow) requests.'),
  errorIncreasesPct: { type: 'list', of: item(0.1, 99, '% of requests'), lengthMin: 1, lengthMax: 4, default: [4, 15], effect: 'What bad releases add to the error rate: the alternatives of the test. Milder ones are found later and more often falsely.' },
  driftPct: number('number', '% of requests', [0.01, 2.5, 99], 'An error rate this far above the baseline is not taken for drift.'),
  assumedErrorPct: number('number', '% of requests', [0.001, 0.5, 50], 'Error rate of a usual service: what a short or missing baseline is filled up with.'),
  assumedRequests: number('integer', 'requests', [10, 1_000, 1e6], 'How many requests that assumption is worth.'),
  noiseVariance: number('number', '', [0.01, 0.55, 4], 'Variance ÷ mean² of the error rate\'s drift that is assumed until a baseline shows its own.'),
  noiseMemoryMs: number('integer', 'ms', [1_000, 120_000, day], 'How fast the error rate drifts: its noise is forgotten to 1/e in this time.'),
  baselineMs: number('integer', 'ms', [30_000, 30 * minute, day], 'How far back the baseline reaches.'),
  judgeLatency: { type: 'boolean', default: true, effect: 'Whether slow requests alone can roll a release back.' },
  latencyBoundsMs: {
    type: 'list', of: item(0.1, 3_600_000, 'ms'), lengthMin: 1, lengthMax: 31,
    default: [5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000],
    effect: 'Upper bounds of the latency buckets that the signals count.',
  },
  slowFactors: { type: 'list', of: item(1.1, 100, '×'), lengthMin: 1, lengthMax: 4, default: [2.5, 8], effect: 'How many times more slow requests bad releases have: the alternatives for latency. Slow is above the bound that about 1 % exceeded before.' },
  noDataAfterMs: number('integer', 'ms', [1_000, 5 * minute, day], 'After this much of the watch, too few requests are a warning of their own.'),
  noDataTrafficPct: number('number', '% of the usual', [0, 10, 100], 'Fewer requests than this share of the usual traffic are no data.'),
  trafficShiftFactor: number('number', '×', [1.1, 2.5, 1_000], 'Traffic above this multiple of the usual is a shift: errors in proportion to it are allowed, latency is not judged.'),
  lockRollbacks: number('integer', 'rollbacks', [1, 3, 10], 'So many rollbacks within the lock\'s window lock it: releases are refused.'),
  lockWindowMs: number('integer', 'ms', [minute, day, 30 * day], 'The lock\'s window; the lock opens when the oldest of them leaves it.'),
  sloPct: number('number', '% of requests', [50, 99, 99.9999], 'Objective for the burn rates that page outside a watch.'),
  sloPeriodMs: number('integer', 'ms', [day, 30 * day, 90 * day], 'Period of that objective.'),
  burnErrorsMin: number('integer', 'requests', [1, 10, 1e6], 'A burn rate pages only on this many failed requests in its long window.'),
}, [
  increasing('errorIncreasesPct'), increasing('latencyBoundsMs'), increasing('slowFactors'),
  notBelow('watchMs', 'watchMaxMs'), notBelow('oddsToSuspect', 'oddsToRollBack'),
]);
