// The peers' policies on cases computed by hand: a peer that is worse than the real one would flatter ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmissionControl } from '../../src/control/admission-control.ts';
import type { LlmCall } from '../../src/simulation/load/llm-load.ts';
import { checkThenAct, LaggingMeter } from '../../src/simulation/peers/cost-peers.ts';
import { shiftOf, withoutOutliers } from '../../src/simulation/peers/mann-whitney.ts';
import { argoRollouts, burnRateAlone, flagger, kayenta, type Minute, type RollbackPolicy } from '../../src/simulation/peers/rollback-peers.ts';
import { cachedDecision } from '../../src/simulation/peers/tool-peers.ts';
import { cooldown, hysteresis, queueCap, singleThreshold, type PeerValveState } from '../../src/simulation/peers/valve-peers.ts';

const minutes = (count: number, requests: number, errors: number): Minute[] => Array.from({ length: count }, () => ({ requests, errors }));

/** After how many minutes it rolls back. */
function after(policy: RollbackPolicy, before: readonly Minute[], since: readonly Minute[]): number | undefined {
  for (let count = 1; count <= since.length; count++) if (policy.verdict(before, since.slice(0, count), count === since.length)) return count;
  return undefined;
}

test('Argo Rollouts: the first minute below 95 % aborts with limit 0, the fourth with limit 3', () => {
  const since = [...minutes(2, 20, 1), ...minutes(10, 19, 1)];
  assert.equal(after(argoRollouts(0), [], since), 3, '95 % is enough, 94.7 % is not');
  assert.equal(after(argoRollouts(3), [], since), 6);
  assert.equal(after(argoRollouts(0), [], minutes(30, 200, 10)), undefined);
});

test('Argo Rollouts: a minute without traffic is an error, not a failure; the fifth in a row aborts', () => {
  assert.equal(after(argoRollouts(3), [], [...minutes(4, 0, 0), ...minutes(1, 10, 0), ...minutes(9, 0, 0)]), 10);
});

test('Flagger: the fifth minute below 99 % rolls back, in a row or not; no traffic is a failed check', () => {
  const mixed = [100, 98, 99, 98, 98, 100, 98, 98].map((good) => ({ requests: 100, errors: 100 - good }));
  assert.equal(after(flagger, [], mixed), 8);
  assert.equal(after(flagger, [], minutes(9, 0, 0)), 5);
});

test('burn rate: 14.4 in an hour and in its last five minutes', () => {
  // 99.9 %: 1.44 % of the hour. 30 minutes at 0 and then 2 %: 2 t / (30 + t) passes 1.44 after 77 minutes, when the
  // window of an hour holds 2 % for 43.2 minutes: 44 of them.
  assert.equal(after(burnRateAlone(0.999), minutes(30, 1_000, 0), minutes(60, 1_000, 20)), 44);
  // Ten minutes of 20 % pass the hour's threshold, but they end: five minutes later the short window is calm.
  const short = [...minutes(3, 1_000, 200), ...minutes(60, 1_000, 0)];
  assert.equal(after(burnRateAlone(0.999), minutes(60, 1_000, 0), short), undefined);
  assert.equal(after(burnRateAlone(0.999), minutes(60, 1_000, 0), minutes(9, 1_000, 200)), 5);
  assert.equal(after(burnRateAlone(0.99), minutes(30, 1_000, 5), minutes(30, 1_000, 50)), undefined, '14.4 % is never reached by 5 %');
});

test('Mann-Whitney: estimate and bounds on samples whose differences can be listed', () => {
  // Differences of {4, 5, 6} and {1, 2, 3}: 1, 2, 2, 3, 3, 3, 4, 4, 5.
  const { estimate, lower, upper } = shiftOf([4, 5, 6], [1, 2, 3], 0.98);
  assert.deepEqual([estimate, lower, upper], [3, 1, 5]);
  // Ten against ten: mean 50, deviation 13.2, so 98 % begins with the 20th of the hundred differences. 20 + d is
  // there 10 − |d| times: 15 of them are below 16, and 21 up to it.
  const wide = shiftOf(Array.from({ length: 10 }, (_, at) => at + 20), Array.from({ length: 10 }, (_, at) => at), 0.98);
  assert.deepEqual([wide.estimate, wide.lower, wide.upper], [20, 16, 24]);
});

test('outliers lie beyond three interquartile ranges', () => {
  assert.deepEqual(withoutOutliers([1, 2, 3, 4, 5, 11, 12], 3), [1, 2, 3, 4, 5, 11, 12]);
  assert.deepEqual(withoutOutliers([1, 2, 3, 4, 5, 100], 3), [1, 2, 3, 4, 5]);
});

