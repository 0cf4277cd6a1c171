// gen_server: a process that answers calls, takes casts and other messages, and keeps a state.
import { upgradable } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { initialiseWith, startBehaviour, startFailed, unlinkParent, type Behaviour, type StartArguments } from '../process/behaviour.ts';
import type { Context } from '../process/context.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { exitProcess, type Exit } from '../process/exit.ts';
import { CALL, CAST, type Message, type ReplyTo } from '../process/message.ts';
import type { Down } from '../process/monitor.ts';
import type { Pid } from '../process/pid.ts';
import { checkMessage, checksEnabled, checkState } from '../process/plain-data.ts';
import { awaitHandler, RUNNING, type Definition, type Driver, type MailboxOptions, type Process, type Started } from '../process/process.ts';
import type { AnyHandler } from '../process/protocol.ts';
import { Ignore, KEEP, NoReply, Reply, Stop } from './outcome.ts';

export type CallHandler<S> = (state: S, payload: never, self: Self) => CallOutcome<S> | Promise<CallOutcome<S>>;
export type CastHandler<S> = (state: S, payload: never, self: Self) => CastOutcome<S> | Promise<CastOutcome<S>>;
export type CallOutcome<S> = Reply<unknown, S> | NoReply<S> | Stop<S>;
/** The next state, or nothing to keep the one there is. */
export type CastOutcome<S> = S | Stop<S> | void;
/** System messages that reach `info`; all others are what somebody sent. */
export type SystemMessage = Down | Exit;

/** The context of a server's handlers. */
export interface Self extends Context {}

export interface CodeChange<S = unknown> {
  from: number;
  to: number;
  state: S;
}

export interface GenServerOptions<S, A, C, K> {
  /** Makes the first state; throwing fails the start, `ignore()` starts nothing. */
  init: (argument: A, self: Self) => S | Ignore | Promise<S | Ignore>;
  /** Version of the state's shape; 1 unless given. */
  version?: number;
  // The second half of each type only tells the handlers' `state` and `self` theirs.
  calls?: C & Record<string, CallHandler<S>>;
  casts?: K & Record<string, CastHandler<S>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever was sent; the handler narrows it
  info?: (state: S, message: any, self: Self) => CastOutcome<S> | Promise<CastOutcome<S>>;
  /** Up and down: run by the definition of the higher version, which knows both shapes. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the state of another version has another type
  codeChange?: (change: CodeChange<any>) => unknown;
  /** Runs when the server stops in order: `stop()`, or its parent's exit where it traps exits. */
  terminate?: (state: S, reason: ExitReason, self: Self) => void | Promise<void>;
  mailbox?: MailboxOptions;
  /** Platform code alone, which is not upgraded while it runs: its handlers change the state that they are given, so it is not frozen in development. */
  changesStateInPlace?: true;
}

export interface GenServer<A, C, K> extends Behaviour<A, { calls: C; casts: K }> {
  /** Starts one from outside any process, linked to none; rejects with 'start-failed', 'name-taken'. */
  start(...rest: StartArguments<A>): Promise<Pid<{ calls: C; casts: K }>>;
}

interface GenServerDefinition extends Definition {
  readonly init: (argument: unknown, self: Self) => unknown;
  readonly calls: Record<string, AnyHandler>;
  readonly casts: Record<string, AnyHandler>;
  readonly info: AnyHandler | undefined;
  readonly codeChange: ((change: CodeChange) => unknown) | undefined;
  readonly terminate: AnyHandler | undefined;
  readonly changesStateInPlace: boolean;
}

export function genServer<S, A = void, C extends Record<string, AnyHandler> = {}, K extends Record<string, AnyHandler> = {}>(
  options: GenServerOptions<S, A, C, K>,
): GenServer<A, C, K> {
  const definition: GenServerDefinition = {
    driver: genServerDriver,
    version: options.version ?? 1,
    init: options.init as GenServerDefinition['init'],
    calls: Object.assign(Object.create(null), options.calls) as Record<string, AnyHandler>,
    casts: Object.assign(Object.create(null), options.casts) as Record<string, AnyHandler>,
    info: options.info,
    codeChange: options.codeChange,
    terminate: options.terminate,
    mailbox: options.mailbox,
    changesStateInPlace: options.changesStateInPlace === true,
  };
  const behaviour = {
    async start(...[argument, startOptions]: StartArguments<A>) {
      return await startBehaviour(behaviour as unknown as Behaviour, argument, startOptions ?? {}) as Pid<{ calls: C; casts: K }>;
    },
  };
  return upgradable(behaviour, definition) as unknown as GenServer<A, C, K>;
}

