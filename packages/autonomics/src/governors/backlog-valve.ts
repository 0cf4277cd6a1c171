// The backlog pressure valve: lets in what can be answered in time, and turns the least important away first. The
// fine layer (control/queue-time.ts) decides each request by how long it would wait; the machine around it records
// coarsely what is going on, asks for more capacity, and allows more than half to be shed only while it refuses.
// Pure. Its process sends it each request and a sample a second.
import type { Priority } from '../control/admission-control.ts';
import { BURST_END, initialQueueTime, isAtCeiling, measured, shareOf, taken, totalShare, type QueueTimeState } from '../control/queue-time.ts';
import { dropped, initialShedding, offered, totalOf, type SheddingState } from '../control/shedding.ts';
import { defineGovernor, normal, type Absorbed, type Judgement } from '../governor/define-governor.ts';
import type { ActionOrder, Answer, CommonSignal, Governor, VersionedState } from '../governor/governor.ts';
import { explainValve } from './backlog-valve-reasons.ts';
import { backlogValvePolicy, type BacklogValvePolicy } from './backlog-valve-policy.ts';
import { admitted, notEntitled, shedForQueueTime, tooLate, worthServing, type BacklogValveSignal } from './backlog-valve-signals.ts';

export interface BacklogValveState extends VersionedState {
  /** The caller's clock plus this is the valve's own, which neither goes back nor leaps. */
  readonly offsetMs: number;
  readonly nowMs: number;
  readonly queue: QueueTimeState;
  readonly shedding: SheddingState;
  /** The share that the queue's time asks for now, and its mean over the latest 64 requests. */
  readonly share: number;
  readonly shareMean: number;
  readonly shedAtMs: number;
  /** When more than four fifths of what may be shed were last needed. */
  readonly deepAtMs: number;
  /** For how long a shed request counts as a warning: longer if it comes back again and again. */
  readonly holdMs: number;
  /** Since when the wait is above the ceiling, and all that may be shed is shed. */
  readonly ceilingSinceMs: number | null;
  readonly depth: number;
  readonly sampledAtMs: number;
  readonly growthPerSecond: number;
  /** Dropped after waiting past their deadline. */
  readonly late: number;
}

type Signal = BacklogValveSignal | CommonSignal;
type Absorption = Absorbed<BacklogValveState, Answer>;

const version = 1;
const shareWeight = 1 / 64;
const sampleWeight = 1 / 2;
/** A shed request is a warning for this long: between two of them nothing has calmed down. */
const holdMinMs = 1_000;
/** What comes back within this long has not gone: it is held for a minute, then two, up to `holdMaxMs`. */
const recurMs = 600_000;
const holdRecurringMs = 60_000;
const holdMaxMs = 960_000;
/** A longer step is a leap of the clock or a gap in the signals: of neither it is known what happened meanwhile. */
const stepMaxMs = 5_000;
/** Refusing ends when this much of what may be shed otherwise would do. */
const leaveShare = 0.8;

const queueTime: Judgement = Object.freeze({ level: 'warn', code: 'queue_time' });
const backlogDepth: Judgement = Object.freeze({ level: 'warn', code: 'backlog_depth' });
const backlogGrowth: Judgement = Object.freeze({ level: 'warn', code: 'backlog_growth' });
const noData: Judgement = Object.freeze({ level: 'warn', code: 'no_data' });
const overCapacity: Judgement = Object.freeze({ level: 'refuse', code: 'over_capacity' });

const inner = defineGovernor<BacklogValvePolicy, BacklogValveState, BacklogValveSignal>({
  sku: 'gcp.autonomic.backlog_valve.v1',
  policy: backlogValvePolicy,
  words: {
    warn: 'shedding, a long or fast growing backlog, or no data',
    refuse: 'the limit of shedding does not hold the queue time',
    action: 'scale',
    normal: 'nothing shed',
  },
  invariants: ['shed <= shedPctMax of offered unless refusing', 'a priority is shed only after all lower ones'],
  initial: (_policy, machine, nowMs) => ({
    version, machine, offsetMs: 0, nowMs, queue: initialQueueTime(nowMs), shedding: initialShedding,
    share: 0, shareMean: 0, shedAtMs: -1e12, deepAtMs: -1e12, holdMs: holdMinMs, ceilingSinceMs: null, depth: 0, sampledAtMs: -1, growthPerSecond: 0, late: 0,
  }),
  absorb,
  judge,
  explain: explainValve,
  action: actionOf,
});

