// Proportional control on queue time, the backlog valve's fine layer: how large a share of the requests to turn
// away, from how long one that arrives now would wait. Two regimes, as in controlled delay (Nichols and Jacobson,
// "Controlling Queue Delay", 2012): a queue that is short now and then may hold bursts of up to half the deadline; one
// that was longer than the target for a whole interval is standing, and is held at a few tens of ms. Within its regime the
// share grows in proportion to the wait, so that there is no threshold to flap around. Pure; called by the valve.
import { PRIORITIES, type Priority } from './admission-control.ts';

/** What the control reads of the policy. */
export interface QueueTimeRules {
  /** From arrival to the answer, in ms. */
  readonly deadlineMs: number;
  /** A standing queue is shed from this wait on … */
  readonly targetMs: number;
  /** … and wholly at this one. */
  readonly ceilingMs: number;
  /** Each priority is shed from this much later on than the one below it. */
  readonly priorityGapMs: number;
  /** A queue at the ceiling for this long is standing; a shorter one takes longer, by how far it is above the target. */
  readonly intervalMs: number;
}

export interface QueueTimeState {
  /** Expected wait of one that arrives now, in ms. */
  readonly waitMs: number;
  /** Mean time between two takings while others wait, in ms: 1/capacity. 0: not yet known. */
  readonly gapMs: number;
  /** When a request was last taken and others stayed waiting; −1: none did. */
  readonly takenAtMs: number;
  /** When none was last seen to wait. */
  readonly emptyAtMs: number;
  /** When one that arrived would last have waited no longer than the target. */
  readonly calmAtMs: number;
  /** The wait above the target, summed up over the time since then: ms². */
  readonly excess: number;
  /** Share of the latest interval's time for which the queue was drained. */
  readonly drainedShare: number;
  readonly standing: boolean;
  /** When depth or wait were last measured. */
  readonly measuredAtMs: number;
}

/** Depth and wait of the head, as far as they are known: a caller may have measured only one of them, or none. */
export interface QueueMeasured {
  readonly depth?: number | undefined;
  readonly headWaitMs?: number | undefined;
}

/** Far above each threshold; keeps the number readable where nothing is served for days. */
const EXCESS_MAX = 1e9;
/** A queue that is drained for this share of an interval's time has spare capacity: it stands no longer. */
const DRAINED_SHARE_MIN = 0.25;
const GAP_WEIGHT = 1 / 128;
/** One service a hundred times the usual says little about the next: the wait of the head shows it at once anyway. */
const GAP_OUTLIER = 4;
/** Of the deadline: what waits longer than this would hardly be answered in time. */
export const BURST_END = 0.8;
/** Shedding before this many wait would leave the server idle between two requests. */
const DEPTH_MIN = 2;
const DEPTH_SPAN = 4;

export function initialQueueTime(nowMs: number): QueueTimeState {
  return {
    waitMs: 0, gapMs: 0, takenAtMs: -1, emptyAtMs: nowMs, calmAtMs: nowMs, excess: 0, drainedShare: 1, standing: false, measuredAtMs: nowMs,
  };
}

/** A measurement of the queue; the same state if there is none. */
export function measured(rules: QueueTimeRules, state: QueueTimeState, seen: QueueMeasured, nowMs: number): QueueTimeState {
  const waitMs = expectedWait(state, seen, nowMs);
  if (waitMs < 0) return state;
  const sinceMs = Math.max(0, nowMs - state.measuredAtMs);
  const overMs = waitMs - rules.targetMs;
  const excess = overMs > 0 ? Math.min(state.excess + overMs * sinceMs, EXCESS_MAX) : 0;
  const drained = waitMs <= rules.targetMs / 4;
  const drainedShare = state.drainedShare + (sinceMs / (sinceMs + rules.intervalMs)) * ((drained ? 1 : 0) - state.drainedShare);
  const standing = state.standing ? drainedShare < DRAINED_SHARE_MIN : excess >= rules.intervalMs * (rules.ceilingMs - rules.targetMs);
  return {
    waitMs, gapMs: state.gapMs, excess, standing, measuredAtMs: nowMs,
    takenAtMs: seen.depth === 0 ? -1 : state.takenAtMs,
    emptyAtMs: seen.depth === 0 ? nowMs : state.emptyAtMs,
    calmAtMs: overMs > 0 ? state.calmAtMs : nowMs,
    drainedShare: standing && !state.standing ? 0 : drainedShare,
  };
}

