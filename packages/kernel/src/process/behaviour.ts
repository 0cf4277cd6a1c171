// A behaviour as its users hold it: a value that can be started. It leads to its definition
// through a slot, so that whoever holds it, a child spec for instance, starts the code that is
// current then and not the code that was current when he got it.
import { slotKey, type Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { crashReason, describeReason, type ExitReason } from './exit-reason.ts';
import { exitProcess } from './exit.ts';
import { unlink } from './link.ts';
import { AWAITING, DEAD, handlerFinished, IDLE, type Definition, type MailboxOptions, type Process, type Started } from './process.ts';
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
  let result: T | Promise<T>;
  try {
    result = init();
  } catch (error) {
    throw startFailed(process, crashReason(error));
  }
  if (!(result instanceof Promise)) return accept(result);
  process.status = AWAITING;
  return result.then(
    (value) => {
      if (process.status === DEAD) throw startError(process, 'killed');
      process.status = IDLE;
      const started = accept(value);
      handlerFinished(process);
      return started;
    },
    (error: unknown) => {
      throw startFailed(process, crashReason(error));
    },
  );
}

/** Ends a process whose init failed; its parent gets the error and no exit signal. */
export function startFailed(process: Process, reason: ExitReason): KernelError {
  if (process.parent !== undefined) unlink(process.parent, process);
  const error = startError(process, reason);
  exitProcess(process, reason);
  return error;
}

function startError(process: Process, reason: ExitReason): KernelError {
  return new KernelError('start-failed', `${process.title}: init failed: ${describeReason(reason)}`, { reason });
}

