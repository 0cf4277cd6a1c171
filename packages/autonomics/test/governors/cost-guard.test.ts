import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CommonSignal } from '../../src/governor/governor.ts';
import { costGuard } from '../../src/governors/cost-guard.ts';
import { moneyText } from '../../src/governors/cost-guard/money.ts';
import type { CostPolicy } from '../../src/governors/cost-guard/policy.ts';
import { openBytesMax } from '../../src/governors/cost-guard/reservations.ts';
import { readCostSignal, type Cost, type CostAnswer, type CostSignal, type Reservation } from '../../src/governors/cost-guard/signals.ts';
import type { CostState } from '../../src/governors/cost-guard/state.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';

const noon = Date.UTC(2026, 10, 20, 12);
const usd = 1_000_000;
const minute = 60_000;
const hour = 60 * minute;

/** A guard that has had its first tick, and a clock. */
function guard(given: Partial<CostPolicy> = {}) {
  const made = {
    policy: { ...defaultPolicy(costGuard.policy), stages: [], projectionAfterPct: 100, reservationMaxPct: 100, ...given } as CostPolicy,
    nowMs: noon,
    state: undefined as unknown as CostState,
    tell(signal: CostSignal | CommonSignal) {
      const decided = costGuard.decide(made.policy, made.state, signal, made.nowMs);
      made.state = decided.state;
      return decided;
    },
    ask: (most: Cost) => made.tell({ kind: 'reserve', most }).answer as CostAnswer,
    reserve(micro: number): Reservation {
      const { reservation, reason } = made.ask({ micro });
      assert.ok(reservation, reason);
      return reservation;
    },
    settle: (reservation: Reservation, micro: number) => made.tell({ kind: 'settle', reservation, actual: { micro } }).answer,
  };
  made.state = costGuard.initial(made.policy, noon);
  made.tell({ kind: 'tick' });
  return made;
}

const daily = (dayMicro: number) => ({ budgets: { hourMicro: null, dayMicro, monthMicro: null, totalMicro: null } });
const hourly = (hourMicro: number) => ({ budgets: { hourMicro, dayMicro: null, monthMicro: null, totalMicro: null } });

test('the seed: a billing spike of 100 USD an hour answers {warn, billing_spike} with one receipt', () => {
  const reading = readCostSignal('billing_spike', { usd_per_hour: 100 });
  assert.ok(reading.ok);
  const { answer, receipts } = guard().tell(reading.signal);
  assert.equal(answer.decision, 'warn');
  assert.equal(answer.code, 'billing_spike');
  assert.deepEqual(receipts.map(({ kind, reason }) => [kind, reason]), [['transition', '100 USD an hour reported; threshold 50 USD an hour']]);
});

test('a spike that persists throttles once; what else happens meanwhile is postponed; success leads back to stable', () => {
  const made = guard();
  made.tell({ kind: 'billing_spike', microPerHour: 60 * usd });
  made.nowMs += 3_000;
  const acted = made.tell({ kind: 'tick' });
  assert.deepEqual(acted.actions.map(({ id, kind }) => [id, kind]), [[1, 'throttle']]);
  assert.deepEqual(acted.receipts.map(({ kind }) => kind), ['transition', 'action']);
  assert.equal(made.tell({ kind: 'billing_spike', microPerHour: 70 * usd }).answer.decision, 'postponed');
  assert.equal(made.state.spike?.microPerHour, 70 * usd, 'postponed is not forgotten');
  assert.deepEqual(made.tell({ kind: 'action_result', actionId: 1, outcome: 'succeeded' }).receipts.map(({ kind }) => kind), ['action_result']);
  made.nowMs += made.policy.interventionDwellMs;
  assert.equal(made.tell({ kind: 'tick' }).state.machine.name, 'stable');
});

test('fifty callers at once never get more than the budget, and nothing of it is lost to them', () => {
  const made = guard({ ...daily(10 * usd), tripRefusals: 1_000 });
  const answers = Array.from({ length: 50 }, () => made.ask({ micro: usd }));
  const held = answers.flatMap(({ reservation }) => (reservation ? [reservation] : []));
  assert.equal(held.length, 10);
  assert.equal(answers[10]!.code, 'reserved_day', 'only others are in the way: it may fit later');
  assert.equal(answers[10]!.reason, '1 USD do not fit the day budget: 0 USD spent + 10 USD reserved + 1 USD > 10 USD');
  for (const one of held) made.settle(one, usd / 2);
  assert.equal(Array.from({ length: 50 }, () => made.ask({ micro: usd })).filter(({ reservation }) => reservation).length, 5);
  assert.equal(made.state.spent[1]! + made.state.reserved, 10 * usd);
});

