// Death is immediate: a process is out of the tables, its ports closed, its callers answered and
// its links and monitors told before `exitProcess` returns, pending handler or not.
import { KernelError } from '../errors.ts';
import { telemetryEvent } from '../telemetry.ts';
import { describeReason, isOrderly, type ExitReason } from './exit-reason.ts';
import { linksOf, unlink } from './link.ts';
import { INFO, Message, type ReplyTo } from './message.ts';
import { releaseMonitors } from './monitor.ts';
import { bindPid, processTable, type Pid } from './pid.ts';
import { closeOwnedPorts } from './port.ts';
import { DEAD, enqueue, handlerFinished, type Process } from './process.ts';
import { unregisterName } from './registry.ts';

/** What a process that traps exits gets in place of dying. */
export interface Exit {
  type: 'EXIT';
  pid: Pid;
  reason: ExitReason;
}

export interface ProcessExited {
  pid: Pid;
  title: string;
  kind: string;
  reason: ExitReason;
}

export const processExited = telemetryEvent<ProcessExited>('process.exited');
/** Exits that are not orderly; 'killed' among them. */
export const processCrashed = telemetryEvent<ProcessExited & { parent: Pid | undefined; message: string | undefined }>('process.crashed');

interface PendingExit {
  process: Process;
  reason: ExitReason;
}

// Exit signals travel along links through this list and not by recursion: a chain of 100,000
// linked processes must not overflow the stack.
const pendingExits: PendingExit[] = [];
let exiting = false;

/** True while a process is being taken apart, in whose stack no other may run. */
export function isExiting(): boolean {
  return exiting;
}

/** Ends a process with that reason; nothing if it is dead. */
export function exitProcess(process: Process, reason: ExitReason): void {
  if (process.status === DEAD) return;
  process.status = DEAD;
  process.exitReason = reason;
  pendingExits.push({ process, reason });
  if (exiting) return;
  exiting = true;
  try {
    for (let next = pendingExits.pop(); next !== undefined; next = pendingExits.pop()) finish(next.process, next.reason);
  } finally {
    exiting = false;
  }
}

/**
 * Delivers an exit signal. 'kill' cannot be trapped and ends it as 'killed'; 'normal' from another
 * process is ignored; a process that traps exits gets a message.
 */
export function signalExit(target: Process, from: Pid, reason: ExitReason): void {
  if (target.status === DEAD) return;
  if (reason === 'kill') exitProcess(target, 'killed');
  else if (target.trapExit) sendExit(target, from, reason);
  else if (reason !== 'normal' || from === target.pid) exitProcess(target, reason);
}

function sendExit(target: Process, from: Pid, reason: ExitReason): void {
  const exit: Exit = { type: 'EXIT', pid: from, reason };
  enqueue(target, new Message(INFO, '', exit, undefined));
}

function finish(process: Process, reason: ExitReason): void {
  const { title } = process;
  processTable.delete(process.pid.serial);
  bindPid(process.pid, undefined);
  if (process.name !== undefined) unregisterName(process.name, process);
  process.controller?.abort(new KernelError('process-dead', `${title} ${process.pid} ended: ${describeReason(reason)}`));
  closeOwnedPorts(process, reason);
  failCallers(process, title, reason);
  report(process, title, reason);
  for (const linked of linksOf(process)) {
    unlink(process, linked);
    signalLinked(linked, process.pid, reason);
  }
  releaseMonitors(process, reason);
  process.state = undefined;
  process.parent = undefined;
  // A code change may wait for the handler that was pending.
  handlerFinished(process);
}

// A link passes on 'killed' where the signal was 'kill': only the direct target is untrappably hit.
function signalLinked(linked: Process, from: Pid, reason: ExitReason): void {
  if (linked.status === DEAD) return;
  if (linked.trapExit) sendExit(linked, from, reason);
  else if (reason !== 'normal') exitProcess(linked, reason);
}

function failCallers(process: Process, title: string, reason: ExitReason): void {
  const callers: ReplyTo[] = process.deferred === undefined ? [] : [...process.deferred.values()];
  if (process.current?.from !== undefined) callers.push(process.current.from);
  for (let message = process.head; message !== undefined; message = message.next) {
    if (message.from !== undefined) callers.push(message.from);
  }
  process.head = undefined;
  process.tail = undefined;
  process.mailboxLength = 0;
  process.deferred = undefined;
  if (callers.length === 0) return;
  const error = new KernelError('exited', `${title} ${process.pid} ended before it answered: ${describeReason(reason)}`, { reason });
  for (const caller of callers) caller.fail(error);
}

function report(process: Process, title: string, reason: ExitReason): void {
  const { pid, current } = process;
  const { kind } = process.driver;
  if (processExited.active) processExited.emit({ pid, title, kind, reason });
  if (processCrashed.active && !isOrderly(reason)) {
    processCrashed.emit({ pid, title, kind, reason, parent: process.parent?.pid, message: current?.name });
  }
  process.current = undefined;
}
