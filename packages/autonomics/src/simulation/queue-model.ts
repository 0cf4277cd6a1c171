// A queue with servers behind it, as a discrete-event model: requests of five priorities arrive, an admission
// control lets them in or not, servers take the one that waited longest. The backlog valve and its peers are
// scored on it with the same arrivals and service times each. (Kept together with the backlog valve, whose
// tests and simulator both run on it.) Pure: chance comes in as a Random, time is the model's.
import type { Random } from '@flyball/kernel';

import type { AdmissionControl, ControlState, Priority, QueueView } from '../control/admission-control.ts';
import { PRIORITIES } from '../control/admission-control.ts';
import { EventQueue } from './event-queue.ts';
import { QueueScore, type QueueResult } from './queue-score.ts';

/** What arrives: drawn once, so that every control meets the same. */
export interface Workload {
  readonly arrivalsMs: Float64Array;
  readonly serviceMs: Float64Array;
  readonly priorities: Uint8Array;
  readonly durationMs: number;
}

export interface QueueOptions {
  readonly servers: number;
  /** From arrival to the answer; a later answer is worth nothing. */
  readonly deadlineMs: number;
  /** From here on nothing has to be shed any more; recovery counts from here. */
  readonly overloadEndMs?: number;
  /** What the control's clock shows at a moment of the model: for jumps. */
  readonly clock?: (atMs: number) => number;
  /** Whether the control's tick at this moment gets through. */
  readonly tickArrives?: (atMs: number) => boolean;
  /** Share of full speed at which servers work at this moment; 1 unless given. */
  readonly speed?: (atMs: number) => number;
}

/** Draws service times and priorities for given arrivals; `shares` from the highest priority to the lowest. */
export function workloadOf(
  arrivalsMs: Float64Array,
  { durationMs, service, shares, random }: { durationMs: number; service: (random: Random) => number; shares: readonly number[]; random: Random },
): Workload {
  const serviceMs = Float64Array.from(arrivalsMs, () => service(random));
  const sum = shares.reduce((total, share) => total + share, 0);
  const priorities = Uint8Array.from(arrivalsMs, () => {
    let left = random.next() * sum;
    for (let at = 0; at < PRIORITIES - 1; at++) {
      left -= shares[at] ?? 0;
      if (left < 0) return at;
    }
    return PRIORITIES - 1;
  });
  return { arrivalsMs, serviceMs, priorities, durationMs };
}

const ARRIVES = 0;
const FINISHES = 1;
const TICKS = 2;
const TICK_MS = 1_000;

export function runQueue<S extends ControlState>(control: AdmissionControl<S>, workload: Workload, options: QueueOptions): QueueResult {
  return new QueueRun(control, workload, options).run();
}

class QueueRun<S extends ControlState> {
  readonly #control: AdmissionControl<S>;
  readonly #workload: Workload;
  readonly #options: QueueOptions;
  readonly #events = new EventQueue();
  readonly #score: QueueScore;
  /** Indices of those that wait, first in first out; `#head` is where the first is. */
  readonly #waiting: number[] = [];
  #head = 0;
  #busy = 0;
  #state: S;

  constructor(control: AdmissionControl<S>, workload: Workload, options: QueueOptions) {
    this.#control = control;
    this.#workload = workload;
    this.#options = options;
    this.#state = control.initial(this.#clock(0));
    this.#score = new QueueScore(workload, options);
  }

  run(): QueueResult {
    this.#events.add(0, TICKS);
    if (this.#workload.arrivalsMs.length > 0) this.#events.add(this.#workload.arrivalsMs[0]!, ARRIVES, 0);
    for (let event = this.#events.next(); event !== undefined; event = this.#events.next()) {
      if (event.kind === ARRIVES) this.#arrive(event.index, event.atMs);
      else if (event.kind === FINISHES) this.#finish(event.index, event.atMs);
      else this.#tick(event.atMs);
    }
    return this.#score.result(this.#control.name);
  }

  #clock(atMs: number): number {
    return this.#options.clock?.(atMs) ?? atMs;
  }

  /** Waits are what the queue measures with a clock of its own that does not jump. */
  #view(atMs: number): QueueView {
    const depth = this.#waiting.length - this.#head;
    return { depth, busy: this.#busy, headWaitMs: depth === 0 ? 0 : atMs - this.#workload.arrivalsMs[this.#waiting[this.#head]!]! };
  }

  #arrive(index: number, atMs: number): void {
    const next = index + 1;
    if (next < this.#workload.arrivalsMs.length) this.#events.add(this.#workload.arrivalsMs[next]!, ARRIVES, next);
    const priority = this.#workload.priorities[index]! as Priority;
    this.#become(this.#control.arrived(this.#state, this.#view(atMs), priority, this.#clock(atMs)), atMs);
    this.#score.arrived(atMs, priority, this.#state);
    if (!this.#state.passes) return;
    this.#waiting.push(index);
    this.#serve(atMs);
  }

  #serve(atMs: number): void {
    while (this.#busy < this.#options.servers && this.#head < this.#waiting.length) {
      const index = this.#waiting[this.#head++]!;
      if (this.#head > 1_024 && this.#head * 2 > this.#waiting.length) this.#forgetServed();
      const waitedMs = atMs - this.#workload.arrivalsMs[index]!;
      this.#become(this.#control.taken(this.#state, this.#view(atMs), waitedMs, this.#clock(atMs)), atMs);
      if (!this.#state.passes) {
        this.#score.dropped(atMs, this.#workload.priorities[index]!, waitedMs);
        continue;
      }
      this.#busy += 1;
      const speed = this.#options.speed?.(atMs) ?? 1;
      this.#score.served(atMs, waitedMs);
      this.#events.add(atMs + this.#workload.serviceMs[index]! / speed, FINISHES, index);
    }
  }

  #forgetServed(): void {
    this.#waiting.splice(0, this.#head);
    this.#head = 0;
  }

  #finish(index: number, atMs: number): void {
    this.#busy -= 1;
    const latencyMs = atMs - this.#workload.arrivalsMs[index]!;
    this.#score.finished(latencyMs);
    this.#become(this.#control.finished(this.#state, this.#view(atMs), latencyMs, this.#clock(atMs)), atMs);
    this.#serve(atMs);
  }

  #tick(atMs: number): void {
    if (atMs + TICK_MS <= this.#workload.durationMs) this.#events.add(atMs + TICK_MS, TICKS);
    const view = this.#view(atMs);
    if (this.#options.tickArrives?.(atMs) ?? true) this.#become(this.#control.ticked(this.#state, view, this.#clock(atMs)), atMs);
    this.#score.ticked(atMs, view, this.#state.mode);
  }

  #become(next: S, atMs: number): void {
    if (next.mode !== this.#state.mode) this.#score.flipped(atMs, this.#state.mode, next.mode);
    this.#state = next;
  }
}
