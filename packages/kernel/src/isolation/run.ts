// One run as its caller sees it: a promise that settles once, by the runner's answer, by the
// deadline, by a cancellation, or because the runner ended.
import { serialize } from 'node:v8';
import { KernelError } from '../errors.ts';
import { cast, monitorWith } from '../process/call.ts';
import type { Context } from '../process/context.ts';
import { errorInfo, type ErrorInfo } from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Named } from '../process/protocol.ts';
import { processNamed } from '../process/registry.ts';
import { cancelTimer, startTimer } from '../timing/timers.ts';
import { describeEnd, type IsolatedJob, type IsolationEnd } from './job.ts';
import type { QueuedRun } from './pool-state.ts';
import { valueBytesMax } from './runner-protocol.ts';

/** The name under which the pool is found. */
export const isolationPoolName = 'isolation_pool';

/** What it is told; `isolation-pool.ts` does it. */
export interface PoolProtocol {
  calls: Record<never, never>;
  casts: {
    submit: (state: unknown, run: QueuedRun) => unknown;
    withdraw: (state: unknown, id: number) => unknown;
    warm: (state: unknown) => unknown;
  };
}

const poolTarget: Named<PoolProtocol> = { name: isolationPoolName };

export interface IsolatedRunOptions {
  /** Its abort cancels the run. */
  readonly signal?: AbortSignal;
  /** The process that asks: its death cancels the run, and ends the callbacks. */
  readonly caller?: Context;
  /** Called for each `notify`, in order, before the promise settles. */
  readonly onNotify?: (message: unknown) => void;
  /** Answers `ask`; what it throws is thrown there. */
  readonly onAsk?: (question: unknown) => unknown;
}

/** What the target threw, with its name, message, code and the stack that it had in the runner. */
export class IsolatedError extends Error {
  readonly info: ErrorInfo;
  readonly code?: string;

  constructor(info: ErrorInfo) {
    super(info.message);
    this.name = info.name;
    this.info = info;
    if (info.code !== undefined) this.code = info.code;
    if (info.stack !== undefined) this.stack = info.stack;
  }
}

/** The runner that has the run. */
export interface RunHolder {
  cancel(run: Run): void;
  kill(end: IsolationEnd): void;
}

/** Runs that are not settled, by id: the pool's messages name them, their inputs stay out of its state. */
export const openRuns = new Map<number, Run>();
let lastRunId = 0;

export class Run {
  readonly id: number;
  readonly job: IsolatedJob;
  readonly input: Uint8Array;
  readonly options: IsolatedRunOptions;
  readonly promise: Promise<unknown>;
  /** Called when it settles. */
  readonly #release: (() => void)[] = [];
  #resolve!: (value: unknown) => void;
  #reject!: (error: Error) => void;
  #holder: RunHolder | undefined;

  constructor(job: IsolatedJob, options: IsolatedRunOptions) {
    lastRunId += 1;
    this.id = lastRunId;
    this.job = job;
    this.options = options;
    this.input = packInput(job);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get title(): string {
    const { module, export: name, path } = this.job;
    return `${module}#${[name, ...path].join('.')}`;
  }

  open(pool: Pid): void {
    openRuns.set(this.id, this);
    const deadline = startTimer(this.job.deadlineMs, () => this.#expire());
    this.#release.push(
      () => cancelTimer(deadline),
      () => openRuns.delete(this.id),
      monitorWith(pool, () => this.end({ kind: 'closed' })),
    );
    const { signal, caller } = this.options;
    for (const each of [signal, caller?.signal]) this.#cancelOn(each);
  }

  hold(holder: RunHolder): void {
    this.#holder = holder;
  }

  succeed(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Ended from outside. */
  end(end: IsolationEnd): void {
    const code = end.kind === 'closed' ? 'isolation-closed' : 'isolation-killed';
    this.fail(new KernelError(code, `isolated run of ${this.title}: ${describeEnd(end)}`, { reason: end }));
  }

  #expire(): void {
    const end: IsolationEnd = { kind: 'deadline', deadlineMs: this.job.deadlineMs, started: this.#holder !== undefined };
    const holder = this.#holder;
    // The caller first: killing takes some milliseconds that it need not wait.
    this.end(end);
    if (holder === undefined) withdraw(this);
    else holder.kill(end);
  }

  #cancelOn(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const cancel = (): void => {
      if (this.#holder !== undefined) this.#holder.cancel(this);
      else {
        this.end({ kind: 'cancelled', graceMs: 0 });
        withdraw(this);
      }
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#release.push(() => signal.removeEventListener('abort', cancel));
  }

  #settle(): boolean {
    if (this.#release.length === 0) return false;
    for (const release of this.#release.splice(0)) release();
    return true;
  }
}

function withdraw(run: Run): void {
  cast(poolTarget, 'withdraw', run.id);
}

function packInput(job: IsolatedJob): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serialize(job.input);
  } catch (error) {
    throw new KernelError('bad-message', `the input of an isolated run of ${job.module} is not plain data: ${errorInfo(error).message}`, { cause: error });
  }
  if (bytes.byteLength > valueBytesMax) throw new KernelError('bad-message', `the input of an isolated run of ${job.module} has ${bytes.byteLength} bytes serialized, the limit is ${valueBytesMax}`);
  return bytes;
}

/**
 * Runs the job in a runner of the pool and resolves with its result. Rejects with what the target
 * threw as an IsolatedError, or with a KernelError: 'isolation-killed' (`reason` is an
 * IsolationEnd: deadline, memory, its own exit, …), 'isolation-closed' (no pool, or it ended),
 * 'overloaded' (too many runs wait), 'bad-message' (the input is not plain data or too large).
 */
export async function runIsolated(job: IsolatedJob, options: IsolatedRunOptions = {}): Promise<unknown> {
  const pool = processNamed(isolationPoolName);
  if (pool === undefined) throw new KernelError('isolation-closed', `no process is named "${isolationPoolName}"; isolated runs need the pool in the supervision tree`);
  const run = new Run(job, options);
  if (options.signal?.aborted === true || options.caller?.alive === false) {
    throw new KernelError('isolation-killed', `isolated run of ${run.title}: cancelled before it began`, { reason: { kind: 'cancelled', graceMs: 0 } satisfies IsolationEnd });
  }
  run.open(pool.pid);
  cast(poolTarget, 'submit', { id: run.id, application: job.application ?? '', version: job.version ?? '' });
  return await run.promise;
}

/** Starts the pool's runners now, so that the first run need not wait for one; nothing without a pool. */
export function warmIsolation(): void {
  cast(poolTarget, 'warm');
}
