import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@flyball/kernel';
import { autoregressive, exponential, normal, poisson } from '../../src/simulation/load/distributions.ts';
import { LLM_LOAD, llmCall } from '../../src/simulation/load/llm-load.ts';
import { arrivals, highestRate, LOAD_SHAPES, overloadOf, rateOf, type LoadShape } from '../../src/simulation/load/shapes.ts';

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const near = (value: number, expected: number, share: number): void => assert.ok(Math.abs(value - expected) <= share * expected, `${value} is not within ${100 * share} % of ${expected}`);

test('Poisson counts have the mean they were asked for as mean and variance, small, usual and large', () => {
  for (const expected of [0.02, 0.7, 20, 480, 1_300]) {
    const random = seededRandom(11);
    const counts = draws(20_000, () => poisson(random, expected));
    const average = mean(counts);
    assert.ok(Math.abs(average - expected) < 4 * Math.sqrt(expected / counts.length), `${average} instead of ${expected}`);
    near(mean(counts.map((count) => (count - average) ** 2)), expected, 0.15);
  }
  assert.equal(poisson(seededRandom(1), 0), 0);
  assert.equal(poisson(seededRandom(1), NaN), 0);
});

test('gaps are exponential, deviations normal', () => {
  const random = seededRandom(12);
  const gaps = draws(40_000, () => exponential(random, 5));
  near(mean(gaps), 5, 0.03);
  near(gaps.filter((gap) => gap > 5).length / gaps.length, Math.exp(-1), 0.03);
  const deviates = draws(40_000, () => normal(random));
  near(mean(deviates.map((value) => value * value)), 1, 0.03);
  near(deviates.filter((value) => value > 1.96).length / deviates.length, 0.025, 0.15);
});

test('autocorrelated noise has its deviation, and is forgotten to 1/e in its memory', () => {
  const values = autoregressive(seededRandom(13), { sigma: 0.4, memoryMs: 300_000 }, 10_000, 200_000);
  near(Math.sqrt(mean(values.map((value) => value * value))), 0.4, 0.05);
  const lag = 30;
  const products = values.subarray(0, values.length - lag).map((value, at) => value * values[at + lag]!);
  near(mean(products) / 0.16, Math.exp(-1), 0.1);
});

test('each shape is what its description says', () => {
  const at = (shape: LoadShape, ...times: number[]): number[] => {
    const rate = rateOf({ shape, basePerSecond: 100, peakPerSecond: 300, durationMs: 600_000 }, seededRandom(1));
    return times.map((time) => Math.round(rate(time)));
  };
  assert.deepEqual(at('steady', 0, 300_000), [100, 100]);
  assert.deepEqual(at('step', 0, 179_999, 180_000, 419_999, 420_000), [100, 100, 300, 300, 100]);
  assert.deepEqual(at('bursts', 0, 109_999, 110_000, 119_999, 120_000), [100, 100, 300, 300, 100]);
  assert.deepEqual(at('flash-crowd', 199_999, 205_000, 210_000, 330_000, 450_000), [100, 200, 300, 200, 150]);
  const day = at('diurnal', ...Array.from({ length: 97 }, (_, quarter) => quarter * 900_000));
  assert.deepEqual([Math.min(...day), Math.max(...day), day[0] === day[96]], [50, 150, true]);
  assert.deepEqual(overloadOf(3_600_000), { fromMs: 1_080_000, toMs: 2_520_000 });
});

test('a flash crowd comes, doubles the load within ten seconds, and halves every two minutes; noise keeps the mean', () => {
  const noise = rateOf({ shape: 'noise', basePerSecond: 100, peakPerSecond: 0, durationMs: 200_000_000 }, seededRandom(3));
  near(mean(draws(200_000, () => 0).map((_, at) => noise(at * 1_000))), 100, 0.05);
});

test('arrivals follow the rate of every shape, in order and within the run', () => {
  for (const shape of Object.keys(LOAD_SHAPES) as LoadShape[]) {
    const random = seededRandom(5);
    const durationMs = 600_000;
    const rate = rateOf({ shape, basePerSecond: 40, peakPerSecond: 120, durationMs }, random);
    const times = arrivals(rate, durationMs, random, highestRate(rate, durationMs));
    const expected = mean(draws(6_000, () => 0).map((_, at) => rate(at * 100))) * 600;
    near(times.length, expected, 0.03);
    assert.ok(times.every((time, at) => time >= 0 && time < durationMs && (at === 0 || time >= times[at - 1]!)), shape);
  }
});

test('a call lasts 0.5 s and 20 ms a token, costs at most what was allowed, and few calls cost most', () => {
  const random = seededRandom(6);
  const calls = Array.from({ length: 20_000 }, () => llmCall(random, 1_000, 0));
  for (const { atMs, endMs, costMicros, costMaxMicros } of calls) {
    const tokens = (endMs - atMs - 500) / 20;
    assert.ok(Number.isInteger(tokens) && tokens >= 1 && tokens <= LLM_LOAD.outputTokensMax.at(-1)!);
    assert.ok(Number.isSafeInteger(costMicros) && costMicros > 0 && costMicros <= costMaxMicros);
  }
  const costs = calls.map(({ costMicros }) => costMicros).sort((a, b) => b - a);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const dearest = costs.slice(0, costs.length / 10).reduce((sum, cost) => sum + cost, 0);
  assert.ok(dearest / total > 0.3, `the dearest tenth is ${(100 * dearest) / total} % of the cost`);
});
