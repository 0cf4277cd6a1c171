// Joins a governor's judgement to the machine. A governor writes four small functions over its own state;
// the order (absorb, judge, one step of the machine), receipts and actions are the same for all.
import type { PolicySchema } from '../policy/schema.ts';
import type { ActionOrder, Answer, CommonSignal, Decided, Governor, MachineState, ReceiptBody, VersionedState } from './governor.ts';
import { machineTable, type MachineWords } from './machine-table.ts';
import { advance, type MachineRules } from './machine.ts';

/** Constants, not built a signal: the hot path only compares them. */
export interface Judgement {
  readonly level: 'ok' | 'warn' | 'refuse';
  /** `normal`, `burn_rate`, `billing_spike`, … */
  readonly code: string;
}

export const normal: Judgement = Object.freeze({ level: 'ok', code: 'normal' });

/** `answer` is null for an observation (the judgement answers) and set for a request: refused where it says so. */
export interface Absorbed<S, A extends Answer> {
  readonly state: S;
  readonly answer: A | null;
}

export interface GovernorParts<P extends MachineRules, S extends VersionedState, Sig extends { readonly kind: string }, A extends Answer> {
  readonly sku: string;
  readonly policy: PolicySchema<P>;
  readonly words: MachineWords;
  readonly invariants: readonly string[];
  /** The governor's own part around the machine's state. */
  initial(policy: P, machine: MachineState, nowMs: number): S;
  /** Takes every signal into the state, whatever the machine does; returns the same state if nothing changed. */
  absorb(policy: P, state: S, signal: Sig | CommonSignal, nowMs: number): Absorbed<S, A>;
  judge(policy: P, state: S, nowMs: number): Judgement;
  /** Called only when a receipt is written: the values behind the judgement in words. */
  explain(policy: P, state: S, judgement: Judgement, nowMs: number): string;
  /** The first action of `warning` → `intervening`. */
  action(policy: P, state: S, judgement: Judgement, nowMs: number): ActionOrder;
}

const none: readonly never[] = Object.freeze([]);
const okAnswer: Answer = Object.freeze({ decision: 'ok', code: 'normal', reason: '' });
const postponedAnswer: Answer = Object.freeze({ decision: 'postponed', code: 'action_in_flight', reason: '' });
const bootAnswer: Answer = Object.freeze({ decision: 'postponed', code: 'boot', reason: '' });

export function defineGovernor<
  P extends MachineRules, S extends VersionedState, Sig extends { readonly kind: string }, A extends Answer = Answer,
>(parts: GovernorParts<P, S, Sig, A>): Governor<P, S, Sig | CommonSignal, Answer | A> {
  return {
    sku: parts.sku,
    policy: parts.policy,
    machine: machineTable(parts.words),
    initial: (policy, nowMs) => parts.initial(policy, bootMachine(nowMs), nowMs),
    decide: (policy, state, signal, nowMs) => decide(parts, { policy, state, signal, nowMs }),
  };
}

export function bootMachine(nowMs: number): MachineState {
  return {
    name: 'boot', sinceMs: nowMs, warnSinceMs: null, normalSinceMs: null, succeededAtMs: null,
    inFlight: null, actionsStarted: 0, entitled: true,
  };
}

interface Input<P, S, Sig> {
  readonly policy: P;
  readonly state: S;
  readonly signal: Sig;
  readonly nowMs: number;
}

function decide<P extends MachineRules, S extends VersionedState, Sig extends { readonly kind: string }, A extends Answer>(
  parts: GovernorParts<P, S, Sig, A>, { policy, state, signal, nowMs }: Input<P, S, Sig | CommonSignal>,
): Decided<S, Answer | A> {
  const { state: absorbed, answer: requested } = parts.absorb(policy, state, signal, nowMs);
  const judgement = parts.judge(policy, absorbed, nowMs);
  const refusals = requested?.decision === 'refuse' ? [refusalReceipt(parts, absorbed.machine, requested, signal.kind, nowMs)] : none;
  if (staysStable(absorbed.machine, judgement, signal)) return { state: absorbed, actions: none, receipts: refusals, answer: requested ?? okAnswer };
  const step = advance(absorbed.machine, {
    sku: parts.sku, invariants: parts.invariants, rules: policy, signal, judgement, nowMs,
    explain: () => parts.explain(policy, absorbed, judgement, nowMs),
    order: () => parts.action(policy, absorbed, judgement, nowMs),
  });
  if (step === null) {
    return { state: absorbed, actions: none, receipts: refusals, answer: requested ?? observed(absorbed.machine, judgement, '') };
  }
  return {
    state: { ...absorbed, machine: step.machine },
    actions: step.actions,
    receipts: refusals === none ? step.receipts : [...refusals, ...step.receipts],
    answer: requested ?? observed(step.machine, judgement, step.reason),
  };
}

/** Almost every signal: said before the machine is asked, which would come to the same. */
function staysStable(machine: MachineState, judgement: Judgement, signal: { readonly kind: string }): boolean {
  return machine.name === 'stable' && judgement.level === 'ok' && machine.entitled && signal.kind !== 'entitlement';
}

function refusalReceipt<P extends MachineRules, S extends VersionedState, Sig extends { readonly kind: string }, A extends Answer>(
  parts: GovernorParts<P, S, Sig, A>, { name }: MachineState, answer: A, event: string, at: number,
): ReceiptBody {
  return {
    kind: 'refusal', sku: parts.sku, stateFrom: name, stateTo: name, event, decision: answer.code,
    reason: answer.reason, action: null, invariants: parts.invariants, at,
  };
}

/** What an observation hears: refusing is for requests, so the worst it hears is a warning. */
function observed(machine: MachineState, judgement: Judgement, reason: string): Answer {
  if (machine.name === 'intervening') return postponedAnswer;
  if (machine.name === 'boot') return bootAnswer;
  if (judgement.level === 'ok' && reason === '') return okAnswer;
  return { decision: judgement.level === 'ok' ? 'ok' : 'warn', code: judgement.code, reason };
}
