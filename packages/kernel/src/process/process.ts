// A process: an object with a mailbox. This file says what one is and how messages get into it;
// `scheduler.ts` runs it, `exit.ts` ends it, its driver (gen_server, supervisor, task) gives
// its messages a meaning.
import type { Slot } from '../code/slot.ts';
import { crashReason, type ExitReason } from './exit-reason.ts';
import type { Message, ReplyTo } from './message.ts';
import type { HeldMonitor, Monitor } from './monitor.ts';
import type { Pid } from './pid.ts';
import type { Port } from './port.ts';
import type { Context } from './context.ts';
import { exitProcess } from './exit.ts';
import { KernelError } from '../errors.ts';
import { makeReady, relieve } from './scheduler.ts';
import { telemetryEvent } from '../telemetry.ts';

export const IDLE = 0;
export const READY = 1;
export const RUNNING = 2;
/** An async handler is pending: the process takes no other message. */
export const AWAITING = 3;
export const DEAD = 4;
export type ProcessStatus = typeof IDLE | typeof READY | typeof RUNNING | typeof AWAITING | typeof DEAD;

/** What a behaviour definition needs, for a process to run it. */
export interface Definition {
  readonly driver: Driver;
  /** Version of the state, for code changes. */
  readonly version: number;
  /** What a start gives in its options goes first. */
  readonly mailbox?: MailboxOptions | undefined;
}

/** What a start comes to: undefined if the init said `ignore()`. */
export type Started = Pid | undefined;

/** Gives the messages of a process their meaning. Throwing ends the process with that error. */
export interface Driver {
  readonly kind: 'gen_server' | 'supervisor' | 'task';
  /** Runs the definition's init in a new process; a failure ends it and throws 'start-failed'. */
  initialise(process: Process, argument: unknown): Started | Promise<Started>;
  handle(process: Process, message: Message): void;
  /** The state under another version of the definition; throwing refuses the code change. */
  changeCode?(process: Process, from: Definition, to: Definition): unknown;
  /** Called in order after all states are changed; resolves, or rejects, when the process has done what follows from it. */
  codeChanged?(process: Process, timeoutMs: number): Promise<unknown>;
}

/** What is done when the mailbox is full: drop and count, or end the process. Calls always fail. */
export type OverflowPolicy = 'drop' | 'crash';

export interface MailboxOptions {
  /** Messages; 1 to 1e9. */
  lengthMax?: number;
  overflow?: OverflowPolicy;
}

export const mailboxLengthMaxDefault = 100_000;

export const mailboxOverflowed = telemetryEvent<{ pid: Pid; lengthMax: number; dropped: number }>('process.mailbox.overflowed');

export class Process {
  readonly pid: Pid;
  readonly slot: Slot<Definition>;
  /** Driver and version that the state belongs to. */
  driver: Driver;
  version: number;
  state: unknown = undefined;
  status: ProcessStatus = IDLE;
  suspended = false;
  trapExit = false;
  crashOnOverflow = false;
  name: string | undefined = undefined;
  /** Cut at its death: a chain of processes that each started the next would keep all of them in memory. */
  parent: Process | undefined;
  /** Set once it is dead. */
  exitReason: ExitReason | undefined = undefined;
  /** Oldest waiting message. */
  head: Message | undefined = undefined;
  tail: Message | undefined = undefined;
  mailboxLength = 0;
  mailboxLengthMax = mailboxLengthMaxDefault;
  dropped = 0;
  /** The next of the scheduler's ready processes. */
  nextReady: Process | undefined = undefined;
  /** One linked process, or the set of them: most have one, their supervisor. */
  links: Process | Set<Process> | undefined = undefined;
  /** Monitors on this process, newest first. */
  monitors: Monitor | undefined = undefined;
  /** Monitors that this process holds, by reference. */
  monitoring: Map<number, HeldMonitor> | undefined = undefined;
  ports: Port | undefined = undefined;
  /** Callers that will be answered later, by the reference that the state keeps. */
  deferred: Map<number, ReplyTo> | undefined = undefined;
  /** Reference that the handler of the current call asked for; 0 for none. */
  callerRef = 0;
  /** The message being handled, while its handler is pending. */
  current: Message | undefined = undefined;
  /** Code generation that the pending handler began under. */
  generation = 0;
  readonly context: Context;
  controller: AbortController | undefined = undefined;

