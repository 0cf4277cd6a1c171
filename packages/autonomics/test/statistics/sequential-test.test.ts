// The mathematics below the guard: special functions against known values, the test against its own promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom, type Random } from '@flyball/kernel';

import { driftMaxOf, healthyRateOf, noiseOf, type Bin, type NoiseAssumptions } from '../../src/statistics/baseline-noise.ts';
import { learned, logPredictive, relaxed, type BetaCounts } from '../../src/statistics/drifting-rate.ts';
import { logGamma, logRising } from '../../src/statistics/log-gamma.ts';
import { binomial } from '../../src/statistics/scenarios.ts';
import { observe, oddsOf, startTest, type TestPlan } from '../../src/statistics/sequential-test.ts';

test('ln Γ at known values, and rising factorials by both ways', () => {
  let factorial = 1;
  for (let n = 1; n <= 20; n += 1) {
    assert.ok(Math.abs(logGamma(n) - Math.log(factorial)) < 1e-9, `Γ(${n})`);
    factorial *= n;
  }
  assert.ok(Math.abs(logGamma(0.5) - Math.log(Math.sqrt(Math.PI))) < 1e-9);
  for (const [x, count] of [[0.01, 12], [3.7, 5], [250.5, 12]] as const) {
    assert.ok(Math.abs(logRising(x, count) - (logGamma(x + count) - logGamma(x))) < 1e-9);
  }
});

test('predictions of a beta rate sum to 1, and do not depend on how the events are cut into signals', () => {
  const known: BetaCounts = { bad: 1.3, good: 210 };
  let sum = 0;
  let choose = 1;
  for (let bad = 0; bad <= 40; bad += 1) {
    sum += choose * Math.exp(logPredictive(known, bad, 40 - bad));
    choose *= (40 - bad) / (bad + 1);
  }
  assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
  const whole = logPredictive(known, 7, 400);
  const cut = logPredictive(known, 3, 100) + logPredictive(learned(known, 3, 100), 4, 300);
  assert.ok(Math.abs(whole - cut) < 1e-9);
});

test('what is known relaxes to the baseline, and never above what drift can be', () => {
  const baseline: BetaCounts = { bad: 2, good: 398 };
  const known: BetaCounts = { bad: 60, good: 940 };
  const far = relaxed(known, baseline, 0, 1);
  assert.ok(Math.abs(far.bad - 2) < 1e-9 && Math.abs(far.good - 398) < 1e-6);
  const near = relaxed(known, baseline, 1, 1);
  assert.ok(Math.abs(near.bad - 60) < 1e-9 && Math.abs(near.good - 940) < 1e-6);
  const bounded = relaxed(known, baseline, 1, 0.03);
  assert.ok(Math.abs(bounded.bad / (bounded.bad + bounded.good) - 0.03) < 1e-12);
});

const plan: TestPlan = { baseline: { bad: 2, good: 398 }, start: { bad: 2, good: 398 }, alternatives: [0.045, 0.155], healthyShareMax: 0.999, memoryMs: 120_000, watchMs: 1_800_000 };

/** Draws from the very process that the test takes for healthy: a signal from its prediction, then learning it. */
function healthyWatch(random: Random, steps: number): number {
  let test = startTest(plan);
  let highest = oddsOf(test);
  for (let step = 0; step < steps; step += 1) {
    const known = relaxed(test.healthy, plan.baseline, Math.exp(-10_000 / plan.memoryMs), plan.healthyShareMax);
    const bad = binomial(random, 20, betaDraw(random, known));
    test = observe(plan, test, { events: 20, bad, elapsedMs: 10_000, allowance: 1, control: null });
    highest = Math.max(highest, oddsOf(test));
  }
  return highest;
}

function betaDraw(random: Random, { bad, good }: BetaCounts): number {
  const [x, y] = [gammaDraw(random, bad), gammaDraw(random, good)];
  return x / (x + y);
}

/** Marsaglia and Tsang (2000); shapes here are above 1. */
function gammaDraw(random: Random, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

test('the odds keep Ville\'s promise: a healthy service passes n : 1 in at most one of n watches', () => {
  const seed = 40_961;
  const runs = 4_000;
  const highest = Array.from({ length: runs }, (_, run) => healthyWatch(seededRandom(seed + run), 90));
  for (const threshold of [5, 20, 100]) {
    const share = highest.filter((odds) => odds >= threshold).length / runs;
    // Three deviations of the count itself on top.
    const most = 1 / threshold + 3 * Math.sqrt(1 / threshold / runs);
    assert.ok(share <= most, `seed ${seed}: ${share} of the watches passed ${threshold} : 1, at most ${most} may`);
  }
  assert.ok(highest.some((odds) => odds >= 5), 'a test that never moves proves nothing');
});

test('a change half way is found as well as one at the start', () => {
  let test = startTest(plan);
  const step = (bad: number) => observe(plan, test, { events: 20, bad, elapsedMs: 10_000, allowance: 1, control: null });
  for (let at = 0; at < 90; at += 1) test = step(at % 10 === 0 ? 1 : 0);
  assert.ok(oddsOf(test) < 2, `${oddsOf(test)}`);
  for (let at = 0; at < 18; at += 1) test = step(at % 2 === 0 ? 2 : 1);
  assert.ok(oddsOf(test) > 200, `${oddsOf(test)}`);
});

const assumed: NoiseAssumptions = {
  kinds: [{ share: 0.005, worthEvents: 1_000, weight: 0.8 }, { share: 0.03, worthEvents: 30, weight: 0.2 }],
  relativeVariance: 0.55, relativeVarianceDeviation: 0.3, memoryMs: 120_000,
};

test('a baseline says what it saw where it is long, what is assumed where it is short or missing', () => {
  const none = noiseOf([], 60_000, assumed);
  assert.ok(none.share > 0.004 && none.share < 0.012, `${none.share}`);
  assert.ok(none.relativeVariance > 0.55);
  const long: Bin[] = Array.from({ length: 30 }, (_, at) => ({ events: 1_200, bad: 24 + (at % 3) }));
  const steady = noiseOf(long, 60_000, assumed);
  assert.ok(Math.abs(steady.share - 25 / 1_200) < 0.0006, `${steady.share}`);
  assert.ok(steady.relativeVariance < none.relativeVariance, 'a steady half hour narrows what is expected');
  const wild = noiseOf(long.map(({ events }, at) => ({ events, bad: at % 6 === 0 ? 150 : 2 })), 60_000, assumed);
  assert.ok(wild.relativeVariance > 2 * steady.relativeVariance, 'bursts widen it');
  assert.ok(driftMaxOf(wild, 2) > driftMaxOf(steady, 2));
  const rate = healthyRateOf(steady);
  assert.ok(Math.abs(rate.bad / (rate.bad + rate.good) - steady.share) < 1e-9);
});

test('a baseline that is not of the usual kind is believed, not the assumption', () => {
  const { share } = noiseOf(Array.from({ length: 30 }, () => ({ events: 12, bad: 1 })), 60_000, assumed);
  assert.ok(share > 0.07, `1 in 12 failed, ${share} is expected`);
});
