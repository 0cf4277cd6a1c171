// The side of the load generator that a benchmark holds.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { withinMs } from '../harness/clock.ts';
import { LOAD_CORE, pinTo } from '../harness/cores.ts';
import type { FromGenerator, LoadPlan, LoadReport, ToGenerator, Window } from './plan.ts';

const PREPARE_TIMEOUT_MS = 60_000;

export class LoadGenerator {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #plan: LoadPlan;

  private constructor(child: ChildProcess, plan: LoadPlan) {
    if (child.pid === undefined) throw new Error('the load generator did not start');
    this.pid = child.pid;
    this.#child = child;
    this.#plan = plan;
  }

  /** Started, and every client has its session; nothing is called before `start`. */
  static async prepare(plan: LoadPlan, options: { pin: boolean }): Promise<LoadGenerator> {
    // As JSON, NaN and Infinity would arrive as null.
    const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), { serialization: 'advanced' });
    const generator = new LoadGenerator(child, plan);
    if (options.pin) pinTo(LOAD_CORE, generator.pid);
    try {
      await generator.#ask({ kind: 'prepare', plan }, 'prepared', PREPARE_TIMEOUT_MS);
    } catch (error) {
      generator.kill();
      throw error;
    }
    return generator;
  }

  start(): void {
    this.#tell({ kind: 'start' });
  }

  /** Ends the load and the process. */
  async stop(windows: readonly Window[]): Promise<LoadReport> {
    const timeoutMs = this.#plan.answerTimeoutMs * 2 + 30_000;
    try {
      const answer = await this.#ask({ kind: 'stop', windows }, 'report', timeoutMs);
      return answer.report;
    } finally {
      this.kill();
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #tell(message: ToGenerator): void {
    this.#child.send(message);
  }

  async #ask<Kind extends FromGenerator['kind']>(
    message: ToGenerator,
    awaited: Kind,
    timeoutMs: number,
  ): Promise<Extract<FromGenerator, { kind: Kind }>> {
    const child = this.#child;
    const answer = new Promise<FromGenerator>((resolve, reject) => {
      child.once('message', (received) => resolve(received as FromGenerator));
      child.once('exit', (code, signal) => reject(new Error(`the load generator ended: ${code ?? signal}`)));
    });
    this.#tell(message);
    const received = await withinMs(timeoutMs, `load generator, "${message.kind}"`, answer);
    if (received.kind === 'failed') throw new Error(`load generator: ${received.reason}`);
    if (received.kind !== awaited) throw new Error(`load generator: ${received.kind} instead of ${awaited}`);
    return received as Extract<FromGenerator, { kind: Kind }>;
  }
}
