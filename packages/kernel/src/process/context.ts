// What a process can do: handlers get it as their last argument. It goes with the process:
// once that is dead, each operation throws 'process-dead', so that a handler still pending at a
// kill cannot reach the kernel any more.
import { KernelError } from '../errors.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';
import { callFrom, exitFrom, sendTo } from './call.ts';
import { signalExit } from './exit.ts';
import type { ExitReason } from './exit-reason.ts';
import { link, unlink } from './link.ts';
import { CAST, INFO, Message, type ReplyTo } from './message.ts';
import { nextMonitorRef, watch, watchElsewhere, type Down, type MonitorRef } from './monitor.ts';
import { isLocal, processOf, type Pid } from './pid.ts';
import { checkMessage, checksEnabled } from './plain-data.ts';
import { closePort, forgetPort, givePort, openPort, Port, type PortId } from './port.ts';
import { DEAD, enqueue, type Process } from './process.ts';
import type { CallArguments, CallResult, CastArguments, Protocol, Target } from './protocol.ts';
import { registerName, unregisterName } from './registry.ts';
import { startBehaviour, type Behaviour, type StartOptions } from './behaviour.ts';

export class Context {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  get pid(): Pid {
    return this.#process.pid;
  }

  get alive(): boolean {
    return this.#process.status !== DEAD;
  }

  /** Aborts when the process dies; hand it to `fetch` and the like. */
  get signal(): AbortSignal {
    const process = this.#process;
    process.controller ??= new AbortController();
    if (process.status === DEAD && !process.controller.signal.aborted) process.controller.abort(this.#deadError());
    return process.controller.signal;
  }

  call<P extends Protocol, N extends keyof P['calls'] & string>(target: Target<P>, name: N, ...rest: CallArguments<P['calls'][N]>): Promise<CallResult<P['calls'][N]>> {
    return callFrom(this.#live(), target, name, rest[0], rest[1]) as Promise<CallResult<P['calls'][N]>>;
  }

  cast<P extends Protocol, N extends keyof P['casts'] & string>(target: Target<P>, name: N, ...rest: CastArguments<P['casts'][N]>): void {
    this.#send(target, CAST, name, rest[0]);
  }

  send(target: Target<unknown>, message: unknown): void {
    this.#send(target, INFO, '', message);
  }

  /** Starts a process linked to this one. */
  async start<A, P>(behaviour: Behaviour<A, P>, argument: A, options: StartOptions = {}): Promise<Pid<P>> {
    const pid = await startBehaviour(behaviour, argument, { ...options, parent: this.#live(), linked: true });
    return pid as Pid<P>;
  }

  /** Reference of who made the call being handled, for `answer`; keep it in the state. */
  get caller(): number {
    const process = this.#live();
    const from = process.current?.from;
    if (from === undefined) throw new KernelError('bad-call', `${process.title} ${process.pid}: caller is only known in a call's handler`);
    if (process.callerRef === 0) {
      process.callerRef = nextMonitorRef();
      process.deferred ??= new Map();
      if (process.deferred.size >= deferredSweepMin && isPowerOfTwo(process.deferred.size)) forgetSettled(process.deferred);
      process.deferred.set(process.callerRef, from);
    }
    return process.callerRef;
  }

  /** Answers a call that its handler left open with `noReply()`; false if nobody waits any more. */
  answer(caller: number, value: unknown): boolean {
    const process = this.#live();
    if (checksEnabled()) checkMessage(value);
    const from = process.deferred?.get(caller);
    process.deferred?.delete(caller);
    if (from === undefined || from.settled === true) return false;
    from.reply(value);
    return true;
  }

  /** A dead partner counts as one that dies now, with 'noproc'. */
  link(target: Pid): void {
    const process = this.#live();
    const other = processOf(target);
    if (other === undefined) signalExit(process, target, isLocal(target) ? 'noproc' : 'noconnection');
    else link(process, other);
  }

  unlink(target: Pid): void {
    const other = processOf(target);
    if (other !== undefined) unlink(this.#live(), other);
  }

  /** A `DOWN` message comes once: when the target dies, or at once if it is dead. */
  monitor(target: Pid): MonitorRef {
    const process = this.#live();
    const other = processOf(target);
    if (other !== undefined) return watch(process, other);
    if (!isLocal(target)) return watchElsewhere(process, target);
    const ref = nextMonitorRef();
    enqueue(process, new Message(INFO, '', { type: 'DOWN', ref, pid: target, reason: 'noproc' } satisfies Down, undefined));
    return ref;
  }

  demonitor(ref: MonitorRef): void {
    this.#live().monitoring?.get(ref)?.release();
  }

  /** Sends an exit signal to another process. */
  exit(target: Target<unknown>, reason: ExitReason): void {
    exitFrom(this.#live().pid, target, reason);
  }

  /** From now on exit signals arrive as `EXIT` messages ('kill' never does). */
  trapExit(on: boolean): void {
    this.#live().trapExit = on;
  }

  /** One name a process: 'name-taken' if it has another, or another process has that one. */
  register(name: string): void {
    registerName(name, this.#live());
  }

  unregister(): void {
    const process = this.#live();
    if (process.name !== undefined) unregisterName(process.name, process);
  }

  /** Sends `message` to this process in `delayMs`; the timer ends with the process. */
  sendAfter(delayMs: number, message: unknown): PortId {
    const process = this.#live();
    if (checksEnabled()) checkMessage(message);
    return openPort(new TimerPort(delayMs, message), process);
  }

  /** False if it has fired. */
  cancelTimer(timer: PortId): boolean {
    this.#live();
    return closePort(timer);
  }

  closePort(port: PortId): boolean {
    this.#live();
    return closePort(port);
  }

  givePort(port: PortId, to: Pid): boolean {
    this.#live();
    const owner = processOf(to);
    return owner !== undefined && givePort(port, owner);
  }

  #send(target: Target<unknown>, kind: typeof CAST | typeof INFO, name: string, body: unknown): void {
    this.#live();
    sendTo(target, kind, name, body);
  }

  #live(): Process {
    if (this.#process.status === DEAD) throw this.#deadError();
    return this.#process;
  }

  #deadError(): KernelError {
    return new KernelError('process-dead', `${this.#process.pid} is dead: what its handler still runs can do nothing any more`);
  }
}

/** From this many open callers on, those that gave up are swept out at each doubling. */
const deferredSweepMin = 64;

function isPowerOfTwo(size: number): boolean {
  return (size & (size - 1)) === 0;
}

// A caller that times out tells nobody: its entry would stay until the process ends.
function forgetSettled(deferred: Map<number, ReplyTo>): void {
  for (const [reference, caller] of deferred) if (caller.settled === true) deferred.delete(reference);
}

class TimerPort extends Port {
  readonly #timer: Timer;

  constructor(delayMs: number, message: unknown) {
    super();
    this.#timer = startTimer(delayMs, () => {
      // Read now: it may have been given to another process.
      const { owner } = this;
      forgetPort(this);
      if (owner !== undefined) enqueue(owner, new Message(INFO, '', message, undefined));
    });
  }

  close(): void {
    cancelTimer(this.#timer);
  }
}
