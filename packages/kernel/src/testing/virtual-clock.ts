// A clock that stands still until a test moves it. Install it with `useClock`; timers that were
// set before keep their remaining time.
import { whenQuiet } from '../process/scheduler.ts';
import type { Clock } from '../timing/clock.ts';

export interface VirtualClock extends Clock {
  /**
   * Lets `ms` milliseconds pass. Timers fire in the order of their times, each at its own time, and
   * processes run until they are quiet before the next one. Resolves when all are quiet at the end.
   */
  advance(ms: number): Promise<void>;
}

interface Wake {
  readonly atMs: number;
  readonly wake: () => void;
}

/** `startMs` is what `nowMs()` begins with, `wallStartMs` what `wallMs()` does (2001-09-09). */
export function createVirtualClock({ startMs = 0, wallStartMs = 1_000_000_000_000 } = {}): VirtualClock {
  let nowMs = startMs;
  const wakes = new Set<Wake>();
  const advanceTo = async (endMs: number): Promise<void> => {
    await settle();
    for (let next = earliest(wakes); next !== undefined && next.atMs <= endMs; next = earliest(wakes)) {
      wakes.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
      await settle();
    }
    nowMs = endMs;
  };
  return {
    nowMs: () => nowMs,
    wallMs: () => wallStartMs + (nowMs - startMs),
    wakeAt(atMs, wake) {
      const entry: Wake = { atMs, wake };
      wakes.add(entry);
      return () => wakes.delete(entry);
    },
    advance: (ms) => advanceTo(nowMs + ms),
  };
}

function earliest(wakes: ReadonlySet<Wake>): Wake | undefined {
  let first: Wake | undefined;
  for (const wake of wakes) if (first === undefined || wake.atMs < first.atMs) first = wake;
  return first;
}

/**
 * Resolves when no process is ready and the promises that were resolved have had their turn. What
 * waits for real I/O is not waited for.
 */
export async function settle(): Promise<void> {
  // Promises of handlers may make processes ready once more: two quiet rounds in a row.
  for (let round = 0; round < 2; round += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await whenQuiet();
  }
}
