// The deadline of one call. It stands still while the user is being asked: a person's time is
// not the tool's.
import { cancelTimer, clock, startTimer, type Timer } from '@flyball/kernel';

export class Deadline {
  readonly #expired: () => void;
  #leftMs: number;
  #startedMs = 0;
  #timer: Timer | undefined;
  #started = false;
  /** Questions that wait for an answer. */
  #holds = 0;

  constructor(timeoutMs: number, expired: () => void) {
    this.#leftMs = timeoutMs;
    this.#expired = expired;
  }

  start(): void {
    this.#started = true;
    this.#arm();
  }

  /** For good: the call has its result. */
  stop(): void {
    this.#started = false;
    this.#disarm();
  }

  hold(): void {
    this.#holds += 1;
    this.#disarm();
  }

  release(): void {
    this.#holds -= 1;
    this.#arm();
  }

  #arm(): void {
    if (!this.#started || this.#holds > 0 || this.#timer !== undefined) return;
    this.#startedMs = clock().nowMs();
    this.#timer = startTimer(this.#leftMs, this.#expired);
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    cancelTimer(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= clock().nowMs() - this.#startedMs;
  }
}
