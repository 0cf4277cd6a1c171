/**
 * The only place where heart reads time. Heart has a clock of its own, not the kernel's: it imports next to
 * nothing, because the first shard waits for it at every start, and because it must survive a broken kernel.
 */
export interface HeartClock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** Runs `act` once after `delayMs`; the function returned calls it off. */
  after(delayMs: number, act: () => void): () => void;
}

export const systemClock: HeartClock = {
  nowMs: () => performance.now(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The time of day, for log lines only: it may jump, so nothing is measured with it. */
export function wallTime(): string {
  return new Date().toISOString();
}