export const backlogValve: Governor<BacklogValvePolicy, BacklogValveState, Signal> = { ...inner, decide };

/** On the valve's own clock, which a leap of the caller's does not move; receipts carry the caller's time. */
function decide(policy: BacklogValvePolicy, state: BacklogValveState, signal: Signal, nowMs: number): ReturnType<typeof inner.decide> {
  const atMs = nowMs + state.offsetMs;
  if (atMs >= state.nowMs && atMs <= state.nowMs + stepMaxMs && state.offsetMs === 0) return inner.decide(policy, state, signal, nowMs);
  const steady = atMs >= state.nowMs && atMs <= state.nowMs + stepMaxMs;
  const offsetMs = steady || !Number.isFinite(nowMs) ? state.offsetMs : state.nowMs - nowMs;
  const before = offsetMs === state.offsetMs ? state : { ...state, offsetMs };
  const decided = inner.decide(policy, before, signal, steady ? atMs : state.nowMs);
  if (decided.receipts.length === 0) return decided;
  const at = Number.isFinite(nowMs) ? nowMs : state.nowMs - state.offsetMs;
  return { ...decided, receipts: decided.receipts.map((receipt) => ({ ...receipt, at })) };
}

function absorb(policy: BacklogValvePolicy, state: BacklogValveState, signal: Signal, nowMs: number): Absorption {
  switch (signal.kind) {
    case 'request': return absorbRequest(policy, state, signal, nowMs);
    case 'taken': return absorbTaken(policy, state, signal, nowMs);
    case 'backlog': return { state: absorbSample(policy, state, signal, nowMs), answer: null };
    default: return { state: held(policy, { ...state, nowMs }, nowMs), answer: null };
  }
}

function absorbRequest(policy: BacklogValvePolicy, state: BacklogValveState, signal: BacklogValveSignal & { kind: 'request' }, nowMs: number): Absorption {
  if (!state.machine.entitled) return { state: { ...state, nowMs }, answer: notEntitled };
  const priority = known(signal.priority);
  const queue = measured(policy, state.queue, signal, nowMs);
  const { mix } = state.shedding;
  const limit = limitOf(policy, state);
  const fresh = nowMs - queue.measuredAtMs <= policy.staleAfterMs;
  const share = fresh ? totalShare(policy, queue, { mix, limit: 1 }) : 0;
  const shedding = offered(state.shedding, { priority, share: fresh ? shareOf(policy, queue, { mix, limit: limit ?? 1 }, priority) : 0, limit });
  const sheds = shedding.shed !== state.shedding.shed;
  const shareMean = state.shareMean + shareWeight * (share - state.shareMean);
  return {
    state: {
      ...state, nowMs, queue, shedding, share, shareMean,
      shedAtMs: sheds ? nowMs : state.shedAtMs,
      deepAtMs: shareMean > (leaveShare * policy.shedPctMax) / 100 ? nowMs : state.deepAtMs,
      holdMs: sheds ? holdAfter(state, nowMs) : state.holdMs,
      ceilingSinceMs: limit !== null && fresh && isAtCeiling(policy, queue) ? (state.ceilingSinceMs ?? nowMs) : null,
    },
    answer: sheds ? shedForQueueTime : admitted,
  };
}

/** What names none of the five priorities has the lowest. */
function known(priority: number): Priority {
  return priority === 0 || priority === 1 || priority === 2 || priority === 3 ? priority : 4;
}

function holdAfter({ shedAtMs, holdMs }: BacklogValveState, nowMs: number): number {
  const sinceMs = nowMs - shedAtMs;
  if (sinceMs < holdMs) return holdMs;
  return sinceMs < Math.max(recurMs, 2 * holdMs) ? Math.min(holdMaxMs, Math.max(holdRecurringMs, 2 * holdMs)) : holdMinMs;
}

function absorbTaken(policy: BacklogValvePolicy, state: BacklogValveState, signal: BacklogValveSignal & { kind: 'taken' }, nowMs: number): Absorption {
  const { waitedMs } = signal;
  if (waitedMs >= policy.deadlineMs) return { state: { ...state, nowMs, late: state.late + 1 }, answer: tooLate };
  if (waitedMs >= policy.deadlineMs - policy.answerMarginMs) {
    const shedding = dropped(state.shedding, limitOf(policy, state));
    if (shedding) return { state: { ...state, nowMs, shedding, shedAtMs: nowMs, late: state.late + 1 }, answer: tooLate };
  }
  const queue = measured(policy, taken(state.queue, signal.depth ?? 0, nowMs), signal, nowMs);
  return { state: { ...state, nowMs, queue }, answer: worthServing };
}

