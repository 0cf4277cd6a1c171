// The port of one runner: starts it, hands it one run at a time, holds it to the limits from
// outside, and ends it. Tells its owner, the pool, by messages.
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { deserialize, serialize } from 'node:v8';
import { errorInfo, type ErrorInfo } from '../process/exit-reason.ts';
import { INFO, Message } from '../process/message.ts';
import { forgetPort, Port } from '../process/port.ts';
import { enqueue } from '../process/process.ts';
import { telemetryEvent } from '../telemetry.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';
import type { IsolationEnd } from './job.ts';
import { ProcUsage, ReportedUsage, watchResources, type Limits, type UsageSource } from './resource-watch.ts';
import { IsolatedError, type Run, type RunHolder } from './run.ts';
import { forwardOutput } from './runner-output.ts';
import { readFromRunner, type FromRunner, type ToRunner } from './runner-protocol.ts';
import { killRunner, lifelineDescriptor, startRunner, type RunnerOptions } from './runner-start.ts';

export type RunnerEvent =
  | { readonly type: 'runner-ready'; readonly port: number }
  | { readonly type: 'runner-finished'; readonly port: number }
  | { readonly type: 'runner-gone'; readonly port: number; readonly wasReady: boolean };

export const runnerStarted = telemetryEvent<{ osPid: number | undefined }>('isolation.runner.started');
export const runnerEnded = telemetryEvent<{ osPid: number | undefined; end: IsolationEnd }>('isolation.runner.ended');

/** From 'cancel' to SIGKILL. */
export const cancelGraceMs = 250;
/** Notifications and questions of one run. */
export const runMessagesMax = 10_000;
const pollEveryMs = 25;
const idlePollEveryMs = 1_000;
/** From the end of a run to 'ready'. */
const settleMaxMs = 1_000;
/** From its exit to the end of what it had sent and printed before. */
const lastWordsMaxMs = 50;

export class RunnerPort extends Port implements RunHolder {
  readonly #child: ChildProcess;
  readonly #memoryMbMax: number;
  readonly #usage: UsageSource;
  readonly #stopOutput: (() => void)[] = [];
  #run: Run | undefined;
  #runMessages = 0;
  #wasReady = false;
  #isGone = false;
  /** Exited, and its output read to the end. */
  #isClosed = false;
  #isOutOfHeap = false;
  #crash: ErrorInfo | undefined;
  #stopWatch: () => void = () => {};
  /** Cancellation, settling or last words: never two at a time. */
  #timer: Timer | undefined;

  constructor(options: Omit<RunnerOptions, 'reportsUsage'>, reportsUsage: boolean = process.platform !== 'linux') {
    super();
    this.#memoryMbMax = options.memoryMbMax;
    this.#child = startRunner({ ...options, reportsUsage });
    this.#usage = this.#usageSource(reportsUsage);
    this.#listen();
    runnerStarted.emit({ osPid: this.osPid });
  }

  get osPid(): number | undefined {
    return this.#child.pid;
  }

  /** Hands it a run; undefined if that settled meanwhile, and then it is just ready again. */
  assign(run: Run | undefined): void {
    if (run === undefined) {
      this.#tell({ type: 'runner-ready', port: this.id });
      return;
    }
    const { invoker, module, export: name, path, memoryMbMax = Infinity, cpuMsMax = Infinity } = run.job;
    this.#run = run;
    this.#runMessages = 0;
    run.hold(this);
    this.#send({ type: 'run', id: run.id, invoker, module, export: name, path, input: run.input });
    this.#watch({ memoryMbMax: Math.min(memoryMbMax, this.#memoryMbMax), cpuMsMax }, pollEveryMs);
  }

