// What can be run in isolation, what it may use there, and how a run can end from outside. Types
// of three parties: who asks for a run, the invoker that runs in the child, and the pool.
import type { ErrorInfo } from '../process/exit-reason.ts';

/** A function by address, so that another OS process can find it. All of it is plain data. */
export interface IsolatedJob {
  /** File URL of a platform module that exports `run`, an `Invoker`: it knows how the target is called. */
  readonly invoker: string;
  /** Absolute path of the target's module, in the directory of the application's version in force. */
  readonly module: string;
  readonly export: string;
  /** Property names from the exported value (through its slot, where it has one) to the target. */
  readonly path: readonly string[];
  readonly input: unknown;
  /** Milliseconds from the request to the answer, waiting for a free runner included. */
  readonly deadlineMs: number;
  /** Resident memory of the runner and its descendants, MB; the pool's unless given, and never more. */
  readonly memoryMbMax?: number;
  /** CPU time of the runner and its descendants, ms; unlimited unless given. Granularity 10 ms. */
  readonly cpuMsMax?: number;
  /** Application of the module and which version of it: a runner never holds two versions of one. */
  readonly application?: string;
  readonly version?: string;
}

/** What runs in the child, given the target and the input, and makes the result: plain data. */
export type Invoker = (target: never, input: never, context: IsolatedContext) => unknown;

/** What a target may use, through its invoker. All values are plain data. */
export interface IsolatedContext {
  /** Aborts when the caller cancels; who ignores it is killed after the grace. */
  readonly signal: AbortSignal;
  /** Streams a message to the caller's `onNotify`. */
  notify(message: unknown): void;
  /** Asks the caller's `onAsk`; rejects if it does, or if there is none. Its time counts against the deadline. */
  ask(question: unknown): Promise<unknown>;
}

/** Why a run was ended from outside: `reason` of 'isolation-killed' and 'isolation-closed'. */
export type IsolationEnd =
  | { readonly kind: 'deadline'; readonly deadlineMs: number; readonly started: boolean }
  | { readonly kind: 'memory'; readonly usedMb: number | undefined; readonly memoryMbMax: number }
  | { readonly kind: 'cpu'; readonly usedMs: number; readonly cpuMsMax: number }
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'crash'; readonly error: ErrorInfo }
  | { readonly kind: 'cancelled'; readonly graceMs: number }
  | { readonly kind: 'flood'; readonly messagesMax: number }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'start'; readonly message: string }
  | { readonly kind: 'recycled' }
  | { readonly kind: 'closed' };

/** One line for people: what happened and, where there is something, what to do. */
export function describeEnd(end: IsolationEnd): string {
  switch (end.kind) {
    case 'deadline': return end.started ? `killed: no answer within ${end.deadlineMs} ms` : `not started: no runner was free within ${end.deadlineMs} ms`;
    case 'memory': return `killed: used ${end.usedMb === undefined ? '' : `${end.usedMb} MB, `}more than its ${end.memoryMbMax} MB of memory`;
    case 'cpu': return `killed: used ${end.usedMs} ms of CPU, more than its ${end.cpuMsMax} ms`;
    case 'exit': return `ended itself with exit code ${end.exitCode} before it answered`;
    case 'signal': return `its process was ended by ${end.signal}`;
    case 'crash': return `crashed with an error that nobody caught: ${end.error.name}: ${end.error.message}`;
    case 'cancelled': return `killed: cancelled, and still running ${end.graceMs} ms later`;
    case 'flood': return `killed: sent more than ${end.messagesMax} messages`;
    case 'disconnect': return 'killed: closed the channel to its pool';
    case 'start': return `its runner could not be started: ${end.message}`;
    case 'recycled': return 'its runner was replaced';
    case 'closed': return 'the pool of runners was closed';
  }
}
