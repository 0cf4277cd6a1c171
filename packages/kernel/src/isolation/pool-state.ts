// What the pool decides: which runner takes which run, when one is started, replaced or recycled.
// Pure; `isolation-pool.ts` does what comes out.

export interface PoolConfig {
  /** Runners; 1 to 64. */
  readonly size: number;
  /** Of each runner with all that it starts; at least 128. */
  readonly memoryMbMax: number;
  /** Runs after which a runner is replaced by a fresh one. */
  readonly recycleAfterRuns: number;
  /** Runs that may wait for a free runner; one more is refused. */
  readonly queueLengthMax: number;
  /** File URLs that a runner loads at its start, so that its first run need not. */
  readonly preload: readonly string[];
}

export const poolConfigDefault: PoolConfig = { size: 2, memoryMbMax: 512, recycleAfterRuns: 1_000, queueLengthMax: 1_000, preload: [] };

export interface QueuedRun {
  readonly id: number;
  readonly application: string;
  readonly version: string;
}

export interface PoolRunner {
  readonly port: number;
  /** starting: not ready, after its start or between two runs. */
  readonly status: 'starting' | 'idle' | 'busy';
  readonly runs: number;
  /** Versions of the applications that it has loaded. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface PoolState {
  readonly config: PoolConfig;
  readonly runners: readonly PoolRunner[];
  readonly queue: readonly QueuedRun[];
  /** Runners are kept from the first use on. */
  readonly used: boolean;
  /** Starts that failed one after the other. */
  readonly failedStarts: number;
  /** No runner is started until the retry timer fires. */
  readonly holdsBack: boolean;
}

export type PoolAction =
  | { readonly kind: 'assign'; readonly port: number; readonly run: QueuedRun }
  | { readonly kind: 'recycle'; readonly port: number }
  | { readonly kind: 'refuse'; readonly run: QueuedRun }
  | { readonly kind: 'retry'; readonly delayMs: number };

export interface Decision {
  readonly state: PoolState;
  readonly actions: readonly PoolAction[];
}

const retryDelayMsMax = 10_000;

export function newPool(config: PoolConfig): PoolState {
  return { config, runners: [], queue: [], used: false, failedStarts: 0, holdsBack: false };
}

/** How many runners to start now. */
export function missingRunners({ used, holdsBack, config, runners }: PoolState): number {
  return used && !holdsBack ? config.size - runners.length : 0;
}

export function submit(state: PoolState, run: QueuedRun): Decision {
  if (state.queue.length >= state.config.queueLengthMax) return { state, actions: [{ kind: 'refuse', run }] };
  return dispatch({ ...state, used: true, queue: [...state.queue, run] });
}

export function withdraw(state: PoolState, id: number): PoolState {
  return { ...state, queue: state.queue.filter((run) => run.id !== id) };
}

export function runnerStarted(state: PoolState, port: number): PoolState {
  return { ...state, runners: [...state.runners, { port, status: 'starting', runs: 0, versions: {} }] };
}

export function runnerReady(state: PoolState, port: number): Decision {
  const runner = state.runners.find((each) => each.port === port);
  if (runner === undefined) return { state, actions: [] };
  if (runner.runs >= state.config.recycleAfterRuns) return { state: without(state, port), actions: [{ kind: 'recycle', port }] };
  return dispatch({ ...replaced(state, { ...runner, status: 'idle' }), failedStarts: 0 });
}

/** Its run has ended; it takes the next when it says that it is ready. */
export function runnerFinished(state: PoolState, port: number): PoolState {
  const runner = state.runners.find((each) => each.port === port);
  return runner === undefined ? state : replaced(state, { ...runner, status: 'starting' });
}

/** A runner that was never ready counts as a failed start: the next try waits longer each time. */
export function runnerGone(state: PoolState, port: number, wasReady: boolean): Decision {
  const left = without(state, port);
  if (wasReady || left.holdsBack) return { state: left, actions: [] };
  const delayMs = Math.min(100 * 2 ** state.failedStarts, retryDelayMsMax);
  return { state: { ...left, failedStarts: state.failedStarts + 1, holdsBack: true }, actions: [{ kind: 'retry', delayMs }] };
}

function dispatch(state: PoolState): Decision {
  const actions: PoolAction[] = [];
  const queue: QueuedRun[] = [];
  let next = state;
  for (const run of state.queue) {
    const runner = fittest(next.runners, run);
    if (runner === undefined) queue.push(run);
    else {
      const versions = { ...runner.versions, [run.application]: run.version };
      next = replaced(next, { ...runner, status: 'busy', runs: runner.runs + 1, versions });
      actions.push({ kind: 'assign', port: runner.port, run });
    }
  }
  return makeRoom({ ...next, queue }, actions);
}

// Runs wait though runners are idle: those hold another version of the application. One at a
// time is replaced, the oldest first, so that a swap does not cost all of them at once.
function makeRoom(state: PoolState, actions: PoolAction[]): Decision {
  const idle = state.runners.find((runner) => runner.status === 'idle');
  const isComing = state.runners.some((runner) => runner.status === 'starting') || state.runners.length < state.config.size;
  if (state.queue.length === 0 || idle === undefined || isComing) return { state, actions };
  return { state: without(state, idle.port), actions: [...actions, { kind: 'recycle', port: idle.port }] };
}

/** An idle runner that has loaded the version, else one that has none of the application. */
function fittest(runners: readonly PoolRunner[], { application, version }: QueuedRun): PoolRunner | undefined {
  const idle = runners.filter((runner) => runner.status === 'idle');
  return idle.find((runner) => runner.versions[application] === version) ?? idle.find((runner) => !Object.hasOwn(runner.versions, application));
}

function replaced(state: PoolState, runner: PoolRunner): PoolState {
  return { ...state, runners: state.runners.map((each) => (each.port === runner.port ? runner : each)) };
}

function without(state: PoolState, port: number): PoolState {
  return { ...state, runners: state.runners.filter((runner) => runner.port !== port) };
}
