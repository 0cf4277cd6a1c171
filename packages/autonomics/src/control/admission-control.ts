// What an algorithm that lets requests through a queue, or turns them away, looks like. The backlog valve's own
// is queue-time.ts; those that it was measured against are the simulator's peers. Pure: a state goes in with
// what was seen, a state comes out that says whether the request passes. No clock, no chance, no I/O.

/** The queue as the one who asks sees it at that moment. */
export interface QueueView {
  /** Requests that wait; those being served do not count. */
  readonly depth: number;
  /** Requests being served. */
  readonly busy: number;
  /** How long the first of the waiting ones has waited, in ms; 0 when none waits. */
  readonly headWaitMs: number;
}

/** 0 is the highest priority, 4 the lowest. */
export type Priority = 0 | 1 | 2 | 3 | 4;

export const PRIORITIES = 5;

export interface ControlState {
  /** Whether the request last asked about goes on: into the queue (`arrived`), to the server (`taken`). */
  readonly passes: boolean;
  /** The coarse state that an operator sees; each change of it is a flip. */
  readonly mode: string;
}

export interface AdmissionControl<S extends ControlState = ControlState> {
  readonly name: string;
  initial(nowMs: number): S;
  /** A request arrived: does it enter the queue? */
  arrived(state: S, queue: QueueView, priority: Priority, nowMs: number): S;
  /** A server took the request that waited longest: is it worth serving? `queue` is without it. */
  taken(state: S, queue: QueueView, waitedMs: number, nowMs: number): S;
  /** A request was served; `latencyMs` from arrival to now. `queue.busy` is without it. */
  finished(state: S, queue: QueueView, latencyMs: number, nowMs: number): S;
  /** Once a second. */
  ticked(state: S, queue: QueueView, nowMs: number): S;
}
