/**
 * One OS process of one shard, as heart holds it: spawn, send, ask, signal. It decides nothing; what happens
 * goes to `events`, which heart turns into the machine's events.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { HeartError } from '../errors.ts';
import type { HeartClock } from './clock.ts';
import type { HeartMessage, ShardMessage } from './protocol.ts';

/** How to start a shard: `execPath ...args`, with the environment given. */
export interface ShardCommand {
  readonly execPath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ShardEvents {
  message(message: Exclude<ShardMessage, { type: 'response' }>): void;
  /** Exactly once, also when the process could not be started at all. */
  exited(code: number | null, signal: string | null): void;
}

export interface ShardProcess {
  readonly pid: number | undefined;
  /** A message to a process that is gone is dropped: its exit event is on the way. */
  send(message: HeartMessage, handle?: unknown): void;
  /** Rejects with a HeartError: `shard-timeout`, `shard-gone`, or the code the shard answered. */
  request(method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HeartError) => void;
  readonly cancelTimer: () => void;
}

export function startShardProcess(command: ShardCommand, clock: HeartClock, events: ShardEvents): ShardProcess {
  // A group of its own: Ctrl-C in the terminal reaches heart alone, and SIGKILL to the group reaches the tool
  // processes that a shard started.
  const child = spawn(command.execPath, command.args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    detached: true,
    env: command.env as NodeJS.ProcessEnv,
  });
  const waiting = new Map<number, Waiting>();
  watch(child, waiting, events);
  return {
    pid: child.pid,
    send: (message, handle) => {
      if (child.connected) child.send(message, handle as never, undefined, () => undefined);
    },
    request: (method, params, timeoutMs) => ask(child, waiting, clock, { method, params, timeoutMs }),
    signal: (signal) => signalGroup(child, signal),
  };
}

function watch(child: ChildProcess, waiting: Map<number, Waiting>, events: ShardEvents): void {
  let gone = false;
  const leave = (code: number | null, signal: string | null): void => {
    if (gone) return;
    gone = true;
    if (child.pid !== undefined) killLeftovers(child.pid);
    for (const id of waiting.keys()) settle(waiting, id)?.reject(new HeartError('shard-gone', 'The shard exited before it answered.'));
    events.exited(code, signal);
  };
  child.once('error', (error) => {
    // Only a failed spawn has no pid; an error of a running child's channel is followed by its exit.
    if (child.pid === undefined) leave(null, (error as NodeJS.ErrnoException).code ?? 'spawn error');
  });
  child.once('exit', leave);
  child.on('message', (message) => {
    const received = message as ShardMessage;
    if (received?.type !== 'response') return events.message(received);
    const answer = settle(waiting, received.id);
    if (received.error === undefined) answer?.resolve(received.result);
    else answer?.reject(new HeartError(received.error.code, received.error.message));
  });
}

/** Ends a wait once: an answer after its timeout is dropped. */
function settle(waiting: Map<number, Waiting>, id: number): Waiting | undefined {
  const found = waiting.get(id);
  waiting.delete(id);
  found?.cancelTimer();
  return found;
}

let lastRequestId = 0;

function ask(
  child: ChildProcess,
  waiting: Map<number, Waiting>,
  clock: HeartClock,
  request: { method: string; params: unknown; timeoutMs: number },
): Promise<unknown> {
  const { method, params, timeoutMs } = request;
  if (!child.connected) return Promise.reject(new HeartError('shard-gone', 'The shard has exited.'));
  lastRequestId += 1;
  const id = lastRequestId;
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.after(timeoutMs, () =>
      settle(waiting, id)?.reject(new HeartError('shard-timeout', `The shard did not answer "${method}" within ${timeoutMs} ms.`)),
    );
    waiting.set(id, { resolve, reject, cancelTimer });
    child.send({ type: 'request', id, method, params } satisfies HeartMessage, () => undefined);
  });
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  // SIGTERM is the shard's to act on; its tool processes are its own to end.
  if (signal === 'SIGTERM') return void child.kill('SIGTERM');
  killLeftovers(child.pid);
}

/** SIGKILL to what is left of the process group; none left is the usual case. */
function killLeftovers(groupId: number): void {
  try {
    process.kill(-groupId, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