  constructor(pid: Pid, slot: Slot<Definition>, driver: Driver, parent: Process | undefined, makeContext: (process: Process) => Context) {
    this.pid = pid;
    this.slot = slot;
    this.parent = parent;
    this.driver = driver;
    this.version = slot.current.version;
    this.context = makeContext(this);
  }

  /** What people call it: its name, else where its behaviour is defined. */
  get title(): string {
    const ref = this.slot.ref;
    return this.name ?? (ref === undefined ? this.driver.kind : `${ref.module}#${ref.export}`);
  }
}

/** Queues what somebody sent. Full mailbox: a call fails, anything else follows the overflow policy. */
export function deliver(process: Process, message: Message): void {
  if (process.mailboxLength >= process.mailboxLengthMax) {
    overflow(process, message);
    return;
  }
  enqueue(process, message);
  if (process.mailboxLength >= OUTSIDE_BACKLOG) relieve();
}

/** Queues a message of the system (exits, monitors, timers, ports), which no limit refuses. */
export function enqueue(process: Process, message: Message): void {
  const { tail } = process;
  if (tail === undefined) process.head = message;
  else tail.next = message;
  process.tail = message;
  process.mailboxLength += 1;
  if (process.status === IDLE && !process.suspended) makeReady(process);
}

/** A sender outside any process that queues more than this works off a slice itself (see `relieve`). */
const OUTSIDE_BACKLOG = 512;

function overflow(process: Process, message: Message): void {
  if (message.from !== undefined) {
    message.from.fail(new KernelError('overloaded', `${process.title} ${process.pid}: mailbox full, ${process.mailboxLength} messages waiting; call again later or raise mailbox.lengthMax`));
    return;
  }
  process.dropped += 1;
  mailboxOverflowed.emit({ pid: process.pid, lengthMax: process.mailboxLengthMax, dropped: process.dropped });
  if (process.crashOnOverflow) exitProcess(process, 'overloaded');
}

/**
 * Marks the process as waiting for its handler's promise; `settle` gets the value in a live
 * process only. A rejection is a crash.
 */
export function awaitHandler<T>(process: Process, message: Message | undefined, promise: Promise<T>, settle: (value: T) => void): void {
  if (process.status === DEAD) {
    // It ended itself before its handler's first await; a rejection says nothing new.
    promise.catch(() => {});
    return;
  }
  process.status = AWAITING;
  process.current = message;
  process.generation = process.slot.generation;
  promise.then(
    (value) => {
      if (process.status === AWAITING) resume(process, value, settle);
    },
    (error: unknown) => exitProcess(process, crashReason(error)),
  );
}

function resume<T>(process: Process, value: T, settle: (value: T) => void): void {
  // Not idle yet: what `settle` runs may send to this process, and must not run it.
  process.status = RUNNING;
  try {
    settle(value);
  } catch (error) {
    exitProcess(process, crashReason(error));
  }
  finishMessage(process);
}

/** Not if the message's handling goes on, with an async `terminate`, or its process is dead. */
function finishMessage(process: Process): void {
  if (process.status !== RUNNING) return;
  process.status = IDLE;
  process.current = undefined;
  handlerFinished(process);
}

const settledWatchers = new Set<(process: Process) => void>();

/** Tells whoever waits for pending handlers (a code change) of each that finished or whose process died; returns the unsubscribe. */
export function onHandlerFinished(watcher: (process: Process) => void): () => void {
  settledWatchers.add(watcher);
  return () => settledWatchers.delete(watcher);
}

export function handlerFinished(process: Process): void {
  if (settledWatchers.size > 0) for (const watcher of settledWatchers) watcher(process);
  wake(process);
}

/** Gives an idle process with messages its turn. */
export function wake(process: Process): void {
  if (process.status === IDLE && process.head !== undefined && !process.suspended) makeReady(process);
}