test('a lost settlement is charged in full; a late one corrects it; a second one changes nothing', () => {
  const made = guard();
  const lost = made.reserve(10 * usd);
  made.nowMs = lost.expiresAtMs;
  made.tell({ kind: 'tick' });
  assert.deepEqual([made.state.spent[1], made.state.reserved], [10 * usd, 0]);
  assert.equal(made.settle(lost, 4 * usd).code, 'settled_late');
  assert.equal(made.state.spent[1], 4 * usd);
  assert.equal(made.state.hours[0], 4 * usd, 'the bill will say so too');
  assert.equal(made.settle(lost, usd).code, 'settled_already');
  const tooLate = made.reserve(10 * usd);
  made.nowMs = tooLate.expiresAtMs + made.policy.lateSettlementMs;
  assert.equal(made.settle(tooLate, 0).code, 'settled_already');
  assert.equal(made.state.spent[1], 14 * usd);
});

test('more than was reserved is booked as far as it fits; the rest is owed, refuses all, and is paid by the next period', () => {
  const made = guard(hourly(10 * usd));
  const one = made.reserve(8 * usd);
  made.settle(one, 15 * usd);
  assert.deepEqual([made.state.spent[0], made.state.debt], [10 * usd, 5 * usd]);
  assert.equal(made.state.machine.name, 'refusing');
  assert.equal(made.ask({ micro: 1 }).code, 'overrun');
  made.nowMs = noon + hour;
  made.tell({ kind: 'tick' });
  assert.deepEqual([made.state.spent[0], made.state.debt], [5 * usd, 0]);
});

test('spent to the last, it refuses; the next hour lets probes through, and stable follows the dwell', () => {
  const made = guard({ ...hourly(10 * usd), probesMax: 2 });
  made.settle(made.reserve(10 * usd), 10 * usd);
  assert.equal(made.state.machine.name, 'refusing');
  const refused = made.ask({ micro: 1 });
  assert.deepEqual([refused.code, refused.retryAtMs], ['budget_hour', noon + hour]);
  made.nowMs = noon + hour;
  const probe = made.reserve(usd);
  made.reserve(usd);
  assert.equal(made.ask({ micro: usd }).code, 'half_open');
  made.settle(probe, usd);
  made.reserve(usd);
  made.nowMs += made.policy.recoveryDwellMs;
  assert.equal(made.tell({ kind: 'tick' }).state.machine.name, 'stable');
  for (let index = 0; index < 5; index += 1) made.reserve(usd / 2);
});

test('nothing fits what is left: after so many refusals in a row the guard refuses, before that it does not', () => {
  const made = guard({ ...daily(10 * usd), tripRefusals: 3 });
  made.settle(made.reserve(9 * usd), 9 * usd);
  for (const name of ['stable', 'stable', 'refusing']) {
    made.ask({ micro: 2 * usd });
    assert.equal(made.state.machine.name, name);
  }
});

test('a price changes: the settlement is priced as its admission was, the next admission as now', () => {
  const made = guard({ pricesMicroPerMillion: { gpt: 10 * usd } });
  const { reservation } = made.ask({ lines: [{ item: 'gpt', units: 1_000_000 }] });
  made.policy = { ...made.policy, pricesMicroPerMillion: { gpt: 20 * usd } };
  made.tell({ kind: 'settle', reservation: reservation!, actual: { lines: [{ item: 'gpt', units: 500_000 }] } });
  assert.equal(made.state.spent[1], 5 * usd);
  assert.equal(made.ask({ lines: [{ item: 'gpt', units: 1_000_000 }] }).reservation?.micro, 20 * usd);
});

