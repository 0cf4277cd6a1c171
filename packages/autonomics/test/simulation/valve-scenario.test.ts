// The backlog valve's promises, on seeds that nothing was tuned on: an hour of 140 → 400 → 140 requests/s on 200/s
// with a deadline of 500 ms, and loads that are worse.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom, type Random } from '@flyball/kernel';

import type { AdmissionControl, ControlState } from '../../src/control/admission-control.ts';
import { backlogValve } from '../../src/governors/backlog-valve.ts';
import type { ReceiptBody } from '../../src/governor/governor.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { exponential, logNormal } from '../../src/simulation/load/distributions.ts';
import { arrivals, highestRate, overloadOf, rateOf, type LoadShape } from '../../src/simulation/load/shapes.ts';
import { runQueue, workloadOf, type QueueOptions } from '../../src/simulation/queue-model.ts';
import type { QueueResult } from '../../src/simulation/queue-score.ts';
import { backlogValveControl } from '../../src/simulation/valve-control.ts';
import { generateValveLoad, VALVE_SCENARIO } from '../../src/simulation/valve-load.ts';

const policy = defaultPolicy(backlogValve.policy);
const seeds = [9_001, 9_002, 9_003];

interface Case extends Partial<QueueOptions> {
  readonly shape: LoadShape;
  readonly base: number;
  readonly peak: number;
  readonly seconds: number;
  readonly service?: (random: Random) => number;
  readonly shares?: readonly number[];
}

function run(seed: number, { shape, base, peak, seconds, service = (random) => exponential(random, 20), shares = [0.05, 0.15, 0.45, 0.2, 0.15], ...options }: Case, control: AdmissionControl<ControlState> = backlogValveControl(policy) as unknown as AdmissionControl<ControlState>): QueueResult {
  const durationMs = seconds * 1_000;
  const random = seededRandom(seed);
  const rate = rateOf({ shape, basePerSecond: base, peakPerSecond: peak, durationMs }, random);
  const workload = workloadOf(arrivals(rate, durationMs, random, highestRate(rate, durationMs)), { durationMs, service, shares, random });
  return runQueue(control, workload, { servers: 4, deadlineMs: 500, ...(shape === 'step' ? { overloadEndMs: overloadOf(durationMs).toMs } : {}), ...options });
}

for (const seed of seeds) {
  test(`an hour with twice the capacity for 24 minutes, seed ${seed}`, () => {
    const load = generateValveLoad(VALVE_SCENARIO, seed);
    const receipts: ReceiptBody[] = [];
    const result = runQueue(backlogValveControl(policy, { onReceipt: (receipt) => receipts.push(receipt) }), load.workload, { servers: VALVE_SCENARIO.workers, deadlineMs: 500, overloadEndMs: load.overload!.toMs });
    assert.ok(Math.abs(result.ideal / result.offered - 0.672) < 0.005, `ideal ${(100 * result.ideal) / result.offered} %`);
    assert.ok(result.goodputPctOfIdeal >= 99, `goodput ${result.goodputPctOfIdeal} % of ideal`);
    assert.ok(result.waitP99Ms <= 150, `p99 ${result.waitP99Ms} ms`);
    assert.ok(result.flipsPerHour <= 6, `${result.flips.length} transitions`);
    assert.ok(result.recoveryS <= 5, `recovery ${result.recoveryS} s`);
    assert.ok(result.shedShareMax <= 0.55, `${100 * result.shedShareMax} % shed in a second without refusing`);
    assert.ok(result.shedByPriority[0]! / result.offeredByPriority[0]! < 0.005, 'of the highest priority next to nothing');
    assert.equal(receipts.filter(({ kind }) => kind === 'transition').length, result.flips.length, 'one receipt a transition');
  });
}

test('five minutes of it fare as well as an hour', () => {
  const result = run(9_004, { shape: 'step', base: 140, peak: 400, seconds: 300 });
  assert.ok(result.goodputPctOfIdeal >= 99 && result.waitP99Ms <= 150 && result.recoveryS <= 5, JSON.stringify({ ...result, seconds: [] }));
});

const worse: readonly { name: string; load: Case; goodput: number; p99Ms: number }[] = [
  { name: 'five times the capacity', load: { shape: 'step', base: 140, peak: 1_000, seconds: 600 }, goodput: 99, p99Ms: 200 },
  { name: 'one and a half times', load: { shape: 'step', base: 140, peak: 300, seconds: 1_200 }, goodput: 99, p99Ms: 200 },
  { name: 'bursts of ten seconds', load: { shape: 'bursts', base: 100, peak: 600, seconds: 1_200 }, goodput: 98.5, p99Ms: 250 },
  { name: 'a flash crowd', load: { shape: 'flash-crowd', base: 140, peak: 1_500, seconds: 900 }, goodput: 98.5, p99Ms: 250 },
  { name: 'heavy-tailed service', load: { shape: 'step', base: 140, peak: 400, seconds: 900, servers: 8, service: (random) => logNormal(random, { median: 40 / Math.exp(1.125), sigma: 1.5 }) }, goodput: 95, p99Ms: 350 },
  { name: 'the highest priority alone', load: { shape: 'step', base: 140, peak: 400, seconds: 900, shares: [1, 0, 0, 0, 0] }, goodput: 99, p99Ms: 160 },
  { name: 'capacity that falls to two fifths', load: { shape: 'steady', base: 140, peak: 140, seconds: 900, speed: (atMs) => (atMs > 300_000 && atMs < 500_000 ? 0.4 : 1) }, goodput: 99, p99Ms: 200 },
  { name: 'a clock that leaps an hour on, two back', load: { shape: 'step', base: 140, peak: 400, seconds: 900, clock: (atMs) => atMs + (atMs > 200_000 ? 3_600_000 : 0) - (atMs > 500_000 ? 7_200_000 : 0) }, goodput: 99, p99Ms: 150 },
  { name: 'two of three samples lost', load: { shape: 'step', base: 140, peak: 400, seconds: 900, tickArrives: (atMs) => Math.floor(atMs / 1_000) % 3 === 0 }, goodput: 99, p99Ms: 150 },
];

for (const { name, load, goodput, p99Ms } of worse) {
  test(`${name}: ${goodput} % of the ideal, p99 ${p99Ms} ms at most`, () => {
    const result = run(9_005, load);
    assert.ok(result.goodputPctOfIdeal >= goodput, `${result.goodputPctOfIdeal} %`);
    assert.ok(result.waitP99Ms <= p99Ms, `p99 ${result.waitP99Ms} ms`);
    const shares = result.shedByPriority.map((shed, at) => shed / Math.max(1, result.offeredByPriority[at]!));
    for (let at = 1; at < 5; at += 1) if (result.offeredByPriority[at]! > 0) assert.ok(shares[at]! >= shares[at - 1]! - 0.01, `shed by priority: ${shares}`);
  });
}

test('without any control the same hour is lost: the scenario can fail', () => {
  const open: AdmissionControl<ControlState> = { name: 'open', initial: () => ({ passes: true, mode: 'stable' }), arrived: (state) => state, taken: (state) => state, finished: (state) => state, ticked: (state) => state };
  const result = run(9_006, { shape: 'step', base: 140, peak: 400, seconds: 300 }, open);
  assert.ok(result.goodputPctOfIdeal < 60, `${result.goodputPctOfIdeal} %`);
});
