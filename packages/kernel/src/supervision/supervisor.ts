// supervisor: starts its children in order, restarts those that end as their specs and the
// strategy say, stops them in reverse order, and gives up when it restarts too often.
import { upgradable } from '../code/slot.ts';
import type { Reply } from '../behaviours/outcome.ts';
import { KernelError } from '../errors.ts';
import { initialiseWith, startBehaviour, type Behaviour, type StartArguments } from '../process/behaviour.ts';
import { exitProcess, type Exit } from '../process/exit.ts';
import { CALL, INFO, Message } from '../process/message.ts';
import { outside, PendingCall } from '../process/call.ts';
import { isPid, samePid, type Pid } from '../process/pid.ts';
import { awaitHandler, enqueue, type Definition, type Driver, type Process, type Started } from '../process/process.ts';
import type { AnyHandler } from '../process/protocol.ts';
import { checkChildSpec, checkChildSpecs, type CheckedChildSpec, type ChildSpec } from './child-spec.ts';
import { intensityDefault, strategies, type Intensity, type Strategy } from './restart-strategy.ts';
import { RestartAgain, Supervision } from './supervision.ts';

export interface SupervisorFlags {
  strategy?: Strategy;
  intensity?: Intensity;
  /** In start order. For simple_one_for_one: exactly one, the template of all. */
  children: readonly ChildSpec[];
}

export interface SupervisorCalls {
  // Types only: the driver answers them.
  startChild: (state: unknown, what: ChildSpec | { argument?: unknown }) => Reply<Pid | undefined, unknown>;
  terminateChild: (state: unknown, child: string | Pid) => Reply<void, unknown>;
  restartChild: (state: unknown, id: string) => Reply<Pid | undefined, unknown>;
  deleteChild: (state: unknown, id: string) => Reply<void, unknown>;
  whichChildren: (state: unknown) => Reply<ChildStatus[], unknown>;
  countChildren: (state: unknown) => Reply<ChildCount, unknown>;
}

export interface ChildStatus {
  id: string;
  pid: Pid | undefined;
  type: 'worker' | 'supervisor';
  restart: string;
  /** True between a restart that failed and the next attempt. */
  restarting: boolean;
}

export interface ChildCount {
  specs: number;
  active: number;
  supervisors: number;
  workers: number;
}

export interface SupervisorProtocol {
  calls: { [N in keyof SupervisorCalls]: AnyHandler & SupervisorCalls[N] };
  casts: Record<never, never>;
}

export interface Supervisor<A> extends Behaviour<A, SupervisorProtocol> {
  start(...rest: StartArguments<A>): Promise<Pid<SupervisorProtocol>>;
}

/** A definition that the supervisor driver runs; other packages build their own trees on it. */
export interface SupervisorDefinition extends Definition {
  readonly flags: (argument: unknown) => SupervisorFlags;
}

/** `flags` as a function is asked again, with the start argument, at each code change. */
export function supervisor<A = void>(flags: SupervisorFlags | ((argument: A) => SupervisorFlags)): Supervisor<A> {
  const definition: SupervisorDefinition = {
    driver: supervisorDriver,
    version: 1,
    flags: (typeof flags === 'function' ? flags : () => flags) as (argument: unknown) => SupervisorFlags,
  };
  const behaviour = {
    async start(...[argument, options]: StartArguments<A>) {
      return await startBehaviour(behaviour as unknown as Behaviour, argument, options ?? {}) as Pid<SupervisorProtocol>;
    },
  };
  return upgradable(behaviour, definition) as unknown as Supervisor<A>;
}

export interface CheckedFlags {
  readonly strategy: Strategy;
  readonly intensity: Intensity;
  readonly children: readonly CheckedChildSpec[];
}

