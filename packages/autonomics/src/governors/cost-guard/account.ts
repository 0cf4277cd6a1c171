// The books: what was spent in each period, what is reserved, and what may still be. Holds, always and for each
// budget: spent + reserved ≤ budget. What would break it waits as debt, and refuses everything until it is booked.
import { addToWindows } from './burn.ts';
import { addToHours } from './hours.ts';
import type { CostPolicy } from './policy.ts';
import { budgetOf, dayMs, hourMs, type CostState, type Draft } from './state.ts';

const unlimited = Number.MAX_SAFE_INTEGER;
/** The hour lies in the day, the day in the month, the month in all time: periods from one on are a suffix. */
const all = 0;

/** What may still be spent or reserved under every budget, of the periods from `first` on. */
export function roomOf(policy: CostPolicy, { spent, reserved }: CostState, first = all): number {
  let room = unlimited;
  for (let period = first; period < 4; period += 1) {
    room = Math.min(room, (budgetOf(policy, period) ?? unlimited) - spent[period]! - reserved);
  }
  return Math.max(0, room);
}

/** The first budget that `micro` more would break; -1: it fits. */
export function brokenBy(policy: CostPolicy, { spent, reserved }: CostState, micro: number): number {
  for (let period = 0; period < 4; period += 1) {
    if (spent[period]! + reserved + micro > (budgetOf(policy, period) ?? unlimited)) return period;
  }
  return -1;
}

/** Books what is known to fit: a settlement within its reservation, an expiry. */
export function book(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): void {
  if (micro === 0) return;
  spend(draft, micro, all);
  meter(draft, policy, micro, nowMs);
}

/** Books what was spent beyond its reservation: metered whole, booked as far as it fits, the rest owed. */
export function bookExcess(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): void {
  if (micro === 0) return;
  owe(draft, policy, micro);
  meter(draft, policy, micro, nowMs);
}

/** Books as much as fits the periods from `first` on; the rest is debt. Meters nothing. */
export function owe(draft: Draft, policy: CostPolicy, micro: number, first = all): void {
  const fits = Math.min(micro, roomOf(policy, draft, first));
  spend(draft, fits, first);
  draft.debt = Math.min(unlimited, draft.debt + micro - fits);
}

export function payDebt(draft: Draft, policy: CostPolicy): void {
  if (draft.debt === 0) return;
  const { debt } = draft;
  draft.debt = 0;
  owe(draft, policy, debt);
}

function spend(draft: Draft, micro: number, first: number): void {
  const [hour, day, month, total] = draft.spent as [number, number, number, number];
  draft.spent = [first > 0 ? hour : hour + micro, first > 1 ? day : day + micro, first > 2 ? month : month + micro, total + micro];
}

function meter(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): void {
  addToWindows(draft, policy, micro, nowMs);
  addToHours(draft, micro, nowMs);
}

/** Takes back what had been booked at or after `sinceMs`: from debt first, then in the periods that surely hold it. */
export function refund(draft: Draft, micro: number, sinceMs: number): void {
  const fromDebt = Math.min(draft.debt, micro);
  draft.debt -= fromDebt;
  const rest = micro - fromDebt;
  draft.spent = draft.spent.map((spent, period) => (sinceMs >= (draft.starts[period] ?? -Infinity) ? Math.max(0, spent - rest) : spent));
}

/** Opens the periods that have begun since. A clock that goes back opens nothing. */
export function openPeriods(draft: Draft, policy: CostPolicy, nowMs: number): void {
  const [hour, day] = draft.starts as [number, number, number];
  if (nowMs < hour + hourMs) return;
  const offset = policy.utcOffsetMinutes * 60_000;
  const starts = startsAt(nowMs, offset);
  const isNew = [true, nowMs >= day + dayMs, nowMs >= draft.monthEndMs, false];
  draft.spent = draft.spent.map((spent, period) => (isNew[period] ? 0 : spent));
  draft.starts = draft.starts.map((start, period) => (isNew[period] ? starts[period]! : start));
  if (isNew[2]) draft.monthEndMs = monthEnd(nowMs, offset);
  // What bills added is in the day that has ended: nothing of this one is to be taken back for it.
  if (isNew[1]) draft.billBalance = Math.min(0, draft.billBalance);
  draft.refusals = 0;
  payDebt(draft, policy);
}

/** Start of the hour, day and month of a moment, where they begin `offset` ms before UTC's. */
export function startsAt(nowMs: number, offset: number): readonly [number, number, number] {
  const local = nowMs + offset;
  return [Math.floor(local / hourMs) * hourMs - offset, Math.floor(local / dayMs) * dayMs - offset, monthStart(local, 0) - offset];
}

export function monthEnd(nowMs: number, offset: number): number {
  return monthStart(nowMs + offset, 1) - offset;
}

function monthStart(local: number, ahead: number): number {
  const date = new Date(local);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1);
}