  cancel(run: Run): void {
    if (run !== this.#run || this.#timer !== undefined) return;
    this.#send({ type: 'cancel', id: run.id });
    this.#after(cancelGraceMs, () => this.kill({ kind: 'cancelled', graceMs: cancelGraceMs }));
  }

  /** Ends it at once, with all that it started. */
  kill(end: IsolationEnd): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#clearTimer();
    this.#stopWatch();
    this.#usage.close();
    killRunner(this.#child);
    for (const stop of this.#stopOutput) stop();
    (this.#child.stdio[lifelineDescriptor] as Socket | undefined)?.destroy();
    if (this.#child.connected) this.#child.disconnect();
    const run = this.#run;
    this.#run = undefined;
    const { owner } = this;
    forgetPort(this);
    if (owner !== undefined) enqueue(owner, new Message(INFO, '', { type: 'runner-gone', port: this.id, wasReady: this.#wasReady } satisfies RunnerEvent, undefined));
    runnerEnded.emit({ osPid: this.osPid, end });
    run?.end(end);
  }

  close(): void {
    this.kill({ kind: 'closed' });
  }

  #usageSource(reportsUsage: boolean): UsageSource {
    if (!reportsUsage) return new ProcUsage(this.#child.pid ?? -1);
    const reported = new ReportedUsage();
    (this.#child.stdio[lifelineDescriptor] as Socket | undefined)?.on('data', (bytes: Buffer) => reported.take(bytes.toString('latin1')));
    return reported;
  }

  #listen(): void {
    const child = this.#child;
    child.on('message', (message) => this.#take(readFromRunner(message)));
    child.on('exit', () => this.#exited());
    child.on('error', (error) => this.#failed(error));
    child.on('close', () => {
      this.#isClosed = true;
      this.#concludeOnceSilent();
    });
    // Jobs can close the channel too; without it a runner is of no use.
    child.on('disconnect', () => {
      this.#after(lastWordsMaxMs, () => this.#conclude());
      this.#concludeOnceSilent();
    });
    const lifeline = child.stdio[lifelineDescriptor] as Socket | undefined;
    lifeline?.on('error', () => {});
    lifeline?.resume();
    if (child.pid === undefined) return;
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#stopOutput.push(forwardOutput(child[stream]!, { osPid: child.pid, stream }, (text) => this.#noteFatal(stream, text)));
    }
  }

  // V8 writes this and aborts when its heap is at its limit before the watch has seen it.
  #noteFatal(stream: string, text: string): void {
    if (stream === 'stderr' && text.includes('heap out of memory')) this.#isOutOfHeap = true;
  }

  #take(message: FromRunner | undefined): void {
    if (this.#isGone || message === undefined) return;
    if (message.type === 'ready') this.#ready();
    else if (message.type === 'crash') this.#crash = message.error;
    else if (message.id === this.#run?.id) this.#takeOf(this.#run, message);
  }

  #takeOf(run: Run, message: Exclude<FromRunner, { type: 'ready' | 'crash' }>): void {
    if (message.type === 'result' || message.type === 'failed') {
      this.#finished();
      if (message.type === 'result') run.succeed(deserialize(message.value));
      else run.fail(new IsolatedError(message.error));
      return;
    }
    this.#runMessages += 1;
    if (this.#runMessages > runMessagesMax) this.kill({ kind: 'flood', messagesMax: runMessagesMax });
    else if (run.options.caller?.alive === false) return;
    else if (message.type === 'notify') run.options.onNotify?.(deserialize(message.value));
    else void this.#answer(run, message.question, deserialize(message.value));
  }

  async #answer(run: Run, question: number, asked: unknown): Promise<void> {
    const { id, options } = run;
    let answer: ToRunner;
    try {
      if (options.onAsk === undefined) throw new Error('nobody answers questions of this run');
      answer = { type: 'answer', id, question, value: serialize(await options.onAsk(asked)) };
    } catch (error) {
      answer = { type: 'refusal', id, question, error: errorInfo(error) };
    }
    if (this.#run === run) this.#send(answer);
  }

  #finished(): void {
    this.#run = undefined;
    this.#stopWatch();
    this.#clearTimer();
    this.#tell({ type: 'runner-finished', port: this.id });
    this.#after(settleMaxMs, () => this.kill({ kind: 'deadline', deadlineMs: settleMaxMs, started: true }));
  }

  #ready(): void {
    // A job could send the word too.
    if (this.#run !== undefined) return;
    this.#clearTimer();
    const isWorn = this.#wasReady && this.#usage.read(false).residentBytes > (this.#memoryMbMax * 1e6) / 2;
    this.#wasReady = true;
    if (isWorn) {
      // What earlier runs left behind would count against the next.
      this.kill({ kind: 'recycled' });
      return;
    }
    this.#watch({ memoryMbMax: this.#memoryMbMax, cpuMsMax: Infinity }, idlePollEveryMs);
    this.#tell({ type: 'runner-ready', port: this.id });
  }

  #exited(): void {
    if (this.#isGone) return;
    // What it started would live on, and keep its pipes open.
    killRunner(this.#child);
    this.#after(lastWordsMaxMs, () => this.#conclude());
  }

  #failed(error: Error): void {
    // Also emitted for a message that could not be sent; the exit of the child tells the rest.
    if (this.#child.pid === undefined) this.kill({ kind: 'start', message: error.message });
  }

  /** After its exit, as soon as all that it printed and sent has arrived. */
  #concludeOnceSilent(): void {
    if (this.#isClosed && !this.#child.connected) this.#conclude();
  }

  #conclude(): void {
    this.kill(this.#ending());
  }

  #ending(): IsolationEnd {
    const { exitCode, signalCode } = this.#child;
    if (this.#isOutOfHeap && signalCode !== null) return { kind: 'memory', usedMb: undefined, memoryMbMax: this.#memoryMbMax };
    if (this.#crash !== undefined) return { kind: 'crash', error: this.#crash };
    if (exitCode !== null) return { kind: 'exit', exitCode };
    return signalCode === null ? { kind: 'disconnect' } : { kind: 'signal', signal: signalCode };
  }

  #watch(limits: Limits, everyMs: number): void {
    this.#stopWatch();
    this.#stopWatch = watchResources(this.#usage, limits, everyMs, (end) => this.kill(end));
  }

  #send(message: ToRunner): void {
    // A channel that breaks is noticed by its 'disconnect'.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #tell(event: RunnerEvent): void {
    if (this.owner !== undefined) enqueue(this.owner, new Message(INFO, '', event, undefined));
  }

  #after(delayMs: number, act: () => void): void {
    this.#clearTimer();
    this.#timer = startTimer(delayMs, act);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) cancelTimer(this.#timer);
    this.#timer = undefined;
  }
}
