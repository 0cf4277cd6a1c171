// One step of the machine: at most one transition a signal, one receipt each for a transition, an action and its
// result. Pure. The governors' `decide` is its only caller; it never judges, it only acts on a judgement.
import type { Judgement } from './define-governor.ts';
import type { Action, ActionOrder, CommonSignal, GovernorState, InFlight, MachineState, ReceiptBody, ReceiptKind } from './governor.ts';

/** The part of each policy that the machine reads: durations in ms. */
export interface MachineRules {
  /** A warning lasts this long without a break before the action runs. */
  readonly warnPersistMs: number;
  /** Judged ok for this long before `warning` becomes `stable`. */
  readonly calmDwellMs: number;
  /** After its action has succeeded, `intervening` lasts this long. */
  readonly interventionDwellMs: number;
  /** Judged ok for this long before `degraded` becomes `warning` and `refusing` becomes `stable`. */
  readonly recoveryDwellMs: number;
  /** An action without a result for this long has timed out. */
  readonly actionTimeoutMs: number;
}

export interface Situation {
  readonly sku: string;
  readonly invariants: readonly string[];
  readonly rules: MachineRules;
  readonly signal: { readonly kind: string };
  readonly judgement: Judgement;
  readonly nowMs: number;
  explain(): string;
  order(): ActionOrder;
}

export interface Step {
  readonly machine: MachineState;
  readonly actions: readonly Action[];
  readonly receipts: readonly ReceiptBody[];
  /** Of the transition; '' without one. */
  readonly reason: string;
}

interface Change {
  readonly decision: string;
  readonly reason: string;
}

const none: readonly never[] = Object.freeze([]);

/** Null: nothing changed, which is what almost every signal does. */
export function advance(machine: MachineState, situation: Situation): Step | null {
  const { signal } = situation;
  if (signal.kind === 'entitlement') return entitlementStep(machine, situation, (signal as CommonSignal & { kind: 'entitlement' }).active);
  switch (machine.name) {
    case 'boot': return signal.kind === 'tick' ? enter(machine, situation, 'stable', { decision: 'boot', reason: 'first tick' }) : null;
    case 'stable': return fromStable(machine, situation);
    case 'warning': return fromWarning(machine, situation);
    case 'intervening': return fromIntervening(machine, situation);
    case 'degraded': return fromDegraded(machine, situation);
    case 'refusing': return fromRefusing(machine, situation);
  }
}

/** Entitlement is kept in every state; where the machine may move at once, it does. */
function entitlementStep(before: MachineState, situation: Situation, active: boolean): Step | null {
  const machine = before.entitled === active ? before : { ...before, entitled: active };
  const kept = machine === before ? null : { machine, actions: none, receipts: none, reason: '' };
  if (machine.name === 'boot') return kept;
  if (machine.name === 'intervening') return fromIntervening(machine, situation) ?? kept;
  if (!active) return machine.name === 'refusing' ? kept : enter(machine, situation, 'refusing', notEntitled);
  if (machine.name === 'refusing' && !before.entitled && situation.judgement.level !== 'refuse') {
    return enter(machine, situation, 'stable', { decision: 'entitled', reason: 'entitlement is active again' });
  }
  return kept;
}

const notEntitled: Change = { decision: 'not_entitled', reason: 'the entitlement is not active' };

/** Stable, warning and degraded give way to a refusal at once. */
function refused(machine: MachineState, situation: Situation): Step | null {
  if (!machine.entitled) return enter(machine, situation, 'refusing', notEntitled);
  return situation.judgement.level === 'refuse' ? enter(machine, situation, 'refusing', judged(situation)) : null;
}

function judged({ judgement, explain }: Situation): Change {
  return { decision: judgement.code, reason: explain() };
}

function fromStable(machine: MachineState, situation: Situation): Step | null {
  if (situation.judgement.level === 'ok' && machine.entitled) return null;
  return refused(machine, situation) ?? enter(machine, situation, 'warning', judged(situation));
}

function fromWarning(machine: MachineState, situation: Situation): Step | null {
  const { judgement, nowMs, rules } = situation;
  const worse = refused(machine, situation);
  if (worse) return worse;
  if (judgement.level === 'ok') return afterNormal(machine, situation, { to: 'stable', dwellMs: rules.calmDwellMs });
  if (machine.warnSinceMs === null) return quietly({ ...machine, warnSinceMs: nowMs, normalSinceMs: null });
  return nowMs - machine.warnSinceMs >= rules.warnPersistMs ? intervene(machine, situation) : null;
}

function fromDegraded(machine: MachineState, situation: Situation): Step | null {
  const worse = refused(machine, situation);
  if (worse) return worse;
  if (situation.judgement.level === 'ok') return afterNormal(machine, situation, { to: 'warning', dwellMs: situation.rules.recoveryDwellMs });
  return abnormal(machine);
}

