// The load generator: a process of its own, told what to do over the IPC channel by load-generator.ts.
import { setTimeout as delay } from 'node:timers/promises';
import type { FromGenerator, LoadPlan, ToGenerator, Window } from './plan.ts';
import { pacerFor } from './pacing.ts';
import type { Pacer } from './pacing.ts';
import { Recorder } from './recorder.ts';
import { SimulatedClient } from './simulated-client.ts';

const TIMEOUT_CHECK_MS = 250;
const PREPARED_AT_ONCE = 16;

class Run {
  readonly recorder = new Recorder();
  readonly clients: SimulatedClient[] = [];
  readonly #plan: LoadPlan;
  readonly #pacer: Pacer;
  #timeouts: NodeJS.Timeout | undefined;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#pacer = pacerFor(plan.pacing, this.recorder);
    const onFree = (client: SimulatedClient): void => this.#pacer.onFree(client);
    for (const crowd of plan.crowds) {
      for (let count = 0; count < crowd.clients; count++) {
        const number = this.clients.length;
        this.clients.push(new SimulatedClient({ number, plan, crowd, recorder: this.recorder, onFree }));
      }
    }
  }

  async prepare(): Promise<void> {
    for (let first = 0; first < this.clients.length; first += PREPARED_AT_ONCE) {
      const some = this.clients.slice(first, first + PREPARED_AT_ONCE);
      await Promise.all(some.map((client) => client.prepare()));
    }
  }

  start(): void {
    this.#timeouts = setInterval(() => this.#giveUpOnTheLate(), TIMEOUT_CHECK_MS);
    this.#pacer.start(this.clients);
  }

  #giveUpOnTheLate(): void {
    for (const client of this.clients) {
      if (client.sentForMs > this.#plan.answerTimeoutMs) client.giveUp();
    }
  }

  /** Lets the calls under way end. */
  async stop(): Promise<void> {
    this.#pacer.stop();
    while (this.clients.some((client) => client.isCalling)) await delay(5);
    clearInterval(this.#timeouts);
    for (const client of this.clients) client.close();
  }
}

let run: Run | undefined;

function tell(message: FromGenerator): void {
  process.send?.(message);
}

async function obey(command: ToGenerator): Promise<void> {
  if (command.kind === 'prepare') {
    run = new Run(command.plan);
    await run.prepare();
    tell({ kind: 'prepared' });
  } else if (command.kind === 'start') {
    run?.start();
  } else {
    await finish(command.windows);
  }
}

async function finish(windows: readonly Window[]): Promise<void> {
  if (run === undefined) throw new Error('stop before prepare');
  await run.stop();
  tell({ kind: 'report', report: run.recorder.report(windows) });
}

process.on('message', (command: ToGenerator) => {
  obey(command).catch((error: unknown) => tell({ kind: 'failed', reason: String(error) }));
});
process.on('disconnect', () => process.exit(0));
