// The state of one supervisor and what it does with its children. Children start and stop within
// the supervisor's turn where that needs no waiting; only an async init or a slow shutdown makes
// it wait, and then it takes no other message (as OTP's).
import { slotKey } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { describeReason, type ExitReason } from '../process/exit-reason.ts';
import { exitProcess } from '../process/exit.ts';
import { INFO, Message } from '../process/message.ts';
import { formatPid, isLocal, isPid, type Pid } from '../process/pid.ts';
import { DEAD, enqueue, type Process, type Started } from '../process/process.ts';
import { telemetryEvent } from '../telemetry.ts';
import { clock } from '../timing/clock.ts';
import { childEnded, childRestarted, childStartFailed, newChild, startChildProcess, startFailureReason, stopChildProcess, type Child } from './child-process.ts';
import type { CheckedChildSpec } from './child-spec.ts';
import { affectedBy, childrenChange, isRestarted, spendRestart } from './restart-strategy.ts';
import { inOrder, whenDone } from './sequence.ts';
import type { CheckedFlags, ChildCount, ChildStatus } from './supervisor.ts';

export const intensityExceeded = telemetryEvent<{ supervisor: string; pid: Pid; child: string; reason: ExitReason }>('supervisor.intensity.exceeded');

/** A supervisor's message to itself: other messages get their turn between two attempts. */
export class RestartAgain {
  readonly child: Child;
  readonly reason: ExitReason;

  constructor(child: Child, reason: ExitReason) {
    this.child = child;
    this.reason = reason;
  }
}

export class Supervision {
  readonly process: Process;
  readonly argument: unknown;
  flags: CheckedFlags;
  /** Flags of a code change that is being made. */
  next: CheckedFlags | undefined = undefined;
  /** In start order; empty for simple_one_for_one. */
  children: Child[] = [];
  /** By the pid's serial, of this life or, while it is being restarted, of the last. */
  readonly #bySerial = new Map<number, Child>();
  #restartsMs: readonly number[] = [];

  constructor(process: Process, flags: CheckedFlags, argument: unknown) {
    this.process = process;
    this.flags = flags;
    this.argument = argument;
  }

  get simple(): boolean {
    return this.flags.strategy === 'simple_one_for_one';
  }