test('one unknown price, one absurd price, one unknown currency: refused, and nobody else is', () => {
  const made = guard({ pricesMicroPerMillion: { good: usd, absurd: 900_000_000_000_000 }, exchangeRatesPpm: { EUR: 1_080_000 }, reservationMaxPct: 25 });
  const code = (most: Cost) => made.ask(most).code;
  assert.equal(code({ lines: [{ item: 'new', units: 1 }] }), 'unknown_price');
  assert.equal(code({ lines: [{ item: 'toString', units: 1 }] }), 'unknown_price');
  assert.equal(code({ lines: [{ item: 'absurd', units: 1_000_000 }] }), 'too_large');
  assert.equal(code({ micro: 1, currency: 'XTS' }), 'unknown_currency');
  assert.equal(code({ micro: -1 }), 'invalid_request');
  assert.equal(code({ lines: [{ item: 'good', units: 1_000_000 }] }), 'reserved');
  assert.equal(made.ask({ micro: 10 * usd, currency: 'EUR' }).reservation?.micro, 10.8 * usd);
  assert.equal(made.state.machine.name, 'stable');
});

test('money is written as people write it', () => {
  const texts = [0, 1_000_000, 1_250_000, 1_050_000, 1_200_000, 1, 1_234_567, 999_999].map((micro) => moneyText(micro, 'USD'));
  assert.deepEqual(texts, ['0 USD', '1 USD', '1.25 USD', '1.05 USD', '1.20 USD', '0.000001 USD', '1.234567 USD', '0.999999 USD']);
});

test('every rounding is up: a third of a micro-unit costs one', () => {
  const made = guard({ pricesMicroPerMillion: { drop: 1 } });
  assert.equal(made.ask({ lines: [{ item: 'drop', units: 1 }] }).reservation?.micro, 1);
});

test('a late bill corrects the meter once, and the prices learn half of the difference', () => {
  const made = guard();
  made.settle(made.reserve(10 * usd), 10 * usd);
  made.nowMs = noon + 2 * hour;
  const bill = { kind: 'bill', fromMs: noon, throughMs: noon + hour, micro: 12 * usd } as const;
  made.tell(bill);
  assert.equal(made.state.spent[1], 12 * usd);
  assert.equal(made.reserve(usd).micro, 1.1 * usd);
  made.tell(bill);
  assert.equal(made.state.spent[1], 12 * usd);
  made.tell({ ...bill, micro: 9 * usd });
  assert.equal(made.state.spent[1], 10 * usd, 'takes back what bills had added, and no more');
  made.tell(bill);
  assert.equal(made.state.spent[1], 12 * usd, 'a corrected bill corrects again');
  const trusting = guard({ billCredits: true });
  trusting.settle(trusting.reserve(10 * usd), 10 * usd);
  trusting.nowMs = noon + 2 * hour;
  trusting.tell({ ...bill, micro: 9 * usd });
  trusting.tell({ ...bill, micro: 9 * usd });
  assert.equal(trusting.state.spent[1], 9 * usd, 'where bills are trusted with it');
});

test('a bill that is low because its last call is in the next one gives no room away', () => {
  const made = guard(daily(20 * usd));
  made.settle(made.reserve(15 * usd), 15 * usd);
  made.nowMs = noon + hour;
  made.tell({ kind: 'bill', fromMs: noon, throughMs: noon + hour, micro: 5 * usd });
  assert.equal(made.ask({ micro: 6 * usd }).code, 'budget_day');
  made.settle(made.reserve(5 * usd), 5 * usd);
  made.nowMs = noon + 2 * hour;
  made.tell({ kind: 'bill', fromMs: noon + hour, throughMs: noon + 2 * hour, micro: 15 * usd });
  assert.deepEqual([made.state.spent[1], made.state.debt], [20 * usd, 0], 'both bills together are what was metered');
});

test('a bill for an hour of yesterday is charged to the month, not to this day; the running hour cannot be billed', () => {
  const made = guard({ budgets: { hourMicro: null, dayMicro: 100 * usd, monthMicro: 900 * usd, totalMicro: null } });
  made.nowMs = noon + 14 * hour;
  made.tell({ kind: 'bill', fromMs: noon, throughMs: noon + hour, micro: 5 * usd });
  made.tell({ kind: 'bill', fromMs: noon + 14 * hour, throughMs: noon + 15 * hour, micro: 7 * usd });
  assert.deepEqual(made.state.spent, [0, 0, 5 * usd, 5 * usd]);
  made.tell({ kind: 'bill', fromMs: noon - hour, throughMs: noon, micro: 7 * usd });
  assert.deepEqual(made.state.spent, [0, 0, 5 * usd, 5 * usd], 'an hour that it never metered is none of its business');
});

