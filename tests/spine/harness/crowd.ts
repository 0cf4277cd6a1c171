// Many clients that call without a pause, each with one request under way, while a test does something to the
// node. Counts what was answered and each failure, and repeats nothing.
import { Client, type ClientKind } from './client.ts';

export interface CrowdMember {
  readonly url: string;
  readonly kind: ClientKind;
  /** Number of clients like this. */
  readonly clients: number;
}

export interface CrowdCall<T> {
  readonly tool: string;
  readonly args: (client: number) => Record<string, unknown>;
  /** What is wrong with a result; undefined if nothing is. Asked as soon as it is read. */
  readonly judge: (result: T, client: number) => string | undefined;
  /** A sessionful client opens another session after so many calls; never unless given. */
  readonly callsPerSession?: number;
}

/** More are only counted. */
const FAILURES_KEPT = 20;

export class Crowd<T> {
  readonly #call: CrowdCall<T>;
  readonly #members: readonly CrowdMember[];
  #clients: Client[] = [];
  #running: Promise<void>[] = [];
  #isPaused = true;
  readonly #watchers = new Set<(client: number) => void>();
  answered = 0;
  failed = 0;
  readonly failures: string[] = [];
  slowestMs = 0;

  constructor(members: readonly CrowdMember[], call: CrowdCall<T>) {
    this.#members = members;
    this.#call = call;
  }

  /** Of clients that are there; `resume` starts it. */
  static of<T>(clients: readonly Client[], call: CrowdCall<T>): Crowd<T> {
    const crowd = new Crowd([], call);
    crowd.#clients = [...clients];
    return crowd;
  }

  get size(): number {
    return this.#clients.length;
  }

  /** Connects all and starts to call. */
  async start(): Promise<void> {
    const opening = this.#members.flatMap(({ url, kind, clients }) => Array.from({ length: clients }, () => Client.open(url, kind)));
    this.#clients = await Promise.all(opening);
    this.resume();
  }

  /** Resolves when each client has had an answer to a request that it sent from now on. */
  goesOn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    // The first one to come may answer a request that was under way.
    const missing = new Map(this.#clients.map((_, client) => [client, 2]));
    const watch = (client: number): void => {
      const left = (missing.get(client) ?? 0) - 1;
      if (left > 0) missing.set(client, left);
      else missing.delete(client);
      if (missing.size > 0) return;
      this.#watchers.delete(watch);
      resolve();
    };
    this.#watchers.add(watch);
    return promise;
  }

  /** Resolves when nothing is under way; the connections stay. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await Promise.all(this.#running);
  }

  resume(): void {
    this.#isPaused = false;
    this.#running = this.#clients.map((client, number) => this.#run(client, number));
  }

  async stop(): Promise<void> {
    await this.pause();
    this.abandon();
  }

  /** Ends without waiting for answers, for a test that failed. */
  abandon(): void {
    this.#isPaused = true;
    for (const client of this.#clients) client.close();
  }

  async #run(client: Client, number: number): Promise<void> {
    for (let calls = 1; !this.#isPaused; calls += 1) {
      const startedMs = performance.now();
      try {
        await this.#callOnce(client, number, calls);
        this.answered += 1;
      } catch (error) {
        this.#fail(client, error);
        // A refused connection is refused at once: the test must still get its turn.
        await new Promise(setImmediate);
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
      for (const watch of this.#watchers) watch(number);
    }
  }

  async #callOnce(client: Client, number: number, calls: number): Promise<void> {
    const { tool, args, judge, callsPerSession } = this.#call;
    if (callsPerSession !== undefined && client.kind.dialect === 'sessionful' && calls % callsPerSession === 0) await client.initialize();
    const problem = judge(await client.call<T>(tool, args(number)), number);
    if (problem !== undefined) throw new Error(`wrong answer: ${problem}`);
  }

  #fail(client: Client, error: unknown): void {
    this.failed += 1;
    const { dialect, connection } = client.kind;
    const { message, code } = error as { message: string; code?: string };
    if (this.failures.length < FAILURES_KEPT) this.failures.push(`${dialect}, ${connection}: ${code === undefined ? '' : `${code} `}${message}`);
  }
}
