// Controlled delay for server queues: a queue that has not been empty for an interval gives its requests a short
// time to wait, any other a long one, and drops at the server what has waited longer. (B. Maurer, "Fail at
// Scale", ACM Queue 13(8), 2015, after Nichols and Jacobson's CoDel.) It knows neither priorities nor a limit of
// what it sheds. Measured against the backlog valve.
import type { AdmissionControl, ControlState } from '../../control/admission-control.ts';

export interface ControlledDelayOptions {
  readonly shortMs: number;
  readonly intervalMs: number;
}

export interface ControlledDelayState extends ControlState {
  readonly emptyAtMs: number;
  /** Of the requests that are let in now. */
  readonly timeoutMs: number;
}

export function controlledDelay({ shortMs, intervalMs }: ControlledDelayOptions): AdmissionControl<ControlledDelayState> {
  return {
    name: `controlled delay ${shortMs}/${intervalMs} ms`,
    initial: (nowMs) => ({ passes: true, mode: 'stable', emptyAtMs: nowMs, timeoutMs: intervalMs }),
    arrived: (state, { depth }, _priority, nowMs) => {
      const emptyAtMs = depth === 0 ? nowMs : state.emptyAtMs;
      return { passes: true, mode: 'stable', emptyAtMs, timeoutMs: nowMs - emptyAtMs > intervalMs ? shortMs : intervalMs };
    },
    // The time to wait is the queue's at this moment, not the one on entry: closer to CoDel, and better here.
    taken: (state, { depth }, waitedMs, nowMs) => ({
      ...state, passes: waitedMs <= state.timeoutMs, emptyAtMs: depth === 0 ? nowMs : state.emptyAtMs,
    }),
    finished: (state) => state,
    ticked: (state) => state,
  };
}