function fromRefusing(machine: MachineState, situation: Situation): Step | null {
  if (!machine.entitled) return abnormal(machine);
  if (situation.signal.kind === 'admin_reset') {
    const { by } = situation.signal as CommonSignal & { kind: 'admin_reset' };
    return enter(machine, situation, 'stable', { decision: 'admin_reset', reason: `reset by ${by}` });
  }
  if (situation.judgement.level === 'ok') return afterNormal(machine, situation, { to: 'stable', dwellMs: situation.rules.recoveryDwellMs });
  return abnormal(machine);
}

function abnormal(machine: MachineState): Step | null {
  return machine.normalSinceMs === null ? null : quietly({ ...machine, normalSinceMs: null });
}

function afterNormal(machine: MachineState, situation: Situation, { to, dwellMs }: { to: GovernorState; dwellMs: number }): Step | null {
  const since = machine.normalSinceMs;
  if (since === null && dwellMs > 0) return quietly({ ...machine, normalSinceMs: situation.nowMs, warnSinceMs: null });
  if (since !== null && situation.nowMs - since < dwellMs) return null;
  return enter(machine, situation, to, judged(situation));
}

function quietly(machine: MachineState): Step {
  return { machine, actions: none, receipts: none, reason: '' };
}

/** Only the result, the deadline and the end of the dwell move it: everything else is postponed. */
function fromIntervening(machine: MachineState, situation: Situation): Step | null {
  const { inFlight } = machine;
  if (inFlight) return resultOf(inFlight, situation, machine);
  const since = machine.succeededAtMs ?? machine.sinceMs;
  if (situation.nowMs - since < situation.rules.interventionDwellMs) return null;
  return enter(machine, situation, 'stable', { decision: 'dwell_ended', reason: `action #${machine.actionsStarted} has held for ${situation.nowMs - since} ms` });
}

function resultOf(inFlight: InFlight, situation: Situation, machine: MachineState): Step | null {
  const { nowMs, rules } = situation;
  const signal = situation.signal as CommonSignal;
  if (signal.kind === 'action_result' && signal.actionId === inFlight.id) {
    const detail = signal.detail === undefined ? '' : `: ${signal.detail.slice(0, 200)}`;
    return conclude(inFlight, situation, machine, { decision: signal.outcome, reason: `${nameOf(inFlight)} ${signal.outcome.replace('_', ' ')}${detail}` });
  }
  if (nowMs < inFlight.deadlineMs) return null;
  return conclude(inFlight, situation, machine, { decision: 'timed_out', reason: `${nameOf(inFlight)} gave no result within ${rules.actionTimeoutMs} ms` });
}

function conclude(inFlight: InFlight, situation: Situation, machine: MachineState, result: Change): Step {
  const idle = { ...machine, inFlight: null };
  const action = nameOf(inFlight);
  if (result.decision === 'succeeded') {
    const dwelling = { ...idle, succeededAtMs: situation.nowMs };
    return { machine: dwelling, actions: none, receipts: [receipt('action_result', machine, dwelling, situation, { ...result, action })], reason: '' };
  }
  const step = enter(idle, situation, 'degraded', result);
  return { ...step, receipts: [receipt('action_result', machine, step.machine, situation, { ...result, action }), ...step.receipts] };
}

function intervene(machine: MachineState, situation: Situation): Step {
  const { nowMs, rules } = situation;
  const change = judged(situation);
  const id = machine.actionsStarted + 1;
  const order = situation.order();
  const inFlight: InFlight = { id, kind: order.kind, deadlineMs: nowMs + rules.actionTimeoutMs };
  const step = enter({ ...machine, actionsStarted: id }, situation, 'intervening', change);
  const acting = { ...step.machine, inFlight };
  return {
    machine: acting,
    actions: [{ ...order, id, reason: change.reason, timeoutMs: rules.actionTimeoutMs }],
    receipts: [...step.receipts, receipt('action', machine, acting, situation, { ...change, action: nameOf(inFlight) })],
    reason: change.reason,
  };
}

function nameOf({ kind, id }: InFlight): string {
  return `${kind}#${id}`;
}

function enter(from: MachineState, situation: Situation, name: GovernorState, change: Change): Step {
  const { nowMs } = situation;
  const machine: MachineState = {
    name, sinceMs: nowMs, warnSinceMs: name === 'warning' ? warnSince(situation) : null, normalSinceMs: null,
    succeededAtMs: null, inFlight: null, actionsStarted: from.actionsStarted, entitled: from.entitled,
  };
  return { machine, actions: none, receipts: [receipt('transition', from, machine, situation, { ...change, action: null })], reason: change.reason };
}

/** `degraded` → `warning` happens on an ok judgement: no warning has begun then. */
function warnSince({ judgement, nowMs }: Situation): number | null {
  return judgement.level === 'warn' ? nowMs : null;
}

function receipt(
  kind: ReceiptKind, from: MachineState, to: MachineState,
  { sku, signal, invariants, nowMs }: Situation, { decision, reason, action }: Change & { readonly action: string | null },
): ReceiptBody {
  return { kind, sku, stateFrom: from.name, stateTo: to.name, event: signal.kind, decision, reason, action, invariants, at: nowMs };
}