function absorbSample(policy: BacklogValvePolicy, state: BacklogValveState, signal: BacklogValveSignal & { kind: 'backlog' }, nowMs: number): BacklogValveState {
  const queue = measured(policy, state.queue, signal, nowMs);
  const share = totalShare(policy, queue, { mix: state.shedding.mix, limit: 1 });
  const next = {
    ...state, nowMs, queue, share,
    shareMean: state.shareMean + sampleWeight * (share - state.shareMean),
    ceilingSinceMs: isAtCeiling(policy, queue) ? state.ceilingSinceMs : null,
  };
  const { depth } = signal;
  if (depth === undefined || !(depth >= 0) || depth === Infinity) return next;
  const sinceMs = nowMs - state.sampledAtMs;
  const growthPerSecond = state.sampledAtMs >= 0 && sinceMs > 0 ? (1_000 * (depth - state.depth)) / sinceMs : state.growthPerSecond;
  return { ...next, depth, sampledAtMs: nowMs, growthPerSecond };
}

/**
 * The dwell of an intervention that succeeded counts calm time: one that ended amid shedding would begin anew at
 * once. But where it can no longer hold the queue, the dwell is over, so that the valve can refuse.
 */
function held(policy: BacklogValvePolicy, state: BacklogValveState, nowMs: number): BacklogValveState {
  const { machine } = state;
  if (machine.name !== 'intervening' || machine.succeededAtMs === null) return state;
  if (state.ceilingSinceMs !== null && isOverCapacity(policy, state, nowMs)) return { ...state, machine: { ...machine, succeededAtMs: nowMs - policy.interventionDwellMs } };
  return warningOf(policy, state, nowMs) === normal ? state : { ...state, machine: { ...machine, succeededAtMs: nowMs } };
}

/** Null: no limit. */
function limitOf(policy: BacklogValvePolicy, { machine }: BacklogValveState): number | null {
  return machine.name === 'refusing' ? null : policy.shedPctMax / 100;
}

function judge(policy: BacklogValvePolicy, state: BacklogValveState, nowMs: number): Judgement {
  if (state.machine.name === 'refusing') return whileRefusing(policy, state, nowMs);
  if (state.ceilingSinceMs !== null && isOverCapacity(policy, state, nowMs)) return overCapacity;
  return warningOf(policy, state, nowMs);
}

/** Over when nothing is shed any more; or when less than the limit has sufficed for long, and still is needed. */
function whileRefusing(policy: BacklogValvePolicy, state: BacklogValveState, nowMs: number): Judgement {
  const warning = warningOf(policy, state, nowMs);
  return nowMs - state.deepAtMs >= holdMaxMs && nowMs - state.shedAtMs < holdMinMs ? normal : warning;
}

/** What would hardly be answered in time need not be let in to see whether a standing queue comes down by itself. */
function isOverCapacity({ deadlineMs, refuseAfterMs }: BacklogValvePolicy, { queue, ceilingSinceMs }: BacklogValveState, nowMs: number): boolean {
  return queue.waitMs >= (queue.standing ? BURST_END * deadlineMs : deadlineMs) || nowMs - ceilingSinceMs! >= refuseAfterMs;
}

function warningOf(policy: BacklogValvePolicy, state: BacklogValveState, nowMs: number): Judgement {
  if (nowMs - state.shedAtMs < state.holdMs) return queueTime;
  if (state.depth > policy.depthWarn) return backlogDepth;
  if (state.growthPerSecond > policy.growthWarnPerSecond) return backlogGrowth;
  return nowMs - state.queue.measuredAtMs > policy.staleAfterMs ? noData : normal;
}

/** How much capacity would do, from the share that had to be turned away. */
function actionOf(policy: BacklogValvePolicy, { shareMean, depth, shedding }: BacklogValveState): ActionOrder {
  const capacityPct = Math.ceil(100 / (1 - Math.min(0.9, shareMean)));
  const parameters = policy.action === 'scale'
    ? { capacityPct, depth }
    : { shedPctMax: policy.shedPctMax, depth, shedSoFar: totalOf(shedding.shed) };
  return { kind: policy.action, parameters, heldForMs: policy.action === 'notify' ? null : policy.actionHoldMs, undoTimeoutMs: policy.action === 'notify' ? null : 10_000 };
}
