// The shape that every governor has: a pure decider with a policy schema and a picture of its machine.
// The processes, the simulator and the tests call it; it reads no clock, draws no chance and does no I/O.
import type { PolicySchema } from '../policy/schema.ts';
import type { MachineTable } from './machine-table.ts';

export type GovernorState = 'boot' | 'stable' | 'warning' | 'intervening' | 'degraded' | 'refusing';

/**
 * `ok`, `warn`: what the governor thinks after this signal. `refuse`: a request (may I?) was turned away, which
 * leaves its refusal receipt. `shed`: turned away by an action that has its receipt already. `postponed`: the
 * signal is absorbed, its judgement waits until the action in flight, or the dwell after it, has ended.
 */
export type Decision = 'ok' | 'warn' | 'refuse' | 'shed' | 'postponed';

export interface Answer {
  readonly decision: Decision;
  /** One word for machines: `billing_spike`, `budget_day`, … */
  readonly code: string;
  /** For people; '' unless the decision left a receipt. */
  readonly reason: string;
}

export type ActionKind = 'throttle' | 'pause' | 'resume' | 'shed' | 'scale' | 'rollback' | 'freeze' | 'notify';

/** What an executor needs to know of the action itself; the machine numbers it and adds its reason. */
export interface ActionOrder {
  readonly kind: ActionKind;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** After this long its executor takes the action back by itself; null: it stays (a rollback). */
  readonly heldForMs: number | null;
  /** How long taking it back may last; null where it cannot be taken back. */
  readonly undoTimeoutMs: number | null;
}

export interface Action extends ActionOrder {
  /** 1, 2, 3 … a governor; an `action_result` names it. */
  readonly id: number;
  readonly reason: string;
  readonly timeoutMs: number;
}

export type ReceiptKind = 'transition' | 'refusal' | 'action' | 'action_result';

/** What the decider knows of a receipt. Whoever appends it adds tenantId and prevReceiptHash. */
export interface ReceiptBody {
  readonly kind: ReceiptKind;
  readonly sku: string;
  readonly stateFrom: GovernorState;
  readonly stateTo: GovernorState;
  /** The signal's kind. */
  readonly event: string;
  /** The code of the judgement, or the outcome of the action. */
  readonly decision: string;
  /** Readable: the value, what it is compared with, the threshold. */
  readonly reason: string;
  /** `throttle#3`, or null. */
  readonly action: string | null;
  /** What held when this was decided: `spent + reserved <= budget`, … */
  readonly invariants: readonly string[];
  readonly at: number;
}

/** Understood by every governor, beside its own signals. */
export type CommonSignal =
  | { readonly kind: 'tick' }
  | { readonly kind: 'entitlement'; readonly active: boolean }
  | { readonly kind: 'admin_reset'; readonly by: string }
  | { readonly kind: 'action_result'; readonly actionId: number; readonly outcome: 'succeeded' | 'failed' | 'timed_out'; readonly detail?: string };

export interface InFlight {
  readonly id: number;
  readonly kind: ActionKind;
  readonly deadlineMs: number;
}

/** The machine's own part of a governor's state; only the engine writes it. */
export interface MachineState {
  readonly name: GovernorState;
  readonly sinceMs: number;
  /** `warning`: since when each judgement was a warning. */
  readonly warnSinceMs: number | null;
  /** `warning`, `degraded`, `refusing`: since when each judgement was ok. */
  readonly normalSinceMs: number | null;
  /** `intervening`: since when its action has succeeded, and the dwell runs. */
  readonly succeededAtMs: number | null;
  readonly inFlight: InFlight | null;
  readonly actionsStarted: number;
  readonly entitled: boolean;
}

/** Plain JSON, 4,096 bytes at most. */
export interface VersionedState {
  readonly version: number;
  readonly machine: MachineState;
}

export interface Decided<S, A extends Answer = Answer> {
  readonly state: S;
  readonly actions: readonly Action[];
  readonly receipts: readonly ReceiptBody[];
  readonly answer: A;
}

export interface Governor<P, S extends VersionedState, Sig, A extends Answer = Answer> {
  /** gcp.autonomic.cost_guard.v1 … */
  readonly sku: string;
  readonly policy: PolicySchema<P>;
  readonly machine: MachineTable;
  initial(policy: P, nowMs: number): S;
  /** Pure and total: the same four values give the same result, and a valid state never makes it throw. */
  decide(policy: P, state: S, signal: Sig, nowMs: number): Decided<S, A>;
}
