// Appends to a ledger as fast as 256 authors can (no rate), at a fixed rate, or one after the other, and watches.
// A process of its own; prints an AppendSample.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openWriter } from '@flyball/ledger';
import type { LedgerWriter } from '@flyball/ledger';
import { delayMs, monotonicMs } from '../harness/clock.ts';
import { summarizeLatency } from '../harness/statistics.ts';
import type { LatencySummary } from '../harness/statistics.ts';
import { programOptions } from './program.ts';
import { receipt } from './receipts.ts';

export interface AppendOptions {
  readonly folder: string;
  readonly appenders: number;
  /** Without: each appends again when its last one is durable. */
  readonly perSecond?: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Ends after so many appends in the window, however long they take. */
  readonly appendsMax?: number;
  /** Before anything is measured. */
  readonly fillTo?: number;
  /** Whether to watch the event loop, each millisecond: what wakes the thread so often slows down one that appends alone. */
  readonly watchesLoop?: boolean;
}

export interface AppendSample {
  readonly perSecond: number;
  readonly appended: number;
  /** User and system time of all threads. */
  readonly cpuUs: number;
  /** From when it was due to durable. */
  readonly append: LatencySummary;
  /** From when it was due to a published checkpoint that covers it. */
  readonly publish: LatencySummary;
  /** 0 unless watched. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

const LOOP_RESOLUTION_MS = 1;
const TICK_MS = 1;

interface Durable {
  readonly index: number;
  readonly dueMs: number;
}

class Watch {
  readonly #appendMs: number[] = [];
  readonly #publishMs: number[] = [];
  #uncovered: Durable[] = [];
  appended = 0;
  isMeasuring = false;

  durable(dueMs: number, index: number): void {
    if (!this.isMeasuring) return;
    this.appended += 1;
    this.#appendMs.push(monotonicMs() - dueMs);
    this.#uncovered.push({ index, dueMs });
  }

  published(size: number): void {
    const nowMs = monotonicMs();
    const rest: Durable[] = [];
    for (const one of this.#uncovered) {
      if (one.index < size) this.#publishMs.push(nowMs - one.dueMs);
      else rest.push(one);
    }
    this.#uncovered = rest;
  }

  get latencies(): { readonly append: LatencySummary; readonly publish: LatencySummary } {
    return { append: summarizeLatency(this.#appendMs), publish: summarizeLatency(this.#publishMs) };
  }
}

class Authors {
  readonly #writer: LedgerWriter;
  readonly #watch: Watch;
  #next: number;
  isEnding = false;

  constructor(writer: LedgerWriter, watch: Watch, next: number) {
    this.#writer = writer;
    this.#watch = watch;
    this.#next = next;
  }

  get next(): number {
    return this.#next;
  }

  async append(dueMs: number): Promise<void> {
    const { index } = await this.#writer.append(receipt(this.#next++));
    this.#watch.durable(dueMs, index);
  }

  /** One author: the next when the last is durable. */
  async repeat(until = Infinity): Promise<void> {
    while (!this.isEnding && this.#next < until) await this.append(monotonicMs());
  }

  /** By the clock, whether those before are durable or not: a pause shows in all that were due meanwhile. */
  async pace(perSecond: number): Promise<void> {
    const startMs = monotonicMs();
    const under = new Set<Promise<void>>();
    for (let sent = 0; !this.isEnding; await delayMs(TICK_MS)) {
      const due = ((monotonicMs() - startMs) / 1_000) * perSecond;
      for (; sent < due; sent += 1) {
        const one: Promise<void> = this.append(startMs + (sent / perSecond) * 1_000).finally(() => under.delete(one));
        under.add(one);
      }
    }
    await Promise.all(under);
  }
}

async function main(): Promise<AppendSample> {
  const options = programOptions<AppendOptions>();
  const writer = await openWriter({ folder: options.folder, origin: 'ledger.example/bench' });
  const watch = new Watch();
  writer.onPublished(({ size }) => watch.published(size));
  const { size } = await writer.stats();
  const authors = new Authors(writer, watch, size);
  const start = (until?: number) => Array.from({ length: options.appenders }, () => authors.repeat(until));
  if (options.fillTo !== undefined) await Promise.all(start(options.fillTo));
  const isFillingOnly = options.windowMs === 0 && options.appendsMax === undefined;
  const running = isFillingOnly ? [] : options.perSecond === undefined ? start() : [authors.pace(options.perSecond)];
  await delayMs(options.warmUpMs);
  const sample = await measure(options, watch);
  authors.isEnding = true;
  await Promise.all(running);
  // Published only now: it counts all the same.
  await writer.publish();
  const result = { ...sample, ...watch.latencies };
  await writer.close();
  return result;
}

async function measure({ windowMs, appendsMax, watchesLoop = false }: AppendOptions, watch: Watch): Promise<Omit<AppendSample, 'append' | 'publish'>> {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  if (watchesLoop) loop.enable();
  const [startMs, cpu] = [monotonicMs(), process.cpuUsage()];
  watch.isMeasuring = true;
  if (appendsMax === undefined) await delayMs(windowMs);
  else while (watch.appended < appendsMax) await delayMs(10);
  watch.isMeasuring = false;
  const used = process.cpuUsage(cpu);
  const elapsedMs = monotonicMs() - startMs;
  loop.disable();
  // The histogram holds the times between two looks, of which the resolution is no delay.
  const delay = (ns: number): number => (watchesLoop ? Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS) : 0);
  return {
    perSecond: (watch.appended / elapsedMs) * 1_000,
    appended: watch.appended,
    cpuUs: used.user + used.system,
    loopDelayP99Ms: delay(loop.percentile(99)),
    loopDelayMaxMs: delay(loop.max),
  };
}

console.log(JSON.stringify(await main()));
