// The SRE Workbook, chapter 5 (https://sre.google/workbook/alerting-on-slos/), number by number.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { budgetSpent, burnRateFor, burnRateOf, detectionMs, errorShareAt, exhaustionMs, resetMs, workbookRules, type Objective } from '../../src/statistics/burn-rate.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const threeNines: Objective = { slo: 0.999, periodMs: 30 * day };

function near(actual: number | null, expected: number, tolerance = 0.005): void {
  assert.ok(actual !== null && Math.abs(actual / expected - 1) <= tolerance, `${actual} is not ${expected}`);
}

test('table 5-1: ten minutes at the objective itself', () => {
  near(detectionMs(threeNines, 1, { windowMs: 10 * minute, burnRate: 1 }), 600, 1e-9);
  near(budgetSpent(threeNines, { windowMs: 10 * minute, burnRate: 1 }), 0.0002, 0.2);
  assert.equal(day / (10 * minute), 144);
});

test('table 5-2: 5 % of the budget is a 36-hour window, found after 2 min 10 s', () => {
  near(budgetSpent(threeNines, { windowMs: 36 * hour, burnRate: 1 }), 0.05, 1e-9);
  near(detectionMs(threeNines, 1, { windowMs: 36 * hour, burnRate: 1 }), 130_000);
  near(resetMs(threeNines, { errorShare: 1, lastedMs: 2 * minute + 10_000, windowMs: 36 * hour, burnRate: 1 }), 36 * hour);
});

test('table 5-3 and figure 5-3: an hour of outage costs 140 % of the budget, a spike of five minutes 12 %', () => {
  near(budgetSpent(threeNines, { windowMs: hour, burnRate: burnRateOf(threeNines, 1) }), 1.4, 0.01);
  near(budgetSpent(threeNines, { windowMs: 5 * minute, burnRate: burnRateOf(threeNines, 1) }), 0.12, 0.04);
  near(3 * budgetSpent(threeNines, { windowMs: 5 * minute, burnRate: burnRateOf(threeNines, 1) }), 0.35, 0.01);
});

test('table 5-4: burn rates and time to exhaustion', () => {
  const rows = [[1, 0.001, 30 * day], [2, 0.002, 15 * day], [10, 0.01, 3 * day], [1_000, 1, 43 * minute]] as const;
  for (const [burnRate, errorShare, exhaustion] of rows) {
    near(errorShareAt(threeNines, burnRate), errorShare, 1e-9);
    near(burnRateOf(threeNines, errorShare), burnRate, 1e-9);
    near(exhaustionMs(threeNines, burnRate), exhaustion);
  }
});

test('table 5-5: 5 % in an hour is a burn rate of 36; it resets after 58 minutes and never sees 35', () => {
  near(burnRateFor(threeNines, { windowMs: hour, budgetShare: 0.05 }), 36, 1e-9);
  near(resetMs(threeNines, { errorShare: 1, lastedMs: 10 * minute, windowMs: hour, burnRate: 36 }), 58 * minute);
  assert.equal(detectionMs(threeNines, errorShareAt(threeNines, 35), { windowMs: hour, burnRate: 36 }), null);
  near(exhaustionMs(threeNines, 35), 20.5 * hour);
});

test('table 5-6: budget, window and burn rate', () => {
  const rows = [[0.02, hour, 14.4], [0.05, 6 * hour, 6], [0.1, 3 * day, 1]] as const;
  for (const [budgetShare, windowMs, burnRate] of rows) {
    near(burnRateFor(threeNines, { windowMs, budgetShare }), burnRate, 1e-9);
    near(budgetSpent(threeNines, { windowMs, burnRate }), budgetShare, 1e-9);
  }
});

test('table 5-8 and the listing above it: the rules', () => {
  const rows = workbookRules.map(({ severity, longWindowMs, shortWindowMs, burnRate }) =>
    [severity, longWindowMs / hour, shortWindowMs / minute, burnRate, Number(budgetSpent(threeNines, { windowMs: longWindowMs, burnRate }).toFixed(6))]);
  assert.deepEqual(rows, [['page', 1, 5, 14.4, 0.02], ['page', 6, 30, 6, 0.05], ['ticket', 24, 120, 3, 0.1], ['ticket', 72, 360, 1, 0.1]]);
  for (const { longWindowMs, shortWindowMs } of workbookRules) assert.equal(longWindowMs / shortWindowMs, 12);
});

test('figure 5-6: 15 % errors for ten minutes fire after 5 minutes, and stop 5 minutes (alone: an hour) after their end', () => {
  // 14.4 × 0.1 % of an hour is 0.864 minutes of outage; at 15 % it takes 5.8 minutes, which the figure reads as 5.
  near(detectionMs(threeNines, 0.15, { windowMs: hour, burnRate: 14.4 }), 5.76 * minute, 1e-9);
  const short = resetMs(threeNines, { errorShare: 0.15, lastedMs: 10 * minute, windowMs: 5 * minute, burnRate: 14.4 });
  assert.ok(short <= 5 * minute, `${short}`);
  assert.ok(resetMs(threeNines, { errorShare: 0.15, lastedMs: 10 * minute, windowMs: hour, burnRate: 14.4 }) > 50 * minute);
});

test('low traffic: one failure of ten requests an hour is a burn rate of 100 and 13.9 % of the budget', () => {
  // The chapter says 1,000x; 10 % ÷ 0.1 % is 100, and its 13.9 % (1 of 7.2 failures a month) agrees with that.
  near(burnRateOf(threeNines, 0.1), 100, 1e-9);
  near(budgetSpent(threeNines, { windowMs: hour, burnRate: 100 }), 0.139);
  assert.equal(Math.floor(10 * 24 * 30 * (1 - threeNines.slo) + 1e-9), 7);
});

test('extreme objectives: 90 % can never page at 2 % an hour, 99.999 % is gone in 26 seconds', () => {
  const ninety: Objective = { slo: 0.9, periodMs: 30 * day };
  near(budgetSpent(ninety, { windowMs: hour, burnRate: burnRateOf(ninety, 1) }), 0.014, 0.01);
  assert.equal(detectionMs(ninety, 1, { windowMs: hour, burnRate: 14.4 }), null);
  const fiveNines: Objective = { slo: 0.999_99, periodMs: 30 * day };
  near(exhaustionMs(fiveNines, burnRateOf(fiveNines, 1)), 26_000);
  near(exhaustionMs(fiveNines, burnRateOf(fiveNines, 0.01)), 43 * minute);
});
