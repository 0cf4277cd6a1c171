// The backlog valve behind the same interface as its peers, for the queue model. Nobody executes its actions here:
// an action is answered as `outcome` says, after its delay, so that the queue is held by shedding alone.
import type { AdmissionControl, ControlState, QueueView } from '../control/admission-control.ts';
import { backlogValve, type BacklogValveState } from '../governors/backlog-valve.ts';
import type { BacklogValvePolicy } from '../governors/backlog-valve-policy.ts';
import type { BacklogValveSignal } from '../governors/backlog-valve-signals.ts';
import type { Action, CommonSignal, GovernorState, ReceiptBody } from '../governor/governor.ts';

export interface ValveControlState extends ControlState {
  readonly mode: GovernorState;
  readonly valve: BacklogValveState;
  /** Of the latest signal. */
  readonly receipts: readonly ReceiptBody[];
  readonly inFlight: { readonly action: Action; readonly dueMs: number } | null;
}

export interface ValveControlOptions {
  /** `none`: no result ever comes, and the action times out. */
  readonly outcome?: 'succeeded' | 'failed' | 'none';
  readonly actionMs?: number;
  /** What of the queue the caller can measure; all of it unless given. */
  readonly sees?: (queue: QueueView) => { readonly depth?: number; readonly headWaitMs?: number };
  readonly onReceipt?: (receipt: ReceiptBody) => void;
  readonly onAction?: (action: Action, nowMs: number) => void;
}

export function backlogValveControl(policy: BacklogValvePolicy, { outcome = 'succeeded', actionMs = 2_000, sees = (queue) => queue, onReceipt, onAction }: ValveControlOptions = {}): AdmissionControl<ValveControlState> {
  const decide = (state: ValveControlState, signal: BacklogValveSignal | CommonSignal, nowMs: number): ValveControlState => {
    const { state: valve, answer, receipts, actions } = backlogValve.decide(policy, state.valve, signal, nowMs);
    if (onReceipt) receipts.forEach(onReceipt);
    const [action] = actions;
    if (action) onAction?.(action, nowMs);
    return {
      valve, receipts, mode: valve.machine.name,
      passes: answer.decision === 'ok' || answer.decision === 'warn' || answer.decision === 'postponed',
      inFlight: action ? { action, dueMs: nowMs + actionMs } : state.inFlight,
    };
  };
  const answered = (state: ValveControlState, nowMs: number): ValveControlState => {
    if (!state.inFlight || outcome === 'none' || nowMs < state.inFlight.dueMs) return state;
    return decide({ ...state, inFlight: null }, { kind: 'action_result', actionId: state.inFlight.action.id, outcome }, nowMs);
  };
  return {
    name: 'backlog valve',
    initial: (nowMs) => ({ passes: true, mode: 'boot', valve: backlogValve.initial(policy, nowMs), receipts: [], inFlight: null }),
    arrived: (state, queue, priority, nowMs) => decide(state, { kind: 'request', priority, ...sees(queue) }, nowMs),
    taken: (state, queue, waitedMs, nowMs) => decide(state, { kind: 'taken', waitedMs, ...sees(queue) }, nowMs),
    finished: (state) => state,
    ticked: (state, queue, nowMs) => decide(decide(answered(state, nowMs), { kind: 'tick' }, nowMs), { kind: 'backlog', ...sees(queue) }, nowMs),
  };
}
