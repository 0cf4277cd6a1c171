// The state of one supervisor and what it does with its children. Children start and stop within
// the supervisor's turn where that needs no waiting; only an async init or a slow shutdown makes
// it wait, and then it takes no other message (as OTP's).
import { KernelError } from '../errors.ts';
import { describeReason, type ExitReason } from '../process/exit-reason.ts';
import { exitProcess } from '../process/exit.ts';
import { formatPid, isPid, type Pid } from '../process/pid.ts';
import { DEAD, type Process, type Started } from '../process/process.ts';
import { telemetryEvent } from '../telemetry.ts';
import { clock } from '../timing/clock.ts';
import { childEnded, childRestarted, childStartFailed, startChildProcess, startFailureReason, stopChildProcess, type Child } from './child-process.ts';
import type { CheckedChildSpec } from './child-spec.ts';
import { affectedBy, childrenChange, isRestarted, spendRestart } from './restart-strategy.ts';
import { inOrder, whenDone } from './sequence.ts';
import type { CheckedFlags, ChildCount, ChildStatus } from './supervisor.ts';

export const intensityExceeded = telemetryEvent<{ supervisor: string; pid: Pid; child: string; reason: ExitReason }>('supervisor.intensity.exceeded');

export class Supervision {
  readonly process: Process;
  readonly argument: unknown;
  flags: CheckedFlags;
  /** Flags of a code change that is being made. */
  next: CheckedFlags | undefined = undefined;
  /** In start order; empty for simple_one_for_one. */
  children: Child[] = [];
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

  owns(pid: Pid): boolean {
    return this.#bySerial.has(pid.serial);
  }