/** A server took the request that waited longest; `depth` others stayed. */
export function taken(state: QueueTimeState, depth: number, nowMs: number): QueueTimeState {
  const takenAtMs = depth > 0 ? nowMs : -1;
  if (state.takenAtMs < 0) return takenAtMs < 0 ? state : { ...state, takenAtMs };
  const sinceMs = nowMs - state.takenAtMs;
  if (state.gapMs === 0) return { ...state, takenAtMs, gapMs: sinceMs };
  const gapMs = state.gapMs + GAP_WEIGHT * (Math.min(sinceMs, GAP_OUTLIER * state.gapMs) - state.gapMs);
  return { ...state, takenAtMs, gapMs };
}

/** Of whom: the mix of the latest arrivals by priority, and the most that may be turned away of all. */
export interface Demand {
  readonly mix: readonly number[];
  readonly limit: number;
}

/**
 * The share of one priority's requests to turn away at this wait, 0 to 1. The mix says how far the lower priorities
 * suffice: all of a lower one go before the first of a higher one, and each higher one begins a gap later, so that the
 * queue's own noise does not reach it.
 */
export function shareOf(rules: QueueTimeRules, state: QueueTimeState, { mix, limit }: Demand, priority: Priority): number {
  let left = Math.min(limit, ramp(rules, state, priority));
  for (let lower = PRIORITIES - 1; lower > priority; lower--) left -= mix[lower]!;
  if (left <= 0) return 0;
  const own = mix[priority]!;
  return left >= own ? 1 : left / own;
}

/** The share of all requests that this wait asks to turn away. */
export function totalShare(rules: QueueTimeRules, state: QueueTimeState, demand: Demand): number {
  if (state.waitMs <= rules.targetMs) return 0;
  let total = 0;
  for (let priority = PRIORITIES - 1; priority >= 0; priority--) total += demand.mix[priority]! * shareOf(rules, state, demand, priority as Priority);
  return total;
}

/** Whether at this wait every request is turned away, if no limit forbids it. */
export function isAtCeiling(rules: QueueTimeRules, state: QueueTimeState): boolean {
  return ramp(rules, state, 0) >= 1;
}

/** From 0 to 1 between the two waits of the regime; for the highest priority four gaps later than for the lowest. */
function ramp({ deadlineMs, targetMs, ceilingMs, priorityGapMs }: QueueTimeRules, { waitMs, gapMs, standing }: QueueTimeState, priority: Priority): number {
  const gapsMs = (PRIORITIES - 1) * priorityGapMs;
  const fromMs = standing ? Math.min(Math.max(targetMs, DEPTH_MIN * gapMs), deadlineMs / 2) : deadlineMs / 2;
  const toMs = standing ? Math.min(Math.max(ceilingMs, fromMs + DEPTH_SPAN * gapMs + gapsMs), BURST_END * deadlineMs) : BURST_END * deadlineMs;
  const beginsMs = fromMs + (PRIORITIES - 1 - priority) * priorityGapMs;
  if (waitMs <= beginsMs) return 0;
  const spanMs = toMs - fromMs - gapsMs;
  return waitMs >= beginsMs + spanMs ? 1 : (waitMs - beginsMs) / spanMs;
}

/**
 * −1: nothing was measured. By depth and capacity a wait is known at once; what the head has waited tells of the
 * past, and while a long queue drains it would go on shedding until the queue is empty. A server that has taken
 * nothing for long is stuck: that time comes on top.
 */
function expectedWait({ gapMs, takenAtMs, emptyAtMs }: QueueTimeState, { depth, headWaitMs }: QueueMeasured, nowMs: number): number {
  if (isCount(depth) && (gapMs > 0 || depth === 0)) {
    const stuckMs = depth === 0 ? 0 : nowMs - Math.max(takenAtMs, emptyAtMs) - GAP_OUTLIER * gapMs;
    return depth * gapMs + (stuckMs > 0 ? stuckMs : 0);
  }
  return isCount(headWaitMs) ? headWaitMs : -1;
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value < Infinity;
}
