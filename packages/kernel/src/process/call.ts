// Asking processes: call (an answer, or an error by code), cast and send (none), from outside
// any process. Inside one, the same operations stand on its context.
import { KernelError } from '../errors.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';
import { distribution, type RemoteName, type RemoteTarget } from './distribution.ts';
import type { ExitReason } from './exit-reason.ts';
import { signalExit } from './exit.ts';
import { CALL, CAST, INFO, Message, type ReplyTo } from './message.ts';
import { detach, nextMonitorRef, watchWith, type Down } from './monitor.ts';
import { formatPid, identity, isLocal, Pid, processOf } from './pid.ts';
import { checkMessage, checksEnabled } from './plain-data.ts';
import { DEAD, deliver, type Process } from './process.ts';
import type { CallArguments, CallOptions, CallResult, CastArguments, Named, Protocol, Target } from './protocol.ts';
import { processNamed } from './registry.ts';

export const callTimeoutMsDefault = 5_000;

/** A call under way: settles once, by answer, failure or timeout; what comes later is dropped. */
export class PendingCall implements ReplyTo {
  readonly promise: Promise<unknown>;
  /** The asking process: dead, it gets no answer. */
  readonly #caller: Process | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (error: Error) => void;
  #timer: Timer | undefined;
  #settled = false;

  constructor(caller: Process | undefined, timeoutMs: number, describe: () => string) {
    this.#caller = caller;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (timeoutMs !== Infinity) {
      this.#timer = startTimer(timeoutMs, () => this.fail(new KernelError('timeout', `${describe()}: no answer within ${timeoutMs} ms`)));
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  reply(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#timer !== undefined) cancelTimer(this.#timer);
    if (this.#caller === undefined || this.#caller.status !== DEAD) return true;
    // Its handler's code still runs: it learns that it is dead, whatever the answer was.
    this.#reject(new KernelError('process-dead', `${this.#caller.title} ${this.#caller.pid} ended while it waited for an answer`));
    return false;
  }
}

/** Asks a process and waits for its answer. Rejects with a KernelError by code. */
export function call<P extends Protocol, N extends keyof P['calls'] & string>(
  target: Target<P>, name: N, ...rest: CallArguments<P['calls'][N]>
): Promise<CallResult<P['calls'][N]>> {
  return callFrom(undefined, target, name, rest[0], rest[1]) as Promise<CallResult<P['calls'][N]>>;
}

/** Tells a process; a dead or full one drops it. */
export function cast<P extends Protocol, N extends keyof P['casts'] & string>(
  target: Target<P>, name: N, ...rest: CastArguments<P['casts'][N]>
): void {
  sendTo(target, CAST, name, rest[0]);
}

/** Sends a plain message, which its `info` handler gets. */
export function send(target: Target<unknown>, message: unknown): void {
  sendTo(target, INFO, '', message);
}

/** Sends an exit signal: 'kill' cannot be trapped, 'normal' is ignored. */
export function exit(target: Target<unknown>, reason: ExitReason): void {
  exitFrom(outside, target, reason);
}

export function exitFrom(from: Pid, target: Target<unknown>, reason: ExitReason): void {
  const process = processAt(target);
  if (process !== undefined) {
    signalExit(process, from, reason);
    return;
  }
  const address = elsewhere(target);
  if (address !== undefined) distribution()?.exit(address, from, reason);
}

/** Calls `notify` once when the process is gone, at once if it is now. Returns the undo. */
export function monitorWith(target: Pid, notify: (down: Down) => void): () => void {
  const process = processOf(target);
  if (process !== undefined) {
    const monitor = watchWith(process, notify);
    return () => detach(monitor);
  }
  const ref = nextMonitorRef();
  const carrier = isLocal(target) ? undefined : distribution();
  if (carrier === undefined) notify({ type: 'DOWN', ref, pid: target, reason: isLocal(target) ? 'noproc' : 'noconnection' });
  else carrier.monitor(target, ref, notify);
  return () => carrier?.demonitor(target, ref);
}

/** The sender of signals that come from no process. */
export const outside = new Pid('nonode@nohost', 0, 0, 0);

/** The live process of a target, if it is in this shard. */
function processAt(target: Target<unknown>): Process | undefined {
  if (typeof target === 'string') return processNamed(target);
  if ('serial' in target) return processOf(target);
  return isElsewhere(target) ? undefined : processNamed(target.name);
}

/** The address of a target that is in another shard or node; undefined for one that could only be here. */
function elsewhere(target: Target<unknown>): RemoteTarget | undefined {
  if (typeof target === 'string') return undefined;
  if ('serial' in target) return isLocal(target) ? undefined : target;
  return isElsewhere(target) ? target : undefined;
}

function isElsewhere(target: Named<unknown>): target is RemoteName {
  return target.shard !== undefined && target.shard !== identity.shard;
}

export function sendTo(target: Target<unknown>, kind: typeof CAST | typeof INFO, name: string, body: unknown): void {
  if (checksEnabled()) checkMessage(body);
  const process = processAt(target);
  if (process !== undefined) {
    deliver(process, new Message(kind, name, body, undefined));
    return;
  }
  const address = elsewhere(target);
  if (address !== undefined) distribution()?.send(address, kind === CAST ? 'cast' : 'info', name, body);
}

export function callFrom(caller: Process | undefined, target: Target<unknown>, name: string, body: unknown, options: CallOptions | undefined): Promise<unknown> {
  if (checksEnabled()) checkMessage(body);
  const timeoutMs = options?.timeoutMs ?? callTimeoutMsDefault;
  const process = processAt(target);
  if (process === undefined) return callElsewhere(caller, target, name, body, timeoutMs);
  if (process === caller) {
    return Promise.reject(new KernelError('bad-call', `${process.title} ${process.pid} calls itself with "${name}", which can never be answered`));
  }
  const pending = new PendingCall(caller, timeoutMs, () => `call "${name}" to ${process.title} ${process.pid}`);
  deliver(process, new Message(CALL, name, body, pending));
  return pending.promise;
}

function callElsewhere(caller: Process | undefined, target: Target<unknown>, name: string, body: unknown, timeoutMs: number): Promise<unknown> {
  const address = elsewhere(target);
  if (address === undefined) return Promise.reject(new KernelError('noproc', `call "${name}": ${describeTarget(target)} is not alive`));
  const carrier = distribution();
  if (carrier === undefined) return Promise.reject(new KernelError('noconnection', `call "${name}": ${describeTarget(target)} is in another shard or node, and this one is not connected`));
  return carrier.call(address, name, body, timeoutMs, caller);
}

/** How error messages name a target. */
export function describeTarget(target: Target<unknown>): string {
  if (typeof target === 'string') return `a process named "${target}"`;
  if ('serial' in target) return formatPid(target);
  return `a process named "${target.name}"${target.shard === undefined ? '' : ` in shard ${target.shard}`}`;
}

/** A process by name, with the type of its behaviour; in `shard`, if that is another one's process. */
export function named<B extends { readonly protocol?: unknown }>(name: string, shard?: number): Named<NonNullable<B['protocol']>> {
  return shard === undefined ? { name } : { name, shard };
}
