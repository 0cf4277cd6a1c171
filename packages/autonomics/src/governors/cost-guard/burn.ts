// Burn rates: spending in sliding windows against the rate at which a budget would just last. A window is kept as two
// fixed ones, this and the one before, weighted by how much of the older still lies in it: constant space and time.
import type { BurnStage, CostPolicy } from './policy.ts';
import { budgetOf, dayMs, hourMs, type CostState, type Draft } from './state.ts';

const width = 4;
const monthMs = 30 * dayMs;

export interface Burn {
  readonly stage: BurnStage;
  readonly long: number;
  readonly short: number;
}

export function emptyWindows({ stages }: CostPolicy, nowMs: number): number[] {
  return stages.flatMap(({ longMs, shortMs }) => [longMs, nowMs, 0, 0, shortMs, nowMs, 0, 0]);
}

/** Windows whose stage the policy has changed begin anew. */
export function addToWindows(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): void {
  const windows = draft.windows.length === policy.stages.length * 2 * width ? draft.windows.slice() : emptyWindows(policy, nowMs);
  for (let at = 0; at < windows.length; at += width) {
    const stage = policy.stages[at >> 3]!;
    slide(windows, at, at & width ? stage.shortMs : stage.longMs, nowMs);
    windows[at + 2]! += micro;
  }
  draft.windows = windows;
}

function slide(windows: number[], at: number, lengthMs: number, nowMs: number): void {
  const elapsed = nowMs - windows[at + 1]!;
  const isChanged = windows[at] !== lengthMs;
  if (!isChanged && elapsed < lengthMs) return;
  const isNext = !isChanged && elapsed < 2 * lengthMs;
  windows[at + 3] = isNext ? windows[at + 2]! : 0;
  windows[at + 2] = 0;
  windows[at + 1] = isNext ? windows[at + 1]! + lengthMs : nowMs;
  windows[at] = lengthMs;
}

/** Micro-units within the last `lengthMs`, for reading: what is too old counts no more. */
function sumIn(windows: readonly number[], at: number, lengthMs: number, nowMs: number): number {
  if (windows[at] !== lengthMs) return 0;
  const elapsed = Math.max(0, nowMs - windows[at + 1]!);
  if (elapsed < lengthMs) return windows[at + 2]! + windows[at + 3]! * (1 - elapsed / lengthMs);
  return elapsed < 2 * lengthMs ? windows[at + 2]! * (2 - elapsed / lengthMs) : 0;
}

/** The first stage whose two windows both burn too fast. */
export function burning(policy: CostPolicy, { windows }: CostState, nowMs: number): Burn | null {
  const { stages } = policy;
  for (let index = 0; index < stages.length; index += 1) {
    const stage = stages[index]!;
    const perMs = ratePerMs(policy, stage);
    if (perMs === null) continue;
    const short = sumIn(windows, index * 8 + width, stage.shortMs, nowMs) / (perMs * stage.shortMs);
    if (short < stage.burn) continue;
    const long = sumIn(windows, index * 8, stage.longMs, nowMs) / (perMs * stage.longMs);
    if (long >= stage.burn) return { stage, long, short };
  }
  return null;
}

function ratePerMs(policy: CostPolicy, { budget }: BurnStage): number | null {
  const period = budget === 'hour' ? 0 : budget === 'day' ? 1 : 2;
  const micro = budgetOf(policy, period);
  return micro === null ? null : micro / (period === 0 ? hourMs : period === 1 ? dayMs : monthMs);
}

export interface Projection {
  readonly period: number;
  readonly micro: number;
}

/** Where a period ends up if it goes on at its mean rate so far; null: within the budget, or too early to say. */
export function projectedOver(policy: CostPolicy, { spent, starts, monthEndMs }: CostState, nowMs: number): Projection | null {
  for (let period = 0; period < 3; period += 1) {
    const budget = budgetOf(policy, period);
    if (budget === null) continue;
    const length = period === 0 ? hourMs : period === 1 ? dayMs : monthEndMs - starts[2]!;
    const part = Math.min(1, (nowMs - starts[period]!) / length);
    if (part <= 0 || part * 100 < policy.projectionAfterPct) continue;
    const micro = spent[period]! / part;
    if (micro > budget * policy.projectionWarnPct / 100) return { period, micro };
  }
  return null;
}
