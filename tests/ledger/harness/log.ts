// What a log says, read without the node.
import assert from 'node:assert/strict';

import { loggedReceipt, PublishedLog, tileWidth, verifyLog, type LoggedReceipt } from '@flyball/ledger';

/** Verified whole: signatures, tree, chains, order. */
export async function verifiedReceipts(folder: string): Promise<readonly LoggedReceipt[]> {
  const report = await verifyLog({ target: folder, threads: 0 });
  assert.deepEqual([report.verdict, report.findings], ['good', []]);
  const log = await PublishedLog.open(folder);
  try {
    const { size } = await log.checkpoint();
    const receipts: LoggedReceipt[] = [];
    for (let bundle = 0; bundle * tileWidth < size; bundle += 1) {
      for (const entry of await log.bundle(bundle, size)) receipts.push(loggedReceipt({ index: receipts.length, entry }));
    }
    assert.equal(receipts.length, report.receipts);
    return receipts;
  } finally {
    log.close();
  }
}

/** Each acknowledged one is there once, at the place that was said. */
export function assertKept(receipts: readonly LoggedReceipt[], acknowledged: ReadonlyMap<string, { readonly index: number }>): void {
  const places = new Map<string, number[]>();
  for (const { index, receipt } of receipts) places.set(receipt.id, [...(places.get(receipt.id) ?? []), index]);
  for (const [id, { index }] of acknowledged) assert.deepEqual(places.get(id), [index], id);
  for (const [id, indexes] of places) assert.equal(indexes.length, 1, `${id} was recorded twice`);
}
