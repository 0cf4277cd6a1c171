// Starting and stopping one child, as a supervisor does it.
import { startBehaviour } from '../process/behaviour.ts';
import { exitProcess, signalExit } from '../process/exit.ts';
import { errorInfo, type ExitReason } from '../process/exit-reason.ts';
import { unlink } from '../process/link.ts';
import { watchWith } from '../process/monitor.ts';
import { processOf, type Pid } from '../process/pid.ts';
import { DEAD, type Process, type Started } from '../process/process.ts';
import { KernelError } from '../errors.ts';
import { telemetryEvent } from '../telemetry.ts';
import { cancelTimer, startTimer } from '../timing/timers.ts';
import type { CheckedChildSpec, Shutdown } from './child-spec.ts';

export interface Child {
  spec: CheckedChildSpec;
  /** Undefined while it does not run. */
  pid: Pid | undefined;
  /** Serial of the last pid it had. */
  lastSerial: number;
  /** A restart failed; the next attempt is this message in the supervisor's mailbox, as OTP's. */
  restarting: object | undefined;
}

export interface ChildEvent {
  supervisor: string;
  id: string;
  pid: Pid | undefined;
  reason?: ExitReason;
}

export const childStarted = telemetryEvent<ChildEvent>('supervisor.child.started');
export const childEnded = telemetryEvent<ChildEvent>('supervisor.child.ended');
export const childRestarted = telemetryEvent<ChildEvent>('supervisor.child.restarted');
export const childStartFailed = telemetryEvent<ChildEvent>('supervisor.child.start-failed');

export function newChild(spec: CheckedChildSpec): Child {
  return { spec, pid: undefined, lastSerial: 0, restarting: undefined };
}

/** Starts the child, linked to its supervisor; a promise only if its init is async. */
export function startChildProcess(supervisor: Process, child: Child, argument: unknown = child.spec.argument): Started | Promise<Started> {
  const started = startBehaviour(child.spec.behaviour, argument, { ...child.spec.options, parent: supervisor, linked: true });
  return started instanceof Promise ? started.then((pid) => noteStarted(supervisor, child, pid)) : noteStarted(supervisor, child, started);
}

function noteStarted(supervisor: Process, child: Child, pid: Started): Started {
  child.pid = pid;
  if (pid !== undefined) child.lastSerial = pid.serial;
  if (childStarted.active) childStarted.emit({ supervisor: supervisor.title, id: child.spec.id, pid });
  return pid;
}

/** Ends the child as its spec says and resolves when it is dead. */
export function stopChildProcess(supervisor: Process, child: Child): void | Promise<void> {
  const process = child.pid === undefined ? undefined : processOf(child.pid);
  child.pid = undefined;
  if (process === undefined) return;
  unlink(supervisor, process);
  if (child.spec.shutdown === 'brutal_kill') {
    exitProcess(process, 'killed');
    return;
  }
  signalExit(process, supervisor.pid, 'shutdown');
  if (process.status !== DEAD) return untilDead(process, child.spec.shutdown);
}

function untilDead(process: Process, shutdown: Shutdown): Promise<void> {
  return new Promise((resolve) => {
    const timer = typeof shutdown === 'number' ? startTimer(shutdown, () => exitProcess(process, 'killed')) : undefined;
    watchWith(process, () => {
      if (timer !== undefined) cancelTimer(timer);
      resolve();
    });
  });
}

/** Why a start failed, as an exit reason. */
export function startFailureReason(error: unknown): ExitReason {
  return error instanceof KernelError && error.reason !== undefined ? error.reason as ExitReason : { error: errorInfo(error) };
}