function readFlags(process: Process, definition: Definition, argument: unknown): CheckedFlags {
  const { strategy = 'one_for_one', intensity = intensityDefault, children } = (definition as SupervisorDefinition).flags(argument);
  const where = `supervisor ${process.title}`;
  if (!strategies.includes(strategy)) throw new KernelError('bad-child-spec', `${where}: strategy is one of ${strategies.join(', ')}, not ${JSON.stringify(strategy)}`);
  if (!(intensity.restarts >= 0) || !(intensity.periodMs > 0)) throw new KernelError('bad-child-spec', `${where}: intensity is {restarts ≥ 0, periodMs > 0}`);
  if (strategy === 'simple_one_for_one' && children.length !== 1) throw new KernelError('bad-child-spec', `${where}: simple_one_for_one has exactly one child specification, its template`);
  return { strategy, intensity, children: checkChildSpecs(children, where) };
}

const of = (process: Process): Supervision => process.state as Supervision;

export const supervisorDriver: Driver = {
  kind: 'supervisor',

  initialise(process, argument): Started | Promise<Started> {
    process.trapExit = true;
    return initialiseWith(
      process,
      () => {
        const supervision = new Supervision(process, readFlags(process, process.slot.current, argument), argument);
        process.state = supervision;
        return supervision.startAll();
      },
      () => process.pid,
    );
  },

  handle(process, message) {
    if (message.kind === CALL) answerCall(process, message);
    else if (message.kind === INFO) settle(process, message, handleInfo(process, message.body));
  },

  changeCode(process, _from, to) {
    const { argument } = of(process);
    // Only checked here, so that a wrong spec refuses the change; taken over in `codeChanged`.
    of(process).next = readFlags(process, to, argument);
    return process.state;
  },

  codeChanged(process, timeoutMs) {
    const adopted = new PendingCall(undefined, timeoutMs, () => `children of ${process.title} ${process.pid} after a code change`);
    enqueue(process, new Message(CALL, ADOPT, undefined, adopted));
    return adopted.promise;
  },
};

/** Changes nothing but after a code change. */
const ADOPT = 'adoptFlags';

function handleInfo(process: Process, body: unknown): void | Promise<void> {
  const supervision = of(process);
  if (body instanceof RestartAgain) return supervision.restartAgain(body);
  const { type, pid, reason } = (body ?? {}) as Partial<Exit>;
  if (type !== 'EXIT' || !isPid(pid) || reason === undefined) return;
  if (isOrder(process, pid, reason)) return endAfter(process, supervision.stopAll(), reason);
  // A stranger's exit, or late news of a child that has been stopped or replaced: nothing to do.
  return supervision.childEnded(pid, reason);
}

/** Its parent's exit, or the signal of an operator, who is no process. */
function isOrder(process: Process, from: Pid, reason: Exit['reason']): boolean {
  return from === process.parent?.pid || (samePid(from, outside) && reason !== 'normal');
}

function endAfter(process: Process, stopping: void | Promise<void>, reason: Exit['reason']): void | Promise<void> {
  if (stopping instanceof Promise) return stopping.then(() => exitProcess(process, reason));
  exitProcess(process, reason);
}

function settle(process: Process, message: Message, result: unknown): void {
  if (result instanceof Promise) awaitHandler(process, message, result, () => {});
}

function answerCall(process: Process, message: Message): void {
  const from = message.from!;
  let result: unknown;
  try {
    result = perform(process, message.name, message.body);
  } catch (error) {
    from.fail(error as Error);
    return;
  }
  if (!(result instanceof Promise)) from.reply(result);
  else {
    const answered = result.then((value: unknown) => from.reply(value), (error: Error) => from.fail(error));
    awaitHandler(process, message, answered, () => {});
  }
}

function perform(process: Process, name: string, body: unknown): unknown {
  const supervision = of(process);
  switch (name) {
    case 'startChild':
      return supervision.simple
        ? supervision.startDynamic((body as { argument?: unknown } | undefined)?.argument)
        : supervision.add(checkChildSpec(body as ChildSpec, `supervisor ${process.title}`));
    case 'terminateChild': return supervision.terminate(body as string | Pid);
    case 'restartChild': return supervision.restart(body as string);
    case 'deleteChild': return supervision.remove(body as string);
    case 'whichChildren': return supervision.status();
    case 'countChildren': return supervision.count();
    case ADOPT: return supervision.adoptFlags();
    default: throw new KernelError('bad-call', `supervisor ${process.title} has no call "${name}"`);
  }
}
