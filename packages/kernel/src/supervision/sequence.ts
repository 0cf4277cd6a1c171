// Steps that are done at once where they can be, and awaited where they must be. Starting
// 100,000 children whose inits are synchronous must not cost 100,000 promises.

/** Runs `then` after `step`, in the same stack unless `step` returned a promise. */
export function whenDone<T, R>(step: () => T | Promise<T>, then: (value: T) => R | Promise<R>, failed: (error: unknown) => R | Promise<R> = rethrow): R | Promise<R> {
  let value: T | Promise<T>;
  try {
    value = step();
  } catch (error) {
    return failed(error);
  }
  return value instanceof Promise ? value.then(then, failed) : then(value);
}

/** Does the items one after the other. */
export function inOrder<T>(items: readonly T[], each: (item: T) => unknown, from = 0): void | Promise<void> {
  for (let at = from; at < items.length; at += 1) {
    const done = each(items[at]!);
    if (done instanceof Promise) return done.then(() => inOrder(items, each, at + 1));
  }
}

function rethrow(error: unknown): never {
  throw error;
}