  startAll(): void | Promise<void> {
    if (this.simple) return;
    return inOrder(this.flags.children, (spec) => {
      const child: Child = { spec, pid: undefined };
      this.children.push(child);
      return whenDone(() => this.#start(child), () => {}, (error) => whenDone(() => this.stopAll(), () => {
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
    const child: Child = { spec: { ...this.flags.children[0]!, argument }, pid: undefined };
    return this.#start(child);
  }

  add(spec: CheckedChildSpec): Started | Promise<Started> {
    const present = this.children.find((child) => child.spec.id === spec.id);
    if (present !== undefined) {
      throw new KernelError('child-running', `supervisor ${this.process.title} has a child "${spec.id}"${present.pid === undefined ? '; use restartChild' : ` (${present.pid})`}`);
    }
    const child: Child = { spec, pid: undefined };
    const started = this.#start(child);
    this.children.push(child);
    return started;
  }

  terminate(which: string | Pid): void | Promise<void> {
    const child = isPid(which) ? this.#bySerial.get(which.serial) : this.#find(which);
    if (child === undefined) throw new KernelError('unknown-child', `supervisor ${this.process.title} has no child ${isPid(which) ? formatPid(which) : `"${which}"`}`);
    if (child.spec.restart === 'temporary') this.#forget(child);
    return this.#stop(child);
  }

  restart(id: string): Started | Promise<Started> {
    const child = this.#find(id);
    if (child.pid !== undefined) throw new KernelError('child-running', `child "${id}" of supervisor ${this.process.title} is running as ${child.pid}`);
    return this.#start(child);
  }

  remove(id: string): void {
    const child = this.#find(id);
    if (child.pid !== undefined) throw new KernelError('child-running', `child "${id}" of supervisor ${this.process.title} is running as ${child.pid}; terminate it first`);
    this.#forget(child);
  }

  /** A child ended by itself. */
  childEnded(pid: Pid, reason: ExitReason): void | Promise<void> {
    const child = this.#bySerial.get(pid.serial)!;
    this.#bySerial.delete(pid.serial);
    child.pid = undefined;
    if (childEnded.active) childEnded.emit({ supervisor: this.process.title, id: child.spec.id, pid, reason });
    if (isRestarted(child.spec.restart, reason)) return this.#restart(child, reason);
    if (child.spec.restart === 'temporary') this.#forget(child);
  }

  /** Takes over the specs of a code change: removed children stop, added ones start, others stay. */
  adoptFlags(): void | Promise<void> {
    const { next } = this;
    this.next = undefined;
    if (next === undefined) return;
    const change = childrenChange(this.children.map((child) => child.spec.id), next.children.map((spec) => spec.id));
    const wasSimple = this.simple;
    this.flags = next;
    if (wasSimple || this.simple) return this.#adoptTemplate(next);
    return whenDone(
      () => inOrder(change.stop, (id) => this.#stop(this.#find(id))),
      () => {
        this.children = next.children.map((spec) => ({ spec, pid: this.children.find((child) => child.spec.id === spec.id)?.pid }));
        for (const child of this.children) if (child.pid !== undefined) this.#bySerial.set(child.pid.serial, child);
        return inOrder(change.start, (id) => this.#startOrGiveUp(this.#find(id)));
      },
    );
  }

  status(): ChildStatus[] {
    const children = this.simple ? [...this.#bySerial.values()] : this.children;
    return children.map(({ spec, pid }) => ({ id: spec.id, pid, type: typeOf(spec), restart: spec.restart }));
  }

  count(): ChildCount {
    const all = this.status();
    const supervisors = all.filter((child) => child.type === 'supervisor').length;
    return { specs: this.flags.children.length, active: this.#bySerial.size, supervisors, workers: all.length - supervisors };
  }

  #adoptTemplate(next: CheckedFlags): void {
    for (const child of this.#bySerial.values()) child.spec = { ...next.children[0]!, argument: child.spec.argument };
  }

  #find(id: string): Child {
    const child = this.children.find((each) => each.spec.id === id);
    if (child === undefined) throw new KernelError('unknown-child', `supervisor ${this.process.title} has no child "${id}"`);
    return child;
  }

  #forget(child: Child): void {
    const at = this.children.indexOf(child);
    if (at >= 0) this.children.splice(at, 1);
  }

  #start(child: Child): Started | Promise<Started> {
    return whenDone(() => startChildProcess(this.process, child), (pid) => {
      if (pid !== undefined) this.#bySerial.set(pid.serial, child);
      return pid;
    });
  }

  #stop(child: Child): void | Promise<void> {
    if (child.pid !== undefined) this.#bySerial.delete(child.pid.serial);
    return stopChildProcess(this.process, child);
  }

  #startOrGiveUp(child: Child): void | Promise<void> {
    return whenDone(() => this.#start(child), () => {}, (error) => this.#restart(child, startFailureReason(error)));
  }

  // Counted before the restart: a child that dies in init must spend budget.
  #restart(child: Child, reason: ExitReason): void | Promise<void> {
    const restarts = spendRestart(this.#restartsMs, clock().nowMs(), this.flags.intensity);
    if (restarts === undefined) return this.#giveUp(child, reason);
    this.#restartsMs = restarts;
    if (this.simple) return this.#restartOne(child);
    const ids = affectedBy(this.flags.strategy, this.children.map((each) => each.spec.id), child.spec.id);
    const affected = this.children.filter((each) => ids.includes(each.spec.id));
    return whenDone(
      () => inOrder([...affected].reverse(), (each) => this.#stop(each)),
      () => inOrder(affected.filter((each) => each === child || each.spec.restart !== 'temporary'), (each) => this.#restartOne(each)),
    );
  }

  #restartOne(child: Child): void | Promise<void> {
    // An earlier one of the same round failed again and has started this one with it, or the supervisor gave up.
    if (child.pid !== undefined || this.process.status === DEAD) return;
    return whenDone(
      () => this.#start(child),
      (pid) => {
        if (childRestarted.active) childRestarted.emit({ supervisor: this.process.title, id: child.spec.id, pid });
      },
      (error) => {
        const reason = startFailureReason(error);
        childStartFailed.emit({ supervisor: this.process.title, id: child.spec.id, pid: undefined, reason });
        return this.#restart(child, reason);
      },
    );
  }

  #giveUp(child: Child, reason: ExitReason): void | Promise<void> {
    intensityExceeded.emit({ supervisor: this.process.title, pid: this.process.pid, child: `${child.spec.id}: ${describeReason(reason)}`, reason });
    return whenDone(() => this.stopAll(), () => exitProcess(this.process, 'shutdown'));
  }
}

function typeOf(spec: CheckedChildSpec): 'supervisor' | 'worker' {
  return spec.shutdown === 'infinity' ? 'supervisor' : 'worker';
}
