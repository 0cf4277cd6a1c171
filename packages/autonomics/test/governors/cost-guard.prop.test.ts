// The cost guard under any interleaving of reservations, settlements, expiries, bills and price changes.
import assert from 'node:assert/strict';

import type { Random } from '@flyball/kernel';

import { costGuard } from '../../src/governors/cost-guard.ts';
import type { CostPolicy } from '../../src/governors/cost-guard/policy.ts';
import type { Cost, CostAnswer, CostSignal, Reservation } from '../../src/governors/cost-guard/signals.ts';
import { budgetOf, hourMs, type CostState } from '../../src/governors/cost-guard/state.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { governorProperties, type Signals } from '../governor-properties.ts';

governorProperties<CostPolicy, CostState, CostSignal>({
  governor: costGuard,
  policy: randomPolicy,
  signals: (policy, random) => randomSignals(policy, random),
  check: withinBudgets,
  requests: ['reserve'],
  calmStepMs: 600_000,
  calmSteps: 10_000,
});

function randomPolicy(random: Random): CostPolicy {
  const some = (most: number) => (random.next() < 0.5 ? null : 1 + random.below(most));
  return {
    ...defaultPolicy(costGuard.policy),
    budgets: { hourMicro: some(10_000_000), dayMicro: 1 + random.below(100_000_000), monthMicro: some(1_000_000_000), totalMicro: null },
    pricesMicroPerMillion: { small: 150_000, large: 15_000_000, broken: 1_000_000_000_000_000 },
    exchangeRatesPpm: { EUR: 1_080_000 },
    reservationMaxPct: random.pick([1, 25, 100]),
    reservationTtlMs: random.pick([1_000, 60_000, 600_000]),
    lateSettlementMs: random.pick([0, 60_000, hourMs]),
    tripRefusals: random.pick([1, 5, 100]),
    warnPersistMs: random.pick([0, 3_000]),
    utcOffsetMinutes: random.pick([0, -480, 330]),
  };
}

/** Callers that settle in any order, late, twice, for too much, with forged reservations, or never. */
function randomSignals(policy: CostPolicy, random: Random): Signals<CostState, CostSignal> {
  const held: Reservation[] = [];
  const day = policy.budgets.dayMicro!;
  const cost = (): Cost => {
    if (random.next() < 0.6) return random.next() < 0.9 ? { micro: random.below(day / 5) } : { micro: random.below(1_000), currency: random.pick(['EUR', 'XTS', 'USD']) };
    const item = random.pick(['small', 'large', 'broken', 'unknown', 'constructor', 'large']);
    return { lines: [{ item, units: random.pick([1, 1_000, 100_000, -1, 0.5]) }, { item: 'small', units: random.below(10_000) }] };
  };
  const settlement = (): CostSignal => {
    const reservation = random.pick(held);
    if (random.next() < 0.7) held.splice(held.indexOf(reservation), 1);
    const given = random.next() < 0.03 ? { ...reservation, micro: random.below(day), id: random.below(100) } : reservation;
    const share = random.next() < 0.95 ? random.next() : 1 + random.next() * 20;
    return { kind: 'settle', reservation: given, actual: random.next() < 0.9 ? { micro: Math.floor(given.micro * share) } : cost() };
  };
  const bill = (nowMs: number): CostSignal => {
    const throughMs = (Math.floor(nowMs / hourMs) - random.below(4)) * hourMs;
    return { kind: 'bill', fromMs: throughMs - random.below(30) * hourMs, throughMs, micro: random.below(day) };
  };
  return {
    any: (_state, nowMs) => {
      const roll = random.next();
      if (roll < 0.02) return bill(nowMs);
      if (roll < 0.06) return { kind: 'billing_spike', microPerHour: random.below(100_000_000) };
      return roll < 0.5 && held.length > 0 ? settlement() : { kind: 'reserve', most: cost() };
    },
    calm: () => ({ kind: 'billing_spike', microPerHour: 0 }),
    heard: (_signal, answer) => {
      const { reservation } = answer as Partial<CostAnswer>;
      if (reservation) held.push(reservation);
    },
  };
}

function withinBudgets(policy: CostPolicy, state: CostState): void {
  const { spent, reserved, buckets, debt } = state;
  for (let period = 0; period < 4; period += 1) {
    const budget = budgetOf(policy, period);
    if (budget !== null) assert.ok(spent[period]! + reserved <= budget, `${spent[period]} spent + ${reserved} reserved > ${budget}`);
  }
  assert.equal(reserved, buckets.reduce((sum, { micro }) => sum + micro, 0));
  for (const amount of [...spent, reserved, debt, ...state.hours, ...state.windows]) assert.ok(Number.isSafeInteger(amount) && amount >= 0, `${amount}`);
}
