// The deadline of one call. It stands still while the user is being asked: a person's time is
// not the tool's.
import { cancelTimer, clock, startTimer, type Timer } from '@flyball/kernel';

export class Deadline {
  readonly #expired: () => void;
  #leftMs: number;
  #startedMs = 0;
  #timer: Timer | undefined;

  constructor(timeoutMs: number, expired: () => void) {
    this.#leftMs = timeoutMs;
    this.#expired = expired;
  }

  run(): void {
    if (this.#timer !== undefined) return;
    this.#startedMs = clock().nowMs();
    this.#timer = startTimer(this.#leftMs, this.#expired);
  }

  pause(): void {
    if (this.#timer === undefined) return;
    cancelTimer(this.#timer);
    this.#timer = undefined;
    this.#leftMs -= clock().nowMs() - this.#startedMs;
  }
}
