// The guard in a world that it cannot see: callers at once, lost settlements, prices that change, and a provider who
// bills hours late by when a call *began*. What was really spent never exceeds the budget, and most of it is used.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import { costGuard } from '../../src/governors/cost-guard.ts';
import type { CostPolicy } from '../../src/governors/cost-guard/policy.ts';
import type { CostAnswer, CostSignal, Reservation } from '../../src/governors/cost-guard/signals.ts';
import { hourMs, type CostState } from '../../src/governors/cost-guard/state.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';

const startMs = Date.UTC(2026, 10, 20);
const budget = 100_000_000;
const callers = 50;

interface Call {
  readonly reservation: Reservation;
  readonly beganMs: number;
  readonly endsMs: number;
  readonly units: number;
  readonly price: number;
}

interface World {
  readonly random: Random;
  readonly lostShare: number;
  policy: CostPolicy;
  state: CostState;
  nowMs: number;
  real: number;
  running: Call[];
  readonly billable: Map<number, number>;
  billedHour: number;
  refusedInRow: number;
}

const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());

test(`what is really spent stays within the budget, and nearly reaches it, seed ${seed}`, () => {
  for (let run = 0; run < 12; run += 1) {
    const random = seededRandom(seed + run);
    const world = begin(random, run % 3 === 0 ? 0.05 : 0);
    while (world.refusedInRow < 2_000) act(world);
    for (const call of world.running) end(world, call);
    assert.ok(world.real <= budget, `run ${run}: really spent ${world.real} of ${budget}`);
    // A lost call is charged for its maximum: that much may stay unused.
    assert.ok(world.real >= budget * (world.lostShare === 0 ? 0.95 : 0.75), `run ${run}: only ${world.real} of ${budget} used`);
  }
});

function begin(random: Random, lostShare: number): World {
  const policy: CostPolicy = {
    ...defaultPolicy(costGuard.policy), pricesMicroPerMillion: { token: 10_000_000 }, stages: [],
    budgets: { hourMicro: null, dayMicro: null, monthMicro: null, totalMicro: budget },
  };
  const { state } = costGuard.decide(policy, costGuard.initial(policy, startMs), { kind: 'tick' }, startMs);
  return { random, lostShare, policy, state, nowMs: startMs, real: 0, running: [], billable: new Map(), billedHour: Math.floor(startMs / hourMs), refusedInRow: 0 };
}

function tell(world: World, signal: CostSignal): CostAnswer {
  const decided = costGuard.decide(world.policy, world.state, signal, world.nowMs);
  world.state = decided.state;
  return decided.answer as CostAnswer;
}

function act(world: World): void {
  const { random } = world;
  world.nowMs += random.below(20_000);
  if (random.next() < 0.001) world.policy = { ...world.policy, pricesMicroPerMillion: { token: 5_000_000 + random.below(20_000_000) } };
  for (const call of world.running.filter(({ endsMs }) => endsMs <= world.nowMs)) end(world, call);
  world.running = world.running.filter(({ endsMs }) => endsMs > world.nowMs);
  bill(world);
  if (world.running.length < callers) start(world);
}

function start(world: World): void {
  const { random } = world;
  const most = 1_000 + random.below(9_000);
  const { reservation } = tell(world, { kind: 'reserve', most: { lines: [{ item: 'token', units: most }] } });
  world.refusedInRow = reservation ? 0 : world.refusedInRow + 1;
  if (!reservation) return;
  const units = Math.floor(most * (random.next() < 0.1 ? 1 : random.next()));
  const price = world.policy.pricesMicroPerMillion['token']!;
  world.running.push({ reservation, beganMs: world.nowMs, endsMs: world.nowMs + 500 + random.below(random.next() < 0.02 ? 900_000 : 300_000), units, price });
}

/** Money is gone whether anybody tells or not. */
function end(world: World, { reservation, beganMs, units, price }: Call): void {
  const micro = Math.ceil(units * price / 1_000_000);
  world.real += micro;
  const hour = Math.floor(beganMs / hourMs);
  world.billable.set(hour, (world.billable.get(hour) ?? 0) + micro);
  if (world.random.next() >= world.lostShare) tell(world, { kind: 'settle', reservation, actual: { lines: [{ item: 'token', units }] } });
}

/** Hour by hour, two to five hours late. */
function bill(world: World): void {
  const lagHours = 2 + world.random.below(4);
  while (Math.floor(world.nowMs / hourMs) - world.billedHour > lagHours) {
    const fromMs = world.billedHour * hourMs;
    tell(world, { kind: 'bill', fromMs, throughMs: fromMs + hourMs, micro: world.billable.get(world.billedHour) ?? 0 });
    world.billedHour += 1;
  }
}
