// What was booked in each of the last hours, for the bills that come hours late: the slow outer loop. A bill replaces
// what the meter had for its hours, so the same bill told twice corrects once.
import { owe, refund } from './account.ts';
import type { CostPolicy } from './policy.ts';
import { hourMs, type Draft } from './state.ts';

export const hoursKept = 30;
const million = 1_000_000;

export interface Bill {
  readonly fromMs: number;
  readonly throughMs: number;
  readonly micro: number;
}

export type BillOutcome = 'corrected' | 'agrees' | 'out_of_reach';

export function addToHours(draft: Draft, micro: number, nowMs: number): void {
  const hours = openHour(draft, nowMs).slice();
  // A clock that went back writes into its own hour, or the oldest kept.
  const at = Math.min(Math.max(0, draft.hour - Math.floor(nowMs / hourMs)), hours.length - 1);
  hours[at]! += micro;
  draft.hours = hours;
}

/** Takes back what was metered at or after `sinceMs`: the bill for those hours must not take it back again. */
export function takeFromHours(draft: Draft, micro: number, sinceMs: number): void {
  const hours = draft.hours.slice();
  let rest = micro;
  for (let at = Math.min(hours.length - 1, draft.hour - Math.floor(sinceMs / hourMs)); at >= 0 && rest > 0; at -= 1) {
    const taken = Math.min(hours[at]!, rest);
    hours[at]! -= taken;
    rest -= taken;
  }
  draft.hours = hours;
}

function openHour(draft: Draft, nowMs: number): readonly number[] {
  const hour = Math.floor(nowMs / hourMs);
  const ahead = hour - draft.hour;
  if (ahead <= 0) return draft.hours;
  draft.hour = hour;
  const fresh = Array.from({ length: Math.min(ahead, hoursKept) }, () => 0);
  return [...fresh, ...draft.hours].slice(0, hoursKept);
}

/** Corrects the books and the prices by a bill for [fromMs, throughMs). */
export function bookBill(draft: Draft, policy: CostPolicy, bill: Bill, nowMs: number): BillOutcome {
  draft.hours = openHour(draft, nowMs);
  const oldest = draft.hour - Math.floor(bill.fromMs / hourMs);
  const newest = draft.hour - Math.floor((bill.throughMs - 1) / hourMs);
  const isWhole = bill.fromMs % hourMs === 0 && bill.throughMs % hourMs === 0 && bill.fromMs < bill.throughMs;
  // The running hour is still being metered: only hours that have ended can be compared.
  if (!isWhole || newest < 1 || oldest >= draft.hours.length) return 'out_of_reach';
  const metered = draft.hours.slice(newest, oldest + 1).reduce((sum, micro) => sum + micro, 0);
  const missing = bill.micro - metered;
  if (missing === 0) return 'agrees';
  calibrate(draft, policy, bill.micro, metered);
  correct(draft, policy, bill, metered);
  draft.hours = settleHours(draft.hours, { newest, oldest, micro: bill.micro, metered });
  return 'corrected';
}

/**
 * A bill may be low only because calls at its border are in the next one: room that is given back for that would be
 * spent twice. So unless the policy trusts bills with it, what was billed less is kept against what the next bills
 * add, and the books never fall below the meter.
 */
function correct(draft: Draft, policy: CostPolicy, bill: Bill, metered: number): void {
  const missing = bill.micro - metered;
  if (policy.billCredits) return change(draft, policy, bill, missing);
  const before = draft.billBalance;
  // More than a bill holds cannot be at its border.
  draft.billBalance = Math.min(Number.MAX_SAFE_INTEGER, Math.max(before + missing, -Math.max(bill.micro, metered)));
  change(draft, policy, bill, Math.max(0, draft.billBalance) - Math.max(0, before));
}

function change(draft: Draft, policy: CostPolicy, bill: Bill, micro: number): void {
  if (micro < 0) return refund(draft, -micro, bill.fromMs);
  // A period that began after the billed hours holds nothing of them.
  const first = draft.starts.findIndex((start) => start < bill.throughMs);
  owe(draft, policy, micro, first < 0 ? draft.starts.length : first);
}

/** The bill's sum over its hours, in the meter's proportions; whole micro-units, the remainder in the newest. */
function settleHours(hours: readonly number[], { newest, oldest, micro, metered }: { newest: number; oldest: number; micro: number; metered: number }): number[] {
  const settled = hours.map((hour, at) => (at < newest || at > oldest ? hour : metered === 0 ? 0 : Math.floor(hour * (micro / metered))));
  const sum = settled.slice(newest, oldest + 1).reduce((total, hour) => total + hour, 0);
  return settled.with(newest, Math.max(0, settled[newest]! + micro - sum));
}

/** As much of the difference as is in flight may be at the bill's border: that teaches nothing about prices. */
function calibrate(draft: Draft, policy: CostPolicy, billed: number, metered: number): void {
  const unexplained = Math.max(0, Math.abs(billed - metered) - draft.reserved);
  if (metered === 0 || unexplained === 0) return;
  const learnt = draft.calibrationPpm * (1 + (policy.calibrationGainPct / 100) * Math.sign(billed - metered) * (unexplained / metered));
  const [least, most] = [policy.calibrationMinPct * million / 100, policy.calibrationMaxPct * million / 100];
  draft.calibrationPpm = Math.round(Math.min(most, Math.max(least, learnt)));
}