  startAll(): void | Promise<void> {
    if (this.simple) return;
    return inOrder(this.flags.children, (spec) => {
      const child = newChild(spec);
      this.children.push(child);
      return whenDone(() => this.#start(child), () => this.#forgetIgnored(child), (error) => whenDone(() => this.stopAll(), () => {
        throw error;
      }));
    });
  }

  stopAll(): void | Promise<void> {
    const running = this.simple ? [...this.#bySerial.values()] : [...this.children].reverse();
    this.#bySerial.clear();
    // Children of simple_one_for_one stop at the same time, as OTP's.
    if (!this.simple) return inOrder(running, (child) => stopChildProcess(this.process, child));
    const waits = running.map((child) => stopChildProcess(this.process, child)).filter((wait) => wait !== undefined);
    if (waits.length > 0) return Promise.all(waits).then(() => {});
  }

  startDynamic(argument: unknown): Started | Promise<Started> {
    const child = newChild({ ...this.flags.children[0]!, argument });
    return this.#start(child);
  }

  add(spec: CheckedChildSpec): Started | Promise<Started> {
    const present = this.children.find((child) => child.spec.id === spec.id);
    if (present !== undefined) {
      throw new KernelError('child-running', `supervisor ${this.process.title} has a child "${spec.id}"${present.pid === undefined ? '; use restartChild' : ` (${present.pid})`}`);
    }
    const child = newChild(spec);
    return whenDone(() => this.#start(child), (pid) => {
      this.children.push(child);
      this.#forgetIgnored(child);
      return pid;
    });
  }

  terminate(which: string | Pid): void | Promise<void> {
    const child = isPid(which) ? this.#childOf(which) : this.#find(which);
    if (child === undefined) throw new KernelError('unknown-child', `supervisor ${this.process.title} has no child ${isPid(which) ? formatPid(which) : `"${which}"`}`);
    if (child.spec.restart === 'temporary') this.#forget(child);
    return this.#stop(child);
  }

  restart(id: string): Started | Promise<Started> {
    const child = this.#find(id);
    this.#refuseRunning(child, 'it needs no restart');
    return this.#start(child);
  }

  remove(id: string): void {
    const child = this.#find(id);
    this.#refuseRunning(child, 'terminate it first');
    this.#forget(child);
  }

  /** A child ended by itself; nothing if the process is, or is no longer, no child. */
  childEnded(pid: Pid, reason: ExitReason): void | Promise<void> {
    const child = this.#childOf(pid);
    if (child?.pid === undefined) return;
    this.#bySerial.delete(pid.serial);
    child.pid = undefined;
    if (childEnded.active) childEnded.emit({ supervisor: this.process.title, id: child.spec.id, pid, reason });
    if (isRestarted(child.spec.restart, reason)) return this.#restart(child, reason);
    if (child.spec.restart === 'temporary') this.#forget(child);
  }

  /** The next attempt at a restart that failed, unless the child was stopped or started meanwhile. */
  restartAgain(again: RestartAgain): void | Promise<void> {
    const { child, reason } = again;
    if (child.restarting !== again) return;
    this.#endWait(child);
    return this.#restart(child, reason);
  }

  /**
   * Takes over the specs of a code change: those removed stop, those added start, the others stay,
   * as do children added at run time.
   */
  adoptFlags(): void | Promise<void> {
    const { next } = this;
    this.next = undefined;
    if (next === undefined) return;
    const change = childrenChange(this.flags.children.map((spec) => spec.id), next.children.map((spec) => spec.id));
    const wasSimple = this.simple;
    this.flags = next;
    if (wasSimple || this.simple) return this.#adoptTemplate(next);
    const leaving = change.stop.map((id) => this.#child(id)).filter((child) => child !== undefined);
    return whenDone(
      () => inOrder(leaving, (child) => this.#stop(child)),
      () => {
        this.children = this.#childrenUnder(next, leaving);
        return inOrder(this.children.filter(({ spec, pid }) => pid === undefined && change.start.includes(spec.id)), (child) => this.#startOrRetry(child));
      },
    );
  }

  status(): ChildStatus[] {
    const children = this.simple ? [...this.#bySerial.values()] : this.children;
    return children.map(({ spec, pid, restarting }) => ({ id: spec.id, pid, type: typeOf(spec), restart: spec.restart, restarting: restarting !== undefined }));
  }

  count(): ChildCount {
    const all = this.status();
    const supervisors = all.filter((child) => child.type === 'supervisor').length;
    const active = all.filter((child) => child.pid !== undefined).length;
    return { specs: this.simple ? 1 : all.length, active, supervisors, workers: all.length - supervisors };
  }

  #adoptTemplate(next: CheckedFlags): void {
    for (const child of this.#bySerial.values()) child.spec = { ...next.children[0]!, argument: child.spec.argument };
  }

  /** The children in the order of new specs, those added at run time last. */
  #childrenUnder(next: CheckedFlags, leaving: readonly Child[]): Child[] {
    const ids = new Set(next.children.map((spec) => spec.id));
    const listed = next.children.map((spec) => {
      const child = this.#child(spec.id) ?? newChild(spec);
      child.spec = spec;
      return child;
    });
    return [...listed, ...this.children.filter((child) => !ids.has(child.spec.id) && !leaving.includes(child))];
  }

  #child(id: string): Child | undefined {
    return this.children.find((each) => each.spec.id === id);
  }

  #childOf(pid: Pid): Child | undefined {
    return isLocal(pid) ? this.#bySerial.get(pid.serial) : undefined;
  }

  #find(id: string): Child {
    const child = this.#child(id);
    if (child === undefined) throw new KernelError('unknown-child', `supervisor ${this.process.title} has no child "${id}"`);
    return child;
  }

  #refuseRunning(child: Child, advice: string): void {
    if (child.pid === undefined && child.restarting === undefined) return;
    const how = child.pid === undefined ? 'being restarted' : `running as ${child.pid}`;
    throw new KernelError('child-running', `child "${child.spec.id}" of supervisor ${this.process.title} is ${how}; ${advice}`);
  }

  #forget(child: Child): void {
    const at = this.children.indexOf(child);
    if (at >= 0) this.children.splice(at, 1);
  }

  // OTP keeps no trace of a temporary child whose init said ignore.
  #forgetIgnored(child: Child): void {
    if (child.pid === undefined && child.spec.restart === 'temporary') this.#forget(child);
  }

  #start(child: Child): Started | Promise<Started> {
    return whenDone(() => startChildProcess(this.process, child), (pid) => {
      if (pid !== undefined) this.#bySerial.set(pid.serial, child);
      return pid;
    });
  }

  #stop(child: Child): void | Promise<void> {
    if (child.pid !== undefined) this.#bySerial.delete(child.pid.serial);
    this.#endWait(child);
    return stopChildProcess(this.process, child);
  }

  // Counted before the restart: a child that dies in init must spend budget.
  #restart(child: Child, reason: ExitReason): void | Promise<void> {
    const restarts = spendRestart(this.#restartsMs, clock().nowMs(), this.flags.intensity);
    if (restarts === undefined) return this.#giveUp(child, reason);
    this.#restartsMs = restarts;
    if (this.simple) return this.#startInOrder([child]);
    const ids = new Set(affectedBy(this.flags.strategy, this.children.map((each) => each.spec.id), child.spec.id));
    const affected = this.children.filter((each) => ids.has(each.spec.id));
    return whenDone(
      () => inOrder([...affected].reverse(), (each) => this.#stopForRestart(each)),
      () => this.#startInOrder(affected.filter((each) => each.spec.restart !== 'temporary')),
    );
  }

  // A temporary child is not restarted with the others, and nothing of it stays.
  #stopForRestart(child: Child): void | Promise<void> {
    if (child.spec.restart === 'temporary') this.#forget(child);
    return this.#stop(child);
  }

  /** Up to the first that fails: its next attempt takes the others along, as the strategy says. */
  #startInOrder(children: readonly Child[]): void | Promise<void> {
    let failed = false;
    return inOrder(children, (child) => {
      if (failed) return;
      return whenDone(() => this.#restartOne(child), (started) => {
        failed = !started;
      });
    });
  }

  #restartOne(child: Child): boolean | Promise<boolean> {
    return whenDone(
      () => this.#start(child),
      (pid) => {
        if (childRestarted.active) childRestarted.emit({ supervisor: this.process.title, id: child.spec.id, pid });
        return true;
      },
      (error) => {
        this.#retryLater(child, startFailureReason(error));
        return false;
      },
    );
  }

  #startOrRetry(child: Child): void | Promise<void> {
    return whenDone(() => this.#start(child), () => this.#forgetIgnored(child), (error) => this.#retryLater(child, startFailureReason(error)));
  }

  #retryLater(child: Child, reason: ExitReason): void {
    childStartFailed.emit({ supervisor: this.process.title, id: child.spec.id, pid: undefined, reason });
    if (this.process.status === DEAD) return;
    const again = new RestartAgain(child, reason);
    child.restarting = again;
    // A child of simple_one_for_one is known by nothing but its pid, here the last one it had.
    if (this.simple) this.#bySerial.set(child.lastSerial, child);
    enqueue(this.process, new Message(INFO, '', again, undefined));
  }

  #endWait(child: Child): void {
    if (child.restarting === undefined) return;
    child.restarting = undefined;
    if (this.simple) this.#bySerial.delete(child.lastSerial);
  }

  #giveUp(child: Child, reason: ExitReason): void | Promise<void> {
    intensityExceeded.emit({ supervisor: this.process.title, pid: this.process.pid, child: `${child.spec.id}: ${describeReason(reason)}`, reason });
    return whenDone(() => this.stopAll(), () => exitProcess(this.process, 'shutdown'));
  }
}

function typeOf(spec: CheckedChildSpec): 'supervisor' | 'worker' {
  return spec.behaviour[slotKey].current.driver.kind === 'supervisor' ? 'supervisor' : 'worker';
}
