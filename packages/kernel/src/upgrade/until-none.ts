// Waits until nothing is under way any more, as a code change needs it.
import { processExited } from '../process/exit.ts';
import { onHandlerFinished } from '../process/process.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';

const SLICE_MS = 25;

/**
 * Resolves true as soon as `remaining()` is 0, asked again whenever a handler ends; false at the timeout, which counts
 * only time in which the event loop ran: a machine that stood still must not end the patience with work that it held up.
 */
export async function untilNone(remaining: () => number, timeoutMs: number): Promise<boolean> {
  if (remaining() === 0) return true;
  return await new Promise<boolean>((resolve) => {
    let asked = false;
    let leftMs = timeoutMs;
    let timer: Timer | undefined;
    const finish = (done: boolean): void => {
      stopWatching();
      stopListening();
      cancelTimer(timer!);
      resolve(done);
    };
    const ask = (): void => {
      asked = false;
      if (remaining() === 0) finish(true);
    };
    // Counting walks all processes: once an iteration of the event loop is enough.
    const later = (): void => {
      if (asked) return;
      asked = true;
      setImmediate(ask);
    };
    const nextSlice = (): void => {
      const sliceMs = Math.min(SLICE_MS, leftMs);
      timer = startTimer(sliceMs, () => {
        leftMs -= sliceMs;
        if (leftMs > 0) nextSlice();
        else finish(remaining() === 0);
      });
    };
    const stopWatching = onHandlerFinished(later);
    const stopListening = processExited.subscribe(later);
    nextSlice();
  });
}
