// A behaviour as its users hold it: a value that can be started. It leads to its definition
// through a slot, so that whoever holds it, a child spec for instance, starts the code that is
// current then and not the code that was current when he got it.
import { slotKey, type Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { crashReason, describeReason, type ExitReason } from './exit-reason.ts';
import { exitProcess } from './exit.ts';
import { unlink } from './link.ts';
import { detach, watchWith } from './monitor.ts';
import { AWAITING, handlerFinished, IDLE, RUNNING, type Definition, type MailboxOptions, type Process, type Started } from './process.ts';
import { spawnProcess, type SpawnOptions } from './start.ts';

export interface Behaviour<A = never, P = unknown> {
  readonly [slotKey]: Slot<Definition>;
  readonly protocol?: P;
  /** Only a type: what the init takes. */
  readonly argument?: (argument: A) => void;
}

export interface StartOptions {
  /** Registered name; 'name-taken' if another live process has it. */
  name?: string;
  mailbox?: MailboxOptions;
}

export type StartArguments<A> = unknown extends A ? [argument?: A, options?: StartOptions] : undefined extends A ? [argument?: A, options?: StartOptions] : [argument: A, options?: StartOptions];

/** Starts a process of the behaviour and runs its init; a promise only if the init is async. */
export function startBehaviour(behaviour: Behaviour<never>, argument: unknown, options: SpawnOptions): Started | Promise<Started> {
  const process = spawnProcess(behaviour[slotKey], options);
  return process.driver.initialise(process, argument);
}

/** Runs an init for a driver: `accept` puts its result into the process. */
export function initialiseWith<T>(process: Process, init: () => T | Promise<T>, accept: (result: T) => Started): Started | Promise<Started> {
  // Not idle: whoever sends to it meanwhile must not run it before it has a state.
  process.status = RUNNING;
  let result: T | Promise<T>;
  try {
    result = init();
  } catch (error) {
    throw startFailed(process, crashReason(error));
  }
  return result instanceof Promise ? awaitInit(process, result, accept) : initialised(process, result, accept);
}

function awaitInit<T>(process: Process, result: Promise<T>, accept: (result: T) => Started): Promise<Started> {
  if (process.exitReason !== undefined) {
    result.catch(() => {});
    return Promise.reject(startError(process, process.exitReason));
  }
  process.status = AWAITING;
  return new Promise((resolve, reject) => {
    // Whoever starts it learns of its death at once, not when the init comes to an end.
    const monitor = watchWith(process, ({ reason }) => reject(startError(process, reason)));
    const settle = (step: () => Started): void => {
      detach(monitor);
      try {
        resolve(step());
      } catch (error) {
        reject(error as Error);
      }
    };
    result.then(
      (value) => settle(() => initialised(process, value, accept)),
      (error: unknown) => settle(() => {
        throw startFailed(process, crashReason(error));
      }),
    );
  });
}

function initialised<T>(process: Process, result: T, accept: (result: T) => Started): Started {
  if (process.exitReason !== undefined) throw startError(process, process.exitReason);
  process.status = RUNNING;
  let started: Started;
  try {
    started = accept(result);
  } catch (error) {
    throw process.exitReason === undefined ? startFailed(process, crashReason(error)) : error;
  }
  if (process.exitReason === undefined) process.status = IDLE;
  handlerFinished(process);
  return started;
}

/** Ends a process whose init failed; its parent gets the error and no exit signal. */
export function startFailed(process: Process, reason: ExitReason): KernelError {
  unlinkParent(process);
  const error = startError(process, reason);
  exitProcess(process, reason);
  return error;
}

/** An init that starts nothing, or fails, is no news to its parent's links: the start tells it. */
export function unlinkParent(process: Process): void {
  if (process.parent !== undefined) unlink(process.parent, process);
}

function startError(process: Process, reason: ExitReason): KernelError {
  return new KernelError('start-failed', `${process.title}: init failed: ${describeReason(reason)}`, { reason });
}
