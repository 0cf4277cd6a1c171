// What is counted while a queue runs, and the ideal that it is measured against. Called by queue-model.ts.
import type { ControlState, QueueView } from '../control/admission-control.ts';
import { PRIORITIES } from '../control/admission-control.ts';
import type { QueueOptions, Workload } from './queue-model.ts';

export interface QueueFlip {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
}

/** One second of a run, for the chart. */
export interface QueueSecond {
  readonly atMs: number;
  readonly offered: number;
  readonly shed: number;
  readonly depth: number;
  readonly headWaitMs: number;
  readonly mode: string;
}

export interface QueueResult {
  readonly name: string;
  readonly offered: number;
  readonly offeredByPriority: readonly number[];
  /** Turned away on arrival, or dropped by the control before being served. */
  readonly shed: number;
  readonly shedByPriority: readonly number[];
  readonly served: number;
  /** Answered within the deadline. */
  readonly good: number;
  /** What could be answered in time with the same arrivals: see `idealGoodput`. */
  readonly ideal: number;
  readonly goodputPctOfIdeal: number;
  readonly goodputPctOfOffered: number;
  /** Waits of what was served, in ms. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  readonly waitMaxMs: number;
  readonly flips: readonly QueueFlip[];
  readonly flipsPerHour: number;
  /** From the end of the overload to the first of 60 s (or of the rest of the run) without shedding; NaN without an overload. */
  readonly recoveryS: number;
  /** Largest share shed of any 1 s in a mode other than refusing, of seconds with 50 requests and more. */
  readonly shedShareMax: number;
  readonly seconds: readonly QueueSecond[];
}

const QUIET_MS = 60_000;
const COUNTED_MIN = 50;

export class QueueScore {
  readonly #workload: Workload;
  readonly #options: QueueOptions;
  readonly #offered = Array.from({ length: PRIORITIES }, () => 0);
  readonly #shed = Array.from({ length: PRIORITIES }, () => 0);
  readonly #waits: number[] = [];
  readonly #flips: QueueFlip[] = [];
  readonly #seconds: QueueSecond[] = [];
  readonly #shedAtMs: number[] = [];
  #good = 0;
  #shedShareMax = 0;
  #second = { offered: 0, shed: 0, refusing: false };

  constructor(workload: Workload, options: QueueOptions) {
    this.#workload = workload;
    this.#options = options;
  }

  arrived(atMs: number, priority: number, { passes, mode }: ControlState): void {
    this.#offered[priority]! += 1;
    this.#second.offered += 1;
    if (mode === 'refusing') this.#second.refusing = true;
    if (!passes) this.#count(atMs, priority);
  }

  dropped(atMs: number, priority: number, waitedMs: number): void {
    // Who has waited past the deadline is gone already: that is a late answer, not a choice of the control.
    if (waitedMs < this.#options.deadlineMs) this.#count(atMs, priority);
  }

  served(_atMs: number, waitedMs: number): void {
    this.#waits.push(waitedMs);
  }

  finished(latencyMs: number): void {
    if (latencyMs <= this.#options.deadlineMs) this.#good += 1;
  }

  flipped(atMs: number, from: string, to: string): void {
    this.#flips.push({ atMs, from, to });
  }

  ticked(atMs: number, view: QueueView, mode: string): void {
    const { offered, shed, refusing } = this.#second;
    this.#seconds.push({ atMs, offered, shed, depth: view.depth, headWaitMs: view.headWaitMs, mode });
    if (!refusing && offered >= COUNTED_MIN) this.#shedShareMax = Math.max(this.#shedShareMax, shed / offered);
    this.#second = { offered: 0, shed: 0, refusing: mode === 'refusing' };
  }

  result(name: string): QueueResult {
    const ideal = idealGoodput(this.#workload, this.#options);
    const waits = Float64Array.from(this.#waits).sort();
    const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? 0;
    const offered = sum(this.#offered);
    return {
      name, offered, offeredByPriority: this.#offered, shed: sum(this.#shed), shedByPriority: this.#shed,
      served: waits.length, good: this.#good, ideal,
      goodputPctOfIdeal: (100 * this.#good) / ideal, goodputPctOfOffered: (100 * this.#good) / offered,
      waitP50Ms: at(0.5), waitP99Ms: at(0.99), waitMaxMs: at(1),
      flips: this.#flips, flipsPerHour: (this.#flips.length * 3_600_000) / this.#workload.durationMs,
      recoveryS: this.#recoveryS(), shedShareMax: this.#shedShareMax, seconds: this.#seconds,
    };
  }

  #count(atMs: number, priority: number): void {
    this.#shed[priority]! += 1;
    this.#second.shed += 1;
    this.#shedAtMs.push(atMs);
  }

  /** A single late shed long after the queue has calmed down is ordinary traffic's, not the overload's. */
  #recoveryS(): number {
    const { overloadEndMs } = this.#options;
    if (overloadEndMs === undefined) return NaN;
    let lastMs = overloadEndMs;
    for (const atMs of this.#shedAtMs) {
      if (atMs < overloadEndMs) continue;
      if (atMs - lastMs > QUIET_MS) break;
      lastMs = atMs;
    }
    return (lastMs - overloadEndMs) / 1_000;
  }
}

/**
 * What can be answered in time at full capacity: first come first served, each request taking the mean service time,
 * let in exactly when its answer will be in time. (With the single service times known beforehand one could turn
 * away the long ones and answer more; no queue knows them.)
 */
export function idealGoodput({ arrivalsMs, serviceMs }: Workload, { servers, deadlineMs, speed }: QueueOptions): number {
  const meanMs = sum(serviceMs) / Math.max(1, serviceMs.length);
  const freeMs = new Float64Array(servers);
  let good = 0;
  for (const arrivalMs of arrivalsMs) {
    let server = 0;
    for (let other = 1; other < servers; other++) if (freeMs[other]! < freeMs[server]!) server = other;
    const startMs = Math.max(arrivalMs, freeMs[server]!);
    const endMs = startMs + meanMs / (speed?.(startMs) ?? 1);
    if (endMs - arrivalMs > deadlineMs) continue;
    freeMs[server] = endMs;
    good += 1;
  }
  return good;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += values[at]!;
  return total;
}