const definitionOf = (process: Process): GenServerDefinition => process.slot.current as GenServerDefinition;

const genServerDriver: Driver = {
  kind: 'gen_server',

  initialise(process, argument): Started | Promise<Started> {
    const { init } = definitionOf(process);
    return initialiseWith(process, () => init(argument, process.context), (state) => acceptState(process, state));
  },

  handle(process, message) {
    if (message.kind === CAST) {
      const handler = definitionOf(process).casts[message.name];
      if (handler === undefined) return;
      const result: unknown = handler(process.state, message.body, process.context);
      if (result instanceof Promise) awaitHandler(process, message, result, (next) => applyCast(process, next));
      else applyCast(process, result);
    } else if (message.kind === CALL) handleCall(process, message);
    else handleInfo(process, message);
  },

  changeCode(process, from, to) {
    const knowing = (from.version > to.version ? from : to) as GenServerDefinition;
    if (knowing.codeChange === undefined) return process.state;
    const state = knowing.codeChange({ from: from.version, to: to.version, state: process.state });
    if (state instanceof Promise) throw new KernelError('swap-refused', `${process.title}: codeChange must not be async; it runs while all processes of the module stand still`);
    if (checksEnabled()) checkState(state);
    return state;
  },
};

function acceptState(process: Process, state: unknown): Started {
  if (state instanceof Ignore) {
    unlinkParent(process);
    exitProcess(process, 'normal');
    return undefined;
  }
  if (state instanceof Stop) throw startFailed(process, state.reason);
  setState(process, state);
  return process.pid;
}

function handleCall(process: Process, message: Message): void {
  const handler = definitionOf(process).calls[message.name];
  if (handler === undefined) {
    const known = Object.keys(definitionOf(process).calls).join(', ') || 'none';
    message.from!.fail(new KernelError('bad-call', `${process.title} ${process.pid} has no call "${message.name}"; it has: ${known}`));
    return;
  }
  process.current = message;
  const result: unknown = handler(process.state, message.body, process.context);
  if (result instanceof Promise) awaitHandler(process, message, result, (value) => applyCall(process, message.from!, value));
  else {
    applyCall(process, message.from!, result);
    // An async terminate still holds it: its caller must be told of the end.
    if (process.status === RUNNING) process.current = undefined;
  }
}

function applyCall(process: Process, from: ReplyTo, result: unknown): void {
  if (result instanceof Reply) {
    if (result.next !== KEEP) setState(process, result.next);
    answer(process, from, result.replyValue);
  } else if (result instanceof NoReply) {
    if (result.next !== KEEP) setState(process, result.next);
  } else if (result instanceof Stop) {
    if (result.answer !== KEEP) answer(process, from, result.answer);
    stopServer(process, result);
  } else throw new TypeError(`${process.title}: a call handler returns reply(…), noReply(…) or stop(…), not ${typeof result}`);
  process.callerRef = 0;
}

function answer(process: Process, from: ReplyTo, value: unknown): void {
  if (checksEnabled()) checkMessage(value);
  from.reply(value);
  // The handler asked for its caller's reference, and then answered all the same.
  if (process.callerRef !== 0) process.deferred?.delete(process.callerRef);
}

function handleInfo(process: Process, message: Message): void {
  const { info } = definitionOf(process);
  const exit = message.body as Partial<Exit> | null;
  if (process.trapExit && exit?.type === 'EXIT' && exit.pid !== undefined && exit.pid === process.parent?.pid) {
    stopServer(process, new Stop(exit.reason!, KEEP, KEEP));
    return;
  }
  if (info === undefined) return;
  const result: unknown = info(process.state, message.body, process.context);
  if (result instanceof Promise) awaitHandler(process, message, result, (next) => applyCast(process, next));
  else applyCast(process, result);
}

function applyCast(process: Process, result: unknown): void {
  if (result instanceof Stop) stopServer(process, result);
  else if (result !== undefined) setState(process, result);
}

function setState(process: Process, state: unknown): void {
  if (checksEnabled() && !definitionOf(process).changesStateInPlace) checkState(state);
  process.state = state;
}

function stopServer(process: Process, stop: Stop<unknown>): void {
  if (stop.next !== KEEP) setState(process, stop.next);
  const { terminate } = definitionOf(process);
  if (terminate === undefined) {
    exitProcess(process, stop.reason);
    return;
  }
  const done: unknown = terminate(process.state, stop.reason, process.context);
  if (!(done instanceof Promise)) exitProcess(process, stop.reason);
  else awaitHandler(process, process.current, done, () => exitProcess(process, stop.reason));
}
