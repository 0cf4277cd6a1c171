// The queue model against what queueing theory says, and the counting against runs done by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seededRandom } from '@flyball/kernel';

import type { AdmissionControl, ControlState } from '../../src/control/admission-control.ts';
import { arrivals } from '../../src/simulation/load/shapes.ts';
import { exponential } from '../../src/simulation/load/distributions.ts';
import { runQueue, workloadOf, type Workload } from '../../src/simulation/queue-model.ts';

const open: AdmissionControl = controlled('open', () => true);

function controlled(name: string, passes: (index: number) => boolean, mode = (_index: number) => 'stable'): AdmissionControl<ControlState & { index: number }> {
  return {
    name,
    initial: () => ({ passes: true, mode: mode(-1), index: -1 }),
    arrived: ({ index }) => ({ passes: passes(index + 1), mode: mode(index + 1), index: index + 1 }),
    taken: (state) => ({ ...state, passes: true }),
    finished: (state) => state,
    ticked: (state) => state,
  };
}

function byHand(arrivalsMs: number[], serviceMs: number): Workload {
  return { arrivalsMs: Float64Array.from(arrivalsMs), serviceMs: Float64Array.from(arrivalsMs, () => serviceMs), priorities: new Uint8Array(arrivalsMs.length), durationMs: 3_000 };
}

/** Mean wait of M/M/c: Erlang's C formula. */
function erlangWaitMs(perSecond: number, meanMs: number, servers: number): number {
  const load = (perSecond * meanMs) / 1_000;
  let blocked = 1;
  for (let server = 1; server <= servers; server += 1) blocked = (load * blocked) / (server + load * blocked);
  const waits = blocked / (1 - (load / servers) * (1 - blocked));
  return (waits * meanMs) / (servers - load);
}

for (const [perSecond, meanMs, servers] of [[140, 5, 1], [140, 20, 4], [180, 20, 4]] as const) {
  test(`${perSecond} requests/s of ${meanMs} ms on ${servers} servers wait as long as Erlang says`, () => {
    const random = seededRandom(4_711);
    const durationMs = 4_000_000;
    const workload = workloadOf(arrivals(() => perSecond, durationMs, random, perSecond), { durationMs, service: (one) => exponential(one, meanMs), shares: [1, 1, 1, 1, 1], random });
    const waits: number[] = [];
    const seen: AdmissionControl = { ...open, taken: (state, _queue, waitedMs) => (waits.push(waitedMs), { ...state, passes: true }) };
    const result = runQueue(seen, workload, { servers, deadlineMs: 500 });
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    const expected = erlangWaitMs(perSecond, meanMs, servers);
    assert.ok(Math.abs(mean / expected - 1) < 0.08, `${mean} ms instead of ${expected} ms`);
    assert.equal(result.served, result.offered);
    for (const offered of result.offeredByPriority) assert.ok(Math.abs(offered / result.offered - 0.2) < 0.01);
  });
}

test('each request is served once, in order, and an answer at the deadline still counts', () => {
  const result = runQueue(open, byHand([0, 0, 0, 0, 0], 100), { servers: 1, deadlineMs: 300 });
  assert.deepEqual([result.served, result.good, result.ideal, result.waitMaxMs], [5, 3, 3, 400]);
  const two = runQueue(open, byHand([0, 0, 0, 0, 0], 100), { servers: 2, deadlineMs: 300 });
  assert.deepEqual([two.good, two.ideal, two.waitMaxMs], [5, 5, 200]);
});

test('flips, shedding and recovery are counted as they are', () => {
  const times = Array.from({ length: 30 }, (_, index) => index * 100);
  const odd = controlled('odd', (index) => index % 2 === 0 || index >= 20, (index) => (index >= 10 && index < 20 ? 'refusing' : 'stable'));
  const result = runQueue(odd, byHand(times, 1), { servers: 1, deadlineMs: 10, overloadEndMs: 1_000 });
  assert.equal(result.shed, 10);
  assert.deepEqual(result.shedByPriority, [10, 0, 0, 0, 0]);
  assert.equal(result.good, 20);
  assert.equal(result.recoveryS, 0.9);
  assert.deepEqual(result.flips.map(({ atMs, to }) => [atMs, to]), [[1_000, 'refusing'], [2_000, 'stable']]);
});

test('what a control drops at the server is shed, unless its deadline has passed', () => {
  const late: AdmissionControl = { ...open, taken: (state, _queue, waitedMs) => ({ ...state, passes: waitedMs < 150 }) };
  const result = runQueue(late, byHand([0, 0, 0, 0], 100), { servers: 1, deadlineMs: 1_000 });
  assert.deepEqual([result.served, result.shed], [2, 2]);
  const passed = runQueue(late, byHand([0, 0, 0, 0], 100), { servers: 1, deadlineMs: 150 });
  assert.deepEqual([passed.served, passed.shed, passed.good], [2, 0, 1]);
});
