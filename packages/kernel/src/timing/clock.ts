// The one place in the kernel that reads time. Everything else asks `clock`, so that a test can
// put a virtual clock in its place and decide when a millisecond passes.

export interface Clock {
  /** Monotonic milliseconds, fractions included. */
  nowMs(): number;
  /** Wall-clock milliseconds since the epoch; for humans and records, never for measuring. */
  wallMs(): number;
  /** Calls `wake` once, not before `atMs` (or in 24.8 days, if that is earlier). The returned function cancels it. */
  wakeAt(atMs: number, wake: () => void): () => void;
}

/** Node's longest timer, 24.8 days: a longer one would fire at once. */
const hostTimerMaxMs = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  wakeAt: (atMs, wake) => {
    // Rounded up: a timer that fires early would find nothing due and have to be set again.
    const timer = setTimeout(wake, Math.min(hostTimerMaxMs, Math.max(0, Math.ceil(atMs - performance.now()))));
    return () => clearTimeout(timer);
  },
};

let current: Clock = systemClock;

export function clock(): Clock {
  return current;
}

/** For tests and simulations: replaces the clock of this node; returns the one before. */
export function useClock(next: Clock): Clock {
  const before = current;
  current = next;
  replaced(before, next);
  return before;
}

let replaced: (before: Clock, after: Clock) => void = () => {};

/** For the timers, which must be set anew then. */
export function onClockReplaced(listener: (before: Clock, after: Clock) => void): void {
  replaced = listener;
}
