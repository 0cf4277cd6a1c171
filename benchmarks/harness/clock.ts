// The benchmarks' only clock. CLOCK_MONOTONIC is one clock for every process of the machine, so times
// taken in the load generator, in a server and here can be compared.

/** Monotonic time in ms since the machine booted, with the resolution of a nanosecond clock. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Waits. For measuring windows and polling only: the length of a window is what is being bought here. */
export function delayMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Rejects with `what` when `promise` has not settled after `timeoutMs`. */
export async function withinMs<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
