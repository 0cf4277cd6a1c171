// What the cost guard is told, and what it answers to a request.
import type { Answer } from '../../governor/governor.ts';

/** Money as it is, or units of priced items. */
export type Cost =
  | { readonly micro: number; readonly currency?: string }
  | { readonly lines: readonly { readonly item: string; readonly units: number }[] };

/** Goes back to the caller, who settles with it; what it says is as the guard gave it. */
export interface Reservation {
  readonly id: number;
  readonly micro: number;
  readonly expiresAtMs: number;
  /** Micro-units a million units, of each item, when it was admitted: a settlement in units is priced with these. */
  readonly prices: Readonly<Record<string, number>>;
  /** Exchange and calibration together, when it was admitted. */
  readonly ratePpm: number;
}

export type CostSignal =
  /** May I spend at most this? Answered with a reservation, or refused. */
  | { readonly kind: 'reserve'; readonly most: Cost }
  /** It has cost this much. Told twice, it counts once. */
  | { readonly kind: 'settle'; readonly reservation: Reservation; readonly actual: Cost }
  /** A rate that somebody else has seen. */
  | { readonly kind: 'billing_spike'; readonly microPerHour: number }
  /** The provider's bill for [fromMs, throughMs), whole hours, late by up to 30 hours; may come again, corrected. */
  | { readonly kind: 'bill'; readonly fromMs: number; readonly throughMs: number; readonly micro: number };

export interface CostAnswer extends Answer {
  readonly reservation: Reservation | null;
  /** For a refused reservation: what was asked for may fit from then on; null where nobody knows. */
  readonly retryAtMs: number | null;
}

export type CostSignalReading =
  | { readonly ok: true; readonly signal: CostSignal }
  | { readonly ok: false; readonly problem: string };

/** The signals that come from outside by name: `billing_spike {usd_per_hour}`, `bill {from_ms, through_ms, usd}`. */
export function readCostSignal(name: string, payload: Readonly<Record<string, unknown>>): CostSignalReading {
  if (name === 'billing_spike') {
    const microPerHour = microOf(payload['usd_per_hour']);
    return microPerHour === null ? wrong('billing_spike.usd_per_hour', payload['usd_per_hour']) : { ok: true, signal: { kind: 'billing_spike', microPerHour } };
  }
  if (name !== 'bill') return { ok: false, problem: `${name} is no signal of the cost guard: there are billing_spike and bill` };
  const { from_ms: fromMs, through_ms: throughMs } = payload;
  const micro = microOf(payload['usd']);
  if (micro === null) return wrong('bill.usd', payload['usd']);
  if (!isTime(fromMs)) return wrong('bill.from_ms', fromMs);
  return isTime(throughMs) ? { ok: true, signal: { kind: 'bill', fromMs, throughMs, micro } } : wrong('bill.through_ms', throughMs);
}

function microOf(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= 1_000_000_000 ? Math.ceil(value * 1_000_000) : null;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function wrong(field: string, value: unknown): CostSignalReading {
  return { ok: false, problem: `${field} must be a number from 0 on, not ${String(value)}` };
}
