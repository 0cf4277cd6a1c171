// Everything that reads, on a log that the real writer pruned: what is left is found, and where it begins is said.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LedgerError } from '../../src/errors.ts';
import { polledGrowth, followLog } from '../../src/index-db/follow.ts';
import { PublishedLog } from '../../src/index-db/published-log.ts';
import { ReceiptIndex, receiptIndexPath } from '../../src/index-db/receipt-index.ts';
import type { ReceiptQuery } from '../../src/index-db/receipt-query.ts';
import { scanReceipts } from '../../src/index-db/scan.ts';
import { openLedger } from '../../src/ledger.ts';
import { openWriter, type LedgerWriter } from '../../src/store/writer.ts';
import { draft, origin } from '../../src/testing/index.ts';

/** One tenant has receipts at the beginning only. */
const tenantAt = (index: number): string => (index < 300 && index % 100 === 7 ? 'early' : `tenant-${index % 3}`);

async function append(writer: LedgerWriter, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, at) => writer.append(draft(from + at, { tenantId: tenantAt(from + at) }))));
  await writer.publish();
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-pruned-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Indexed = { readonly log: PublishedLog; readonly index: ReceiptIndex };

async function indexOf(t: TestContext, folder: string): Promise<Indexed> {
  const log = await PublishedLog.open(folder);
  const index = await ReceiptIndex.open({ log, file: receiptIndexPath(folder) });
  t.after(() => {
    index.close();
    log.close();
  });
  return { log, index };
}

/** 1,000 receipts, and the one that says that those below 512 were pruned. */
async function prunedFolder(t: TestContext, beforePruning: (folder: string, writer: LedgerWriter) => Promise<void> = async () => {}): Promise<string> {
  const folder = folderFor(t);
  const writer = await openWriter({ folder, origin });
  await append(writer, 0, 1_000);
  await beforePruning(folder, writer);
  assert.equal(await writer.prune(600), 512);
  await writer.close();
  return folder;
}

const code = (wanted: string) => (error: unknown) => error instanceof LedgerError && error.code === wanted;
const places = async (page: Promise<{ readonly receipts: readonly { readonly index: number }[] }>): Promise<number[]> => (await page).receipts.map(({ index }) => index);

test('a log says where it begins; a receipt below is refused by a code of its own', async (t) => {
  const { log } = await indexOf(t, await prunedFolder(t));
  const { size } = await log.checkpoint();
  assert.deepEqual([size, await log.keptFrom(size)], [1_001, 512]);
  await assert.rejects(log.entry(511, size), (error) => code('receipt-pruned')(error) && /begins at receipt 512/.test((error as Error).message));
  assert.equal((await log.entry(512, size))?.index, 512);
  assert.ok(await log.proofFile(3), 'its place can still be proved: hashes stay');
});

test('each place where a log may begin is found', async (t) => {
  const folder = folderFor(t);
  const writer = await openWriter({ folder, origin });
  await append(writer, 0, 2_000);
  const log = await PublishedLog.open(folder);
  t.after(() => log.close());
  assert.equal(await log.keptFrom(2_000), 0);
  for (let bundle = 1; bundle <= 7; bundle += 1) {
    await writer.prune(bundle * 256);
    assert.equal(await log.keptFrom((await log.checkpoint()).size), bundle * 256);
  }
  await writer.close();
  rmSync(join(folder, 'tile/entries'), { recursive: true });
  const { size } = await log.checkpoint();
  assert.equal(await log.keptFrom(size), size, 'none');
  await assert.rejects(log.entry(0, size), code('missing-tile'), 'all gone is not pruned');
});

test('index made before the pruning, index made after, and scan answer alike', async (t) => {
  const folder = await prunedFolder(t, async (at) => {
    const before = await indexOf(t, at);
    assert.equal(await before.index.catchUp(), 1_000);
    before.index.close();
  });
  const kept = await indexOf(t, folder);
  await kept.index.catchUp();
  assert.equal(kept.index.rebuiltBecause, undefined);
  const anew: Indexed = { log: kept.log, index: await ReceiptIndex.open({ log: kept.log, file: join(folder, 'anew.sqlite') }) };
  t.after(() => anew.index.close());
  assert.equal(await anew.index.catchUp(), 1_001);
  const queries: ReceiptQuery[] = [{}, { tenantId: 'tenant-1' }, { tenantId: 'early' }, { id: 'receipt-7' }, { id: 'receipt-600' }, { isNewestFirst: true, limit: 1_000 }, { cursor: 'up-3', limit: 5 }, { cursor: 'down-513', isNewestFirst: true }, { cursor: 'down-3', isNewestFirst: true }];
  for (const query of queries) {
    const scanned = await places(scanReceipts(kept.log, query));
    assert.deepEqual(await places(kept.index.query(query)), scanned, JSON.stringify(query));
    assert.deepEqual(await places(anew.index.query(query)), scanned, JSON.stringify(query));
    assert.ok(scanned.every((index) => index >= 512));
  }
  assert.deepEqual([kept.index.keptFrom, anew.index.keptFrom], [512, 512]);
});

