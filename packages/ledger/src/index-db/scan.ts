// The same query without an index: reads the log from its end or its beginning until the page is full. For archives,
// addresses and folders that are only read.
import { tileWidth } from '../format/layout.ts';
import { loggedReceipt, type LoggedEntry, type LoggedReceipt, type PublishedLog } from './published-log.ts';
import { cursorAt, filterOf, matches, type ReceiptPage, type ReceiptQuery } from './receipt-query.ts';

/** Where the log's beginning is gone, over what is left. Rejects with `bad-query`, `missing-tile`, `bad-receipt`. `onProgress` gets how many receipts were read, and of how many. */
export async function scanReceipts(log: PublishedLog, query: ReceiptQuery, onProgress?: (done: number, of: number) => void): Promise<ReceiptPage<LoggedReceipt>> {
  const filter = filterOf(query);
  const { size } = await log.checkpoint();
  const found: LoggedReceipt[] = [];
  let done = 0;
  const keptFrom = await log.keptFrom(size);
  for await (const bundle of bundlesInOrder(log, { size, keptFrom, start: filter.start, isNewestFirst: filter.isNewestFirst })) {
    for (const logged of bundle) {
      const one = loggedReceipt(logged);
      if (!matches(filter, one.receipt)) continue;
      if (found.length === filter.limit) return { receipts: found, cursor: cursorAt(one.index, filter) };
      found.push(one);
    }
    done += bundle.length;
    onProgress?.(done, size - keptFrom);
  }
  return { receipts: found };
}

type Order = { readonly size: number; readonly keptFrom: number; readonly start: number; readonly isNewestFirst: boolean };

async function* bundlesInOrder(log: PublishedLog, { size, keptFrom, start, isNewestFirst }: Order): AsyncGenerator<readonly LoggedEntry[]> {
  const first = Math.min(isNewestFirst ? start : Math.max(start, keptFrom), size - 1);
  if (size === 0 || start >= size && !isNewestFirst) return;
  const step = isNewestFirst ? -1 : 1;
  for (let bundle = Math.floor(first / tileWidth); bundle * tileWidth >= keptFrom && bundle * tileWidth < size; bundle += step) {
    const entries = (await log.bundle(bundle, size)).map((entry, at) => ({ index: bundle * tileWidth + at, entry }));
    const wanted = entries.filter(({ index }) => (isNewestFirst ? index <= first : index >= first));
    yield isNewestFirst ? wanted.toReversed() : wanted;
  }
}
