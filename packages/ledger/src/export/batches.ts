// Many requests at once, but in order: a batch begins when the one before it is done. So whoever finds the first item
// of a batch done knows that all batches before it are.

export const batchWidth = 32;

/** Rejects as the first that fails, once the others of its batch have ended. */
export async function inBatches<Item>(items: Iterable<Item>, act: (item: Item) => Promise<void>): Promise<void> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < batchWidth) continue;
    await all(batch, act);
    batch = [];
  }
  await all(batch, act);
}

async function all<Item>(batch: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(batch.map(act));
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
