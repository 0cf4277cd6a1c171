// The process that owns the runners: OS processes that run code which must be killable. It keeps
// as many as configured from the first use on, and replaces each that ends. A runner is a port of
// it, so that at its exit none is left.
import { genServer, type Self } from '../behaviours/gen-server.ts';
import { reply } from '../behaviours/outcome.ts';
import { KernelError } from '../errors.ts';
import { closePort, openPort, portTable } from '../process/port.ts';
import { processOf } from '../process/pid.ts';
import type { ChildSpec } from '../supervision/child-spec.ts';
import {
  missingRunners, newPool, poolConfigDefault, runnerFinished, runnerGone, runnerReady, runnerStarted, submit, withdraw,
  type Decision, type PoolAction, type PoolConfig, type PoolState, type QueuedRun,
} from './pool-state.ts';
import { isolationPoolName, openRuns } from './run.ts';
import { RunnerPort, type RunnerEvent } from './runner-port.ts';

export type IsolationPoolConfig = Partial<PoolConfig>;

export interface PoolStatus {
  readonly size: number;
  readonly queueLength: number;
  readonly runners: readonly { readonly osPid: number | undefined; readonly status: string; readonly runs: number }[];
}

type PoolMessage = RunnerEvent | { readonly type: 'retry' };

export const isolationPool = genServer({
  init: (config: IsolationPoolConfig | undefined): PoolState => newPool(checkConfig(config ?? {})),
  calls: {
    status: (state: PoolState) => reply(statusOf(state)),
  },
  casts: {
    warm: (state: PoolState, _: undefined, self: Self) => topUp({ ...state, used: true }, self),
    submit: (state: PoolState, run: QueuedRun, self: Self) => carryOut(submit(state, run), self),
    withdraw: (state: PoolState, id: number) => withdraw(state, id),
  },
  info: (state: PoolState, message: PoolMessage, self) => {
    switch (message.type) {
      case 'runner-ready': return carryOut(runnerReady(state, message.port), self);
      case 'runner-finished': return runnerFinished(state, message.port);
      case 'runner-gone': return carryOut(runnerGone(state, message.port, message.wasReady), self);
      case 'retry': return topUp({ ...state, holdsBack: false }, self);
      default: return state;
    }
  },
});

/** For the tree of a shard; `config` as in `poolConfigDefault`. */
export function isolationPoolChild(config: IsolationPoolConfig = {}): ChildSpec {
  return { id: isolationPoolName, name: isolationPoolName, start: [isolationPool, config] };
}

function carryOut({ state, actions }: Decision, self: Self): PoolState {
  for (const action of actions) act(action, state, self);
  return topUp(state, self);
}

function act(action: PoolAction, state: PoolState, self: Self): void {
  switch (action.kind) {
    case 'assign': {
      const run = openRuns.get(action.run.id);
      const port = portTable.get(action.port);
      // Settled while it waited, or the runner ended in this very turn: both are told by messages.
      if (port instanceof RunnerPort) port.assign(run);
      else run?.end({ kind: 'recycled' });
      return;
    }
    case 'recycle':
      closePort(action.port);
      return;
    case 'refuse':
      openRuns.get(action.run.id)?.fail(new KernelError('overloaded', `${state.queue.length} isolated runs wait for a free runner, the limit; call again later, or raise size or queueLengthMax`));
      return;
    case 'retry':
      self.sendAfter(action.delayMs, { type: 'retry' });
  }
}

function topUp(state: PoolState, self: Self): PoolState {
  const { memoryMbMax, preload } = state.config;
  let next = state;
  for (let missing = missingRunners(state); missing > 0; missing -= 1) {
    const port = new RunnerPort({ memoryMbMax, preload });
    next = runnerStarted(next, openPort(port, processOf(self.pid)));
  }
  return next;
}

function statusOf({ config, queue, runners }: PoolState): PoolStatus {
  return {
    size: config.size,
    queueLength: queue.length,
    runners: runners.map(({ port, status, runs }) => ({ osPid: (portTable.get(port) as RunnerPort | undefined)?.osPid, status, runs })),
  };
}

function checkConfig(config: IsolationPoolConfig): PoolConfig {
  const complete = { ...poolConfigDefault, ...config };
  const ranges: [keyof PoolConfig, number, number][] = [['size', 1, 64], ['memoryMbMax', 128, 1e6], ['recycleAfterRuns', 1, 1e9], ['queueLengthMax', 0, 1e6]];
  for (const [key, min, max] of ranges) {
    const value = complete[key] as number;
    if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`isolation pool: ${key} must be an integer from ${min} to ${max}, not ${String(value)}`);
  }
  return complete;
}
