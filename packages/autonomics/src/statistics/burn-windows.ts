// Errors and requests over a long and a short window each rule, in a state of constant size: twelve slots cover the
// long window, one slot is the short one (the Workbook's guideline, a twelfth). A window that ends inside a slot
// takes the slot before it in proportion, so it slides, and never has to be longer than its rule says.
import { burnRateOf, type BurnRule, type Objective } from './burn-rate.ts';

const SLOTS = 12;

/** Of one rule. The lists hold the closed slots, newest first, at most twelve. */
export interface BurnWindow {
  readonly slotStartMs: number;
  readonly requests: number;
  readonly errors: number;
  readonly closedRequests: readonly number[];
  readonly closedErrors: readonly number[];
}

const none: readonly number[] = [];

export function startWindows(rules: readonly BurnRule[], nowMs: number): readonly BurnWindow[] {
  return rules.map(() => ({ slotStartMs: nowMs, requests: 0, errors: 0, closedRequests: none, closedErrors: none }));
}

export function recordBurn(rules: readonly BurnRule[], windows: readonly BurnWindow[], counts: { readonly requests: number; readonly errors: number }, nowMs: number): readonly BurnWindow[] {
  const next: BurnWindow[] = [];
  for (let at = 0; at < windows.length; at += 1) {
    const slotMs = rules[at]!.longWindowMs / SLOTS;
    const one = nowMs - windows[at]!.slotStartMs < slotMs ? windows[at]! : turned(windows[at]!, slotMs, nowMs);
    next.push({
      slotStartMs: one.slotStartMs, requests: one.requests + counts.requests, errors: one.errors + counts.errors,
      closedRequests: one.closedRequests, closedErrors: one.closedErrors,
    });
  }
  return next;
}

/** Closes the slots that have ended; those in which nothing came are zeros. */
function turned(window: BurnWindow, slotMs: number, nowMs: number): BurnWindow {
  const ended = Math.floor((nowMs - window.slotStartMs) / slotMs);
  const empty = Array.from({ length: Math.min(SLOTS, ended - 1) }, () => 0);
  return {
    slotStartMs: window.slotStartMs + ended * slotMs,
    requests: 0,
    errors: 0,
    closedRequests: [...empty, window.requests, ...window.closedRequests].slice(0, SLOTS),
    closedErrors: [...empty, window.errors, ...window.closedErrors].slice(0, SLOTS),
  };
}

export interface Burning {
  readonly rule: BurnRule;
  readonly longBurnRate: number;
  readonly shortBurnRate: number;
  /** In the long window: what gates the alert where traffic is thin. */
  readonly errors: number;
  readonly requests: number;
}

/** The first rule whose two windows burn too fast on at least `errorsMin` errors; null: none. */
export function burning(objective: Objective, rules: readonly BurnRule[], windows: readonly BurnWindow[], { nowMs, errorsMin }: { readonly nowMs: number; readonly errorsMin: number }): Burning | null {
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at]!;
    // No window of a rule that holds fewer errors can fire: the cheap question first.
    if (errorsHeld(windows[at]!) < errorsMin) continue;
    const found = measured(objective, rule, windows[at]!, nowMs);
    if (found.errors >= errorsMin && found.longBurnRate >= rule.burnRate && found.shortBurnRate >= rule.burnRate) return found;
  }
  return null;
}

function errorsHeld({ errors, closedErrors }: BurnWindow): number {
  let sum = errors;
  for (const one of closedErrors) sum += one;
  return sum;
}

export function measured(objective: Objective, rule: BurnRule, before: BurnWindow, nowMs: number): Burning {
  const slotMs = rule.longWindowMs / SLOTS;
  const window = nowMs - before.slotStartMs < slotMs ? before : turned(before, slotMs, nowMs);
  const rest = Math.min(1, Math.max(0, 1 - (nowMs - window.slotStartMs) / slotMs));
  const requests = over(window.requests, window.closedRequests, SLOTS, rest);
  const errors = over(window.errors, window.closedErrors, SLOTS, rest);
  const recentRequests = over(window.requests, window.closedRequests, 1, rest);
  const recentErrors = over(window.errors, window.closedErrors, 1, rest);
  return {
    rule, errors, requests,
    longBurnRate: requests > 0 ? burnRateOf(objective, errors / requests) : 0,
    shortBurnRate: recentRequests > 0 ? burnRateOf(objective, recentErrors / recentRequests) : 0,
  };
}

/** The running slot, the whole slots before it, and of the last one what the window still reaches. */
function over(running: number, closed: readonly number[], slots: number, rest: number): number {
  let sum = running;
  for (let at = 0; at < slots - 1 && at < closed.length; at += 1) sum += closed[at]!;
  return sum + rest * (closed[slots - 1] ?? 0);
}
