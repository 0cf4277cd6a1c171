// What a supervisor decides, as pure functions: which children stop and start when one ended,
// and whether it has restarted too often.
import { isOrderly, type ExitReason } from '../process/exit-reason.ts';
import type { Restart } from './child-spec.ts';

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one';
export const strategies: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one'];

export interface Intensity {
  /** Restarts allowed within the period; one more ends the supervisor. */
  restarts: number;
  periodMs: number;
}

/** OTP's default: one restart in five seconds. */
export const intensityDefault: Intensity = { restarts: 1, periodMs: 5_000 };

/** Does a child that ended with that reason come back? */
export function isRestarted(restart: Restart, reason: ExitReason): boolean {
  return restart === 'permanent' || (restart === 'transient' && !isOrderly(reason));
}

/** The ids, in start order, that are stopped (in reverse) and started again with the one that ended. */
export function affectedBy(strategy: Strategy, order: readonly string[], ended: string): string[] {
  if (strategy === 'one_for_all') return [...order];
  if (strategy === 'rest_for_one') return order.slice(order.indexOf(ended));
  return [ended];
}

/** The restarts still within the period, this one included; undefined if that is one too many. */
export function spendRestart(earlierMs: readonly number[], nowMs: number, intensity: Intensity): number[] | undefined {
  const recent = earlierMs.filter((atMs) => nowMs - atMs <= intensity.periodMs);
  recent.push(nowMs);
  return recent.length > intensity.restarts ? undefined : recent;
}

export interface ChildrenChange {
  /** Ids to stop, in reverse start order. */
  stop: string[];
  /** Ids to start, in start order. */
  start: string[];
}

/** What new child specifications mean for those that run. */
export function childrenChange(before: readonly string[], after: readonly string[]): ChildrenChange {
  return { stop: before.filter((id) => !after.includes(id)).reverse(), start: after.filter((id) => !before.includes(id)) };
}
