// When which client calls. Saturating: each again as soon as it is free. Fixed rate: a call every so often
// by the clock, whoever is free; what finds nobody free waits, and its latency counts from the time at which
// it was to be sent, so that a pause of the server shows in full (no coordinated omission).
import { monotonicMs } from '../harness/clock.ts';
import type { Pacing } from './plan.ts';
import type { Recorder } from './recorder.ts';
import type { SimulatedClient } from './simulated-client.ts';

export interface Pacer {
  start(clients: readonly SimulatedClient[]): void;
  onFree(client: SimulatedClient): void;
  /** Nothing is sent any more. */
  stop(): void;
}

export function pacerFor(pacing: Pacing, recorder: Recorder): Pacer {
  return pacing.kind === 'saturate' ? new SaturatingPacer() : new FixedRatePacer(pacing.requestsPerSecond, recorder);
}

class SaturatingPacer implements Pacer {
  #isStopped = false;

  start(clients: readonly SimulatedClient[]): void {
    for (const client of clients) client.call(monotonicMs());
  }

  onFree(client: SimulatedClient): void {
    if (!this.#isStopped) client.call(monotonicMs());
  }

  stop(): void {
    this.#isStopped = true;
  }
}

class FixedRatePacer implements Pacer {
  readonly #intervalMs: number;
  readonly #recorder: Recorder;
  readonly #free: SimulatedClient[] = [];
  readonly #dueMs: number[] = [];
  #nextDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(requestsPerSecond: number, recorder: Recorder) {
    this.#intervalMs = 1_000 / requestsPerSecond;
    this.#recorder = recorder;
  }

  start(clients: readonly SimulatedClient[]): void {
    this.#free.push(...clients);
    this.#nextDueMs = monotonicMs();
    // The finest timer that Node has. What is due between two ticks is sent at the second: `lateness` tells.
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  #tick(): void {
    const nowMs = monotonicMs();
    for (; this.#nextDueMs <= nowMs; this.#nextDueMs += this.#intervalMs) {
      this.#dueMs.push(this.#nextDueMs);
      this.#recorder.sentLate(nowMs - this.#nextDueMs);
    }
    while (this.#dueMs.length > 0 && this.#free.length > 0) {
      const client = this.#free.shift();
      const dueMs = this.#dueMs.shift();
      if (client !== undefined && dueMs !== undefined) client.call(dueMs);
    }
  }

  onFree(client: SimulatedClient): void {
    const dueMs = this.#isStopped ? undefined : this.#dueMs.shift();
    if (dueMs === undefined) this.#free.push(client);
    else client.call(dueMs);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }
}