test('chains are followed from the first receipt left, by an index made anew too', async (t) => {
  const heads = new Map<string, string>();
  const folder = await prunedFolder(t, async (_, writer) => {
    for (const tenantId of ['early', 'tenant-1']) heads.set(tenantId, await writer.lastHash(tenantId));
  });
  const { index } = await indexOf(t, folder);
  await index.catchUp();
  const all = Array.from({ length: 1_000 }, (_, at) => at).filter((at) => tenantAt(at) === 'tenant-1');
  const before = all.filter((at) => at < 512).length;
  assert.deepEqual(await index.verifyChain('tenant-1'), { ok: true, receipts: all.length - before, receiptsBefore: before, chainHash: heads.get('tenant-1') });
  // Nothing is left of it but what the writer kept when it pruned.
  assert.deepEqual(await index.verifyChain('early'), { ok: true, receipts: 0, receiptsBefore: 3, chainHash: heads.get('early') });
  assert.deepEqual(await index.tenant('early'), { tenantId: 'early', receipts: 3, chainHash: heads.get('early') });
  assert.deepEqual(await index.tenant('tenant-1'), { tenantId: 'tenant-1', receipts: all.length, last: 997, chainHash: heads.get('tenant-1') });
  rmSync(join(folder, 'state/pruned'));
  const copy = await ReceiptIndex.open({ log: (await indexOf(t, folder)).log, file: join(folder, 'copy.sqlite') });
  t.after(() => copy.close());
  await copy.catchUp();
  assert.equal(await copy.tenant('early'), undefined, 'a copy knows nothing of it');
});

test('an index that ends below what was pruned is made anew, and told why', async (t) => {
  const folder = folderFor(t);
  const writer = await openWriter({ folder, origin });
  await append(writer, 0, 300);
  const { index } = await indexOf(t, folder);
  await index.catchUp();
  await append(writer, 300, 1_000);
  await writer.prune(512);
  // Open while that happened.
  assert.equal(await index.catchUp(), 1_001);
  assert.match(index.rebuiltBecause ?? '', /pruned beyond the 300 receipts/);
  await append(writer, 1_000, 1_300);
  await writer.prune(1_280);
  await writer.close();
  const { index: later } = await indexOf(t, folder);
  assert.match(later.rebuiltBecause ?? '', /pruned beyond the 1001 receipts/);
  assert.equal(await later.catchUp(), 1_302);
});

test('a stream that begins below is refused; one that begins at what is left goes on', async (t) => {
  const { log } = await indexOf(t, await prunedFolder(t));
  const read = async (from: number, count: number): Promise<number[]> => {
    const abort = new AbortController();
    const found: number[] = [];
    for await (const { index } of followLog(log, { from, growth: polledGrowth(log, 10), signal: abort.signal })) if (found.push(index) === count) abort.abort();
    return found;
  };
  await assert.rejects(read(3, 1), code('receipt-pruned'));
  assert.deepEqual(await read(512, 3), [512, 513, 514]);
});

test('the whole ledger prunes while it is open, and its answers follow', async (t) => {
  const ledger = await openLedger({ folder: folderFor(t), origin });
  t.after(() => ledger.close());
  await append(ledger.writer, 0, 1_000);
  const [early] = (await ledger.query({ tenantId: 'early' })).receipts;
  assert.equal(early!.index, 7);
  await ledger.writer.prune(512);
  assert.deepEqual((await ledger.query({ tenantId: 'early' })).receipts, []);
  assert.deepEqual(await ledger.verifyChain('early'), { ok: true, receipts: 0, receiptsBefore: 3, chainHash: await ledger.lastHash('early') });
  const chain = await ledger.verifyChain('tenant-2');
  assert.ok(chain.ok && chain.receiptsBefore > 0 && chain.chainHash === (await ledger.lastHash('tenant-2')));
  await assert.rejects(ledger.get(7), code('receipt-pruned'));
});
