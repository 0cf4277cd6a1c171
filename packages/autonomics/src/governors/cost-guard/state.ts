// What the cost guard remembers: sums, and the ids of open reservations. What one reservation is worth, its caller
// carries, so that hundreds of them fit 4,096 bytes and a settlement is exact all the same.
import type { MachineState, VersionedState } from '../../governor/governor.ts';
import type { OpenIds } from './open-ids.ts';
import type { CostPolicy, PeriodName } from './policy.ts';

/** Reservations that expire together: ids rise with time, so each bucket is a range of ids. */
export interface Bucket {
  readonly from: number;
  readonly expiresAtMs: number;
  readonly micro: number;
  readonly count: number;
}

/** Ids below `before` have expired and been charged; their settlements are taken until `closesAtMs`. */
export interface Late {
  readonly before: number;
  readonly closesAtMs: number;
}

export interface CostState extends VersionedState {
  readonly version: 1;
  readonly machine: MachineState;
  /** Start of the hour, day and month. */
  readonly starts: readonly number[];
  readonly monthEndMs: number;
  /** Settled and charged, in the order of `periodNames`. */
  readonly spent: readonly number[];
  /** The sum of `buckets[].micro`. */
  readonly reserved: number;
  /** Spent beyond a reservation and not fitting any more: booked as soon as there is room. */
  readonly debt: number;
  readonly nextId: number;
  /** Ids whose settlement is still taken. */
  readonly open: OpenIds;
  readonly buckets: readonly Bucket[];
  readonly lates: readonly Late[];
  /** Four numbers a window, two windows a stage: length, start, sum of this one, sum of the one before. */
  readonly windows: readonly number[];
  /** The hour since the epoch that `hours[0]` is; before it the older ones. */
  readonly hour: number;
  readonly hours: readonly number[];
  /** What bills had more than the meter; less, where it waits for the next bill. */
  readonly billBalance: number;
  readonly calibrationPpm: number;
  readonly spike: { readonly microPerHour: number; readonly atMs: number } | null;
  /** In a row, of reservations that did not fit what was left. */
  readonly refusals: number;
  /** The first id of this half-open time; null while the guard does not refuse. */
  readonly probesFrom: number | null;
  readonly probesOpen: number;
}

/** A state in the making: its fields may be replaced, what they hold never changes. */
export type Draft = { -readonly [K in keyof CostState]: CostState[K] };

export const periodNames: readonly PeriodName[] = ['hour', 'day', 'month', 'total'];
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

export function budgetOf({ budgets }: CostPolicy, period: number): number | null {
  if (period === 0) return budgets.hourMicro;
  if (period === 1) return budgets.dayMicro;
  return period === 2 ? budgets.monthMicro : budgets.totalMicro;
}