test('Kayenta judges once, when the watch ends, and only a clear shift', () => {
  const noisy = (level: number): Minute[] => Array.from({ length: 30 }, (_, at) => ({ requests: 1_000, errors: level + (at % 5) }));
  assert.equal(after(kayenta, noisy(5), noisy(50)), 30);
  assert.equal(after(kayenta, noisy(5), noisy(5)), undefined);
  assert.equal(after(kayenta, minutes(30, 0, 0), noisy(50)), undefined, 'no baseline, no verdict');
});

const call = (costMicros: number): LlmCall => ({ atMs: 0, endMs: 0, caller: 0, costMicros, costMaxMicros: costMicros });

test('a lagging meter shows what was settled a lag ago', () => {
  const meter = new LaggingMeter(60_000);
  meter.add(5, 1_000);
  meter.add(7, 2_000);
  assert.deepEqual([meter.at(60_999), meter.at(61_000), meter.at(62_000), meter.at(1e9)], [0, 5, 12, 12]);
});

test('check-then-act admits whatever comes until the meter shows the budget', () => {
  const act = checkThenAct({ budgetMicros: 10, lagMs: 0, name: 'x', source: '' });
  const one = call(6);
  assert.equal(act.admit(one, 0, 0), true);
  assert.equal(act.admit(one, 1, 0), true);
  assert.equal(act.admit(one, 2, 0), true, 'nothing is settled: three of 6 against 10');
  act.settled(one, 0, 1);
  assert.equal(act.admit(one, 3, 2), true);
  act.settled(one, 1, 3);
  assert.equal(act.admit(one, 4, 4), false);
});

/** Whether each depth, one after the other, lets a request in. */
function passes(control: AdmissionControl<PeerValveState>, depths: readonly number[]): string {
  let state = control.initial(0);
  return depths.map((depth, at) => {
    state = control.arrived(state, { depth, busy: 4, headWaitMs: 0 }, 2, at);
    return state.passes ? '+' : '-';
  }).join('');
}

test('queue cap, single threshold and hysteresis on the same depths', () => {
  const depths = [0, 9, 10, 11, 10, 6, 5, 4, 10, 11];
  assert.equal(passes(queueCap(10), depths), '++---+++--');
  assert.equal(passes(singleThreshold(10), depths), '+++-+++++-');
  assert.equal(passes(hysteresis({ on: 10, off: 5 }), depths), '+++---+++-');
});

test('a cooldown looks every 30 s, sheds half while on, and stays on for 300 s after the last look that wanted it', () => {
  const control = cooldown({ depth: 10, pollingMs: 30_000, cooldownMs: 300_000 });
  let state = control.initial(0);
  const modes: string[] = [];
  for (let atMs = 0; atMs <= 420_000; atMs += 1_000) {
    const depth = atMs >= 10_000 && atMs < 70_000 ? 50 : 0;
    state = control.ticked(state, { depth, busy: 0, headWaitMs: 0 }, atMs);
    if (modes.at(-1)?.split(' ')[1] !== state.mode) modes.push(`${atMs / 1_000} ${state.mode}`);
  }
  assert.deepEqual(modes, ['0 stable', '30 intervening', '390 stable'], 'last wanted at 60 s; 360 s is still within 300 s of it');
  state = { ...state, mode: 'intervening' };
  const passed = Array.from({ length: 10 }, (_, at) => (state = control.arrived(state, { depth: 0, busy: 0, headWaitMs: 0 }, 2, at)).passes);
  assert.equal(passed.filter(Boolean).length, 5);
});

test('a cached decision outlives the right for five minutes, and its refusal for half of one', () => {
  const cache = cachedDecision({ allowedMs: 300_000, refusedMs: 30_000 });
  const one = { atMs: 0, tool: 't', roles: ['r'], durationMs: 0, memoryBytes: 0 };
  assert.equal(cache.admit(one, true, 0), true);
  assert.equal(cache.admit(one, false, 299_999), true, 'the right has ended, the cache does not know');
  assert.equal(cache.admit(one, false, 300_000), false);
  assert.equal(cache.admit(one, true, 329_999), false, 'the right is back, the cache does not know');
  assert.equal(cache.admit(one, true, 330_000), true);
  assert.equal(cache.admit({ ...one, roles: ['other'] }, false, 330_000), false);
});
