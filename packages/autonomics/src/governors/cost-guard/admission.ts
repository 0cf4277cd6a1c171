// May this be spent? Reserves the most it can cost, or says which budget it does not fit. Nothing is admitted that
// could break a budget, however many callers ask at once and however late they settle.
import { brokenBy, roomOf } from './account.ts';
import { moneyText } from './money.ts';
import type { CostPolicy } from './policy.ts';
import { priceOf, type Priced } from './price.ts';
import { closeLate, hasRoom, liveCount, openReservation } from './reservations.ts';
import type { Cost, CostAnswer, Reservation } from './signals.ts';
import { budgetOf, dayMs, hourMs, periodNames, type CostState, type Draft } from './state.ts';

interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly retryAtMs: number | null;
}

export function admit(draft: Draft, policy: CostPolicy, most: Cost, nowMs: number): CostAnswer {
  const closed = closedGate(policy, draft);
  if (closed) return refused(closed);
  const priced = priceOf(policy, most, draft.calibrationPpm);
  if (!priced.ok) return refused({ ...priced, retryAtMs: null });
  const refusal = tooLarge(policy, priced.micro) ?? notFitting(draft, policy, priced.micro) ?? full(draft, policy);
  return refusal ? refused(refusal) : admitted(draft, policy, priced, nowMs);
}

function refused({ code, reason, retryAtMs }: Refusal): CostAnswer {
  return { decision: 'refuse', code, reason, reservation: null, retryAtMs };
}

function admitted(draft: Draft, policy: CostPolicy, { micro, prices, ratePpm }: Priced & { ok: true }, nowMs: number): CostAnswer {
  const { id, expiresAtMs } = openReservation(draft, policy, micro, nowMs);
  draft.refusals = 0;
  if (draft.probesFrom !== null) draft.probesOpen += 1;
  const reservation: Reservation = { id, micro, expiresAtMs, prices, ratePpm };
  return { decision: 'ok', code: 'reserved', reason: '', reservation, retryAtMs: null };
}

/** What refuses every request, whatever it costs. */
function closedGate(policy: CostPolicy, { machine, probesFrom, probesOpen, debt }: CostState): Refusal | null {
  if (machine.name === 'boot') return { code: 'boot', reason: 'the guard has not had its first tick', retryAtMs: null };
  if (!machine.entitled) return { code: 'not_entitled', reason: 'the entitlement is not active', retryAtMs: null };
  if (debt > 0) return { code: 'overrun', reason: `${moneyText(debt, policy.currency)} were spent beyond what was reserved and fit no budget yet`, retryAtMs: null };
  if (probesFrom === null || probesOpen < policy.probesMax) return null;
  return { code: 'half_open', reason: `half-open: ${probesOpen} of ${policy.probesMax} probes are not settled yet`, retryAtMs: null };
}

function tooLarge(policy: CostPolicy, micro: number): Refusal | null {
  for (let period = 0; period < 4; period += 1) {
    const budget = budgetOf(policy, period);
    if (budget === null || micro * 100 <= budget * policy.reservationMaxPct) continue;
    const reason = `one reservation of ${moneyText(micro, policy.currency)} is more than ${policy.reservationMaxPct} % of the ${periodNames[period]} budget of ${moneyText(budget, policy.currency)}: check the price, or ask for less`;
    return { code: 'too_large', reason, retryAtMs: null };
  }
  return null;
}

function notFitting(draft: Draft, policy: CostPolicy, micro: number): Refusal | null {
  const period = brokenBy(policy, draft, micro);
  if (period < 0) return null;
  // What only waits for others to settle is no sign that the budget is used up.
  const isSpent = micro > roomOf(policy, draft) + draft.reserved;
  if (isSpent) draft.refusals += 1;
  const budget = budgetOf(policy, period) ?? Number.MAX_SAFE_INTEGER;
  const text = (amount: number) => moneyText(amount, policy.currency);
  const reason = `${text(micro)} do not fit the ${periodNames[period]} budget: ${text(draft.spent[period]!)} spent + ${text(draft.reserved)} reserved + ${text(micro)} > ${text(budget)}`;
  return { code: `${isSpent ? 'budget' : 'reserved'}_${periodNames[period]}`, reason, retryAtMs: isSpent ? periodEnd(draft, period) : null };
}

/** Settlements that are late already give way to new reservations. */
function full(draft: Draft, policy: CostPolicy): Refusal | null {
  if (hasRoom(policy, draft)) return null;
  closeLate(draft);
  if (hasRoom(policy, draft)) return null;
  const reason = `${liveCount(draft)} reservations are open, as many as the guard keeps: settle some, or reserve for a batch`;
  return { code: 'reservations_full', reason, retryAtMs: draft.buckets[0]?.expiresAtMs ?? null };
}

function periodEnd({ starts, monthEndMs }: CostState, period: number): number | null {
  if (period === 0) return starts[0]! + hourMs;
  if (period === 1) return starts[1]! + dayMs;
  return period === 2 ? monthEndMs : null;
}