test('burning six times too fast over an hour and five minutes is a warning that names both', () => {
  const made = guard({ stages: [{ budget: 'day', burn: 6, longMs: hour, shortMs: 5 * minute }], budgets: { hourMicro: null, dayMicro: 24 * usd, monthMicro: null, totalMicro: null } });
  let warned = '';
  for (let at = 0; at < 60 && warned === ''; at += 1) {
    made.nowMs = noon + at * minute;
    made.settle(made.reserve(usd / 4), usd / 4);
    warned = made.state.machine.name === 'warning' ? made.tell({ kind: 'tick' }).answer.code : '';
  }
  assert.equal(warned, 'burn_rate');
  assert.equal(made.nowMs, noon + 23 * minute, 'a quarter of 24 USD at 0.25 USD a minute');
});

test('a budget of the month in the provider\'s own zone begins with his month', () => {
  const lastDay = Date.UTC(2026, 11, 1, 7, 30);
  const made = guard({ utcOffsetMinutes: -480, budgets: { hourMicro: null, dayMicro: null, monthMicro: 10 * usd, totalMicro: null } });
  made.nowMs = lastDay;
  made.settle(made.reserve(9 * usd), 9 * usd);
  assert.equal(made.state.spent[2], 9 * usd);
  made.nowMs = lastDay + 30 * minute;
  made.tell({ kind: 'tick' });
  assert.equal(made.state.spent[2], 0);
});

test('not entitled, or not booted: every request is refused with that reason', () => {
  const made = guard();
  made.tell({ kind: 'entitlement', active: false });
  assert.equal(made.ask({ micro: 1 }).code, 'not_entitled');
  made.tell({ kind: 'entitlement', active: true });
  assert.equal(made.state.machine.name, 'stable');
  const asleep = costGuard.decide(made.policy, costGuard.initial(made.policy, noon), { kind: 'reserve', most: { micro: 1 } }, noon);
  assert.deepEqual([asleep.answer.code, asleep.receipts.length, asleep.state.machine.name], ['boot', 1, 'boot']);
});

test('the fullest state stays within 4,096 bytes, and says so instead of growing', () => {
  const made = guard({ ...daily(999_000_000_000_000), reservationsMax: 3_000, stages: defaultPolicy(costGuard.policy).stages, reservationTtlMs: hour });
  const large = Array.from({ length: 30 }, () => 99_999_999_999_999);
  const nextId = 9_000_000_000_000;
  made.state = { ...made.state, nextId, spent: [1, 1, 1, 1].map(() => 700_000_000_000_000), hours: large, debt: 0 };
  let most = 0;
  let refusals = 0;
  for (let index = 0; index < 30_000; index += 1) {
    made.nowMs += 250;
    const { reservation } = made.ask({ micro: 87_654_321 });
    if (!reservation) refusals += 1;
    else if (index % 37 !== 0) made.settle(reservation, 77_654_321);
    if (index % 50 === 0) most = Math.max(most, JSON.stringify(made.state).length);
  }
  assert.ok(most <= 4_096, `${most} bytes`);
  assert.ok(most > 2_300 && refusals > 0, `too tame: ${most} bytes, ${refusals} refusals`);
});

test('whatever the numbers are: the largest of everything but the open ids, with the most bytes that these may take', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const made = guard();
  const machine = { ...made.state.machine, name: 'intervening', warnSinceMs: noon, normalSinceMs: noon, succeededAtMs: noon, inFlight: { id: most, kind: 'throttle', deadlineMs: noon }, actionsStarted: most, entitled: false };
  const state: CostState = {
    ...made.state, machine: machine as CostState['machine'], spent: [most, most, most, most], reserved: most, debt: most, nextId: most, open: [],
    buckets: Array.from({ length: 7 }, () => ({ from: most, expiresAtMs: noon, micro: most, count: 3_000 })),
    lates: Array.from({ length: 4 }, () => ({ before: most, closesAtMs: noon })),
    windows: Array.from({ length: 6 }, () => [2_678_400_000, noon, most, most]).flat(), hours: Array.from({ length: 30 }, () => most),
    billBalance: -most, calibrationPpm: 10_000_000, spike: { microPerHour: most, atMs: noon }, refusals: 1_000_000, probesFrom: most, probesOpen: 3_000,
  };
  assert.deepEqual(Object.keys(state).sort(), Object.keys(made.state).sort());
  assert.ok(JSON.stringify(state).length + openBytesMax <= 4_096);
});
