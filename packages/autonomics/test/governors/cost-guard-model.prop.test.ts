// The cost guard's books against a model that keeps every reservation: sums and ids in 4,096 bytes must come to the
// same, whatever order callers settle in, late, twice or never.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import { costGuard } from '../../src/governors/cost-guard.ts';
import type { CostPolicy } from '../../src/governors/cost-guard/policy.ts';
import type { CostAnswer, CostSignal, Reservation } from '../../src/governors/cost-guard/signals.ts';
import type { CostState } from '../../src/governors/cost-guard/state.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';

const startMs = Date.UTC(2026, 10, 20, 12);
const budget = 50_000_000;
const policy: CostPolicy = {
  ...defaultPolicy(costGuard.policy),
  budgets: { hourMicro: null, dayMicro: null, monthMicro: null, totalMicro: budget },
  reservationMaxPct: 5, reservationTtlMs: 60_000, lateSettlementMs: 120_000, stages: [],
};

interface Model {
  readonly random: Random;
  state: CostState;
  nowMs: number;
  spent: number;
  /** Not settled, not expired. */
  readonly live: Map<number, Reservation>;
  /** Charged in full at their expiry. */
  readonly expired: Map<number, Reservation>;
  readonly done: Reservation[];
  admitted: number;
  late: number;
}

const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());

test(`the books equal a model that keeps every reservation, seed ${seed}`, () => {
  let admitted = 0;
  let late = 0;
  for (let run = 0; run < 20; run += 1) {
    const model = begin(seededRandom(seed + run));
    for (let step = 0; step < 2_000; step += 1) act(model);
    admitted += model.admitted;
    late += model.late;
  }
  assert.ok(admitted > 2_000 && late > 50, `too tame: ${admitted} admitted, ${late} late`);
});

function begin(random: Random): Model {
  const booted = costGuard.decide(policy, costGuard.initial(policy, startMs), { kind: 'tick' }, startMs);
  return { random, state: booted.state, nowMs: startMs, spent: 0, live: new Map(), expired: new Map(), done: [], admitted: 0, late: 0 };
}

function act(model: Model): void {
  const { random, live, expired, done } = model;
  model.nowMs += random.below(random.next() < 0.02 ? 100_000 : 300);
  for (const [id, reservation] of live) {
    if (model.nowMs < reservation.expiresAtMs) continue;
    live.delete(id);
    expired.set(id, reservation);
    model.spent += reservation.micro;
  }
  const roll = random.next();
  if (roll < 0.5) reserve(model);
  else if (roll < 0.9 && live.size > 0) settle(model, random.pick([...live.values()]));
  else if (roll < 0.95 && expired.size > 0) settleLate(model, random.pick([...expired.values()]));
  else if (done.length > 0) settleAgain(model, random.pick(done));
  const { spent, reserved } = model.state;
  assert.equal(spent[3], model.spent);
  assert.equal(reserved, [...live.values()].reduce((sum, { micro }) => sum + micro, 0));
  assert.ok(spent[3]! + reserved <= budget);
}

function decide(model: Model, signal: CostSignal): CostAnswer {
  const decided = costGuard.decide(policy, model.state, signal, model.nowMs);
  model.state = decided.state;
  return decided.answer as CostAnswer;
}

function reserve(model: Model): void {
  const micro = model.random.below(200_000);
  const reserved = [...model.live.values()].reduce((sum, one) => sum + one.micro, 0);
  const { reservation, code } = decide(model, { kind: 'reserve', most: { micro } });
  if (!reservation) return assert.ok(model.spent + reserved + micro > budget || ['half_open', 'reservations_full'].includes(code), code);
  model.live.set(reservation.id, reservation);
  model.admitted += 1;
}

function settle(model: Model, reservation: Reservation): void {
  const micro = Math.floor(reservation.micro * model.random.next());
  assert.equal(decide(model, { kind: 'settle', reservation, actual: { micro } }).code, 'settled');
  model.live.delete(reservation.id);
  model.done.push(reservation);
  model.spent += micro;
}

function settleLate(model: Model, reservation: Reservation): void {
  const micro = Math.floor(reservation.micro * model.random.next());
  const { code } = decide(model, { kind: 'settle', reservation, actual: { micro } });
  model.expired.delete(reservation.id);
  model.done.push(reservation);
  if (code === 'settled_already') return assert.ok(model.nowMs >= reservation.expiresAtMs + policy.lateSettlementMs, 'given up too early');
  assert.equal(code, 'settled_late');
  model.late += 1;
  model.spent -= reservation.micro - micro;
}

function settleAgain(model: Model, reservation: Reservation): void {
  assert.equal(decide(model, { kind: 'settle', reservation, actual: { micro: reservation.micro } }).code, 'settled_already');
}
