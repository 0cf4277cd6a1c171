// The log as a live stream: what is there from a place on, then what is published, as it is published. The reader's
// pace is the stream's: nothing is read ahead of it but the bundle it is in.
import { clock } from '@flyball/kernel';

import { loggedReceipt, type LoggedReceipt, type PublishedLog } from './published-log.ts';

/** Resolves to the log's size once it is greater than `size`, and in any case when the signal is aborted. */
export type Growth = (size: number, signal: AbortSignal) => Promise<number>;

/** Ends when `signal` is aborted. Rejects with `receipt-pruned` when `from` was, and as `growth` does. */
export async function* followLog(log: PublishedLog, { from, growth, signal }: { readonly from: number; readonly growth: Growth; readonly signal: AbortSignal }): AsyncGenerator<LoggedReceipt, void, undefined> {
  let next = from;
  while (!signal.aborted) {
    const size = await growth(next, signal);
    for await (const logged of log.entries({ from: next, to: size })) {
      if (signal.aborted) return;
      yield loggedReceipt(logged);
      next = logged.index + 1;
    }
  }
}

/** Looks at the checkpoint again and again: for folders that another process writes, and for addresses. */
export function polledGrowth(log: PublishedLog, everyMs: number): Growth {
  return async (size, signal) => {
    for (;;) {
      const checkpoint = await log.checkpoint();
      if (checkpoint.size > size || signal.aborted) return checkpoint.size;
      await wait(everyMs, signal);
    }
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock().wakeAt(clock().nowMs() + ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
