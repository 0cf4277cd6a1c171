import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LedgerError, leafHash, ledgerOver, openLedger, openWriter, parseVerifierKey, receiptIndexPath, verifyConsistency, verifyInclusion, verifyProof, type Ledger, type LoggedReceipt } from '../src/index.ts';
import { draft, origin } from '../src/testing/index.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-ledger-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function opened(t: TestContext, folder = temporaryFolder(t)): Promise<Ledger> {
  const ledger = await openLedger({ folder, origin, publishEveryMs: 10 });
  t.after(() => ledger.close());
  return ledger;
}

function appendAll(ledger: Ledger, from: number, to: number) {
  return Promise.all(Array.from({ length: to - from }, (_, at) => ledger.append(draft(from + at))));
}

test('what was appended is found by place, by tenant and id, published or not; then by query', async (t) => {
  const ledger = await opened(t);
  const appended = await appendAll(ledger, 0, 400);
  const byPlace = await ledger.get(399);
  assert.deepEqual([byPlace!.receipt.id, byPlace!.receiptHash, byPlace!.chainHash], ['receipt-399', appended[399]!.receiptHash, appended[399]!.chainHash]);
  assert.deepEqual(await ledger.get({ tenantId: 'tenant-4', id: 'receipt-399' }), byPlace);
  assert.equal(await ledger.get({ tenantId: 'tenant-3', id: 'receipt-399' }), undefined);
  assert.equal(await ledger.get(400), undefined);
  await ledger.checkpoint();
  assert.deepEqual(await ledger.get('receipt-399'), byPlace);
  const { receipts, cursor } = await ledger.query({ tenantId: 'tenant-4', isNewestFirst: true, limit: 3 });
  assert.deepEqual([receipts.map(({ index }) => index), cursor], [[399, 394, 389], 'down-384']);
  assert.equal(await ledger.lastHash('tenant-4'), appended[399]!.chainHash);
  assert.deepEqual((await ledger.tenants()).map(({ tenantId, receipts: count }) => [tenantId, count]), Array.from({ length: 5 }, (_, at) => [`tenant-${at}`, 80]));
});

test('proofs of any receipt and between any two sizes hold', async (t) => {
  const ledger = await opened(t);
  await appendAll(ledger, 0, 300);
  const old = await ledger.checkpoint();
  await appendAll(ledger, 300, 700);
  const now = await ledger.checkpoint();
  for (const index of [0, 255, 256, 299, 300, 699]) {
    const entry = (await ledger.writer.entry(index))!;
    assert.ok(verifyInclusion({ index, size: now.size, leaf: leafHash(entry), proof: await ledger.inclusionProof({ index }), root: now.root }));
    if (index < old.size) assert.ok(verifyInclusion({ index, size: old.size, leaf: leafHash(entry), proof: await ledger.inclusionProof({ index, size: old.size }), root: old.root }));
    const [key] = await ledger.writer.keys();
    assert.equal(verifyProof((await ledger.proofFile(index))!, { entry, keys: [parseVerifierKey(key!)], origin }).ok, true);
  }
  assert.ok(verifyConsistency({ oldSize: old.size, oldRoot: old.root, newSize: now.size, newRoot: now.root, proof: await ledger.consistencyProof({ oldSize: old.size }) }));
  const isBadQuery = (error: unknown): boolean => error instanceof LedgerError && error.code === 'bad-query';
  await assert.rejects(ledger.inclusionProof({ index: 700 }), isBadQuery);
  await assert.rejects(ledger.inclusionProof({ index: 0, size: 701 }), isBadQuery);
  await assert.rejects(ledger.consistencyProof({ oldSize: 701 }), isBadQuery);
  await assert.rejects(ledger.query({ since: 'never' }), isBadQuery);
  assert.equal(await ledger.proofFile(700), undefined);
});

test('follow: every receipt once, in order, from a place on; ends with the signal or the ledger', async (t) => {
  const ledger = await opened(t);
  await appendAll(ledger, 0, 50);
  const abort = new AbortController();
  const seen: number[] = [];
  const reader = (async () => {
    for await (const { index } of ledger.follow(40, abort.signal)) {
      seen.push(index);
      if (index === 799) abort.abort();
    }
  })();
  const atEnd = (async () => {
    const all: LoggedReceipt[] = [];
    for await (const one of ledger.follow(0, new AbortController().signal)) all.push(one);
    return all.map(({ index }) => index);
  })();
  for (let from = 50; from < 800; from += 150) await appendAll(ledger, from, from + 150);
  await reader;
  assert.deepEqual(seen, Array.from({ length: 760 }, (_, at) => 40 + at));
  await ledger.close();
  const toTheEnd = await atEnd;
  assert.ok(toTheEnd.length >= 50);
  assert.deepEqual(toTheEnd, Array.from(toTheEnd, (_, at) => at), 'without a gap as far as it came');
});

test('verifyChain tells a changed receipt; the index comes back after a restart, and without its file', async (t) => {
  const folder = temporaryFolder(t);
  const first = await opened(t, folder);
  await appendAll(first, 0, 600);
  assert.deepEqual(await first.verifyChain('tenant-2'), { ok: true, receipts: 120, receiptsBefore: 0, chainHash: await first.lastHash('tenant-2') });
  assert.deepEqual(await first.verifyChain('nobody'), { ok: true, receipts: 0, receiptsBefore: 0, chainHash: '0'.repeat(64) });
  await first.close();
  rmSync(receiptIndexPath(folder));
  const second = await opened(t, folder);
  assert.equal((await second.query({ tenantId: 'tenant-1', limit: 1_000 })).receipts.length, 120);
  const path = join(folder, 'tile/entries/000');
  const bundle = readFileSync(path);
  bundle.write('calm__', bundle.indexOf('stable', bundle.indexOf('"receipt-7"')));
  writeFileSync(path, bundle);
  const verdict = await second.verifyChain('tenant-2');
  assert.deepEqual([verdict.ok, 'index' in verdict && verdict.index], [false, 7]);
});

test('beside a writer of another owner: closing leaves that open', async (t) => {
  const writer = await openWriter({ folder: temporaryFolder(t), origin });
  t.after(() => writer.close());
  const ledger = await ledgerOver(writer);
  await ledger.append(draft(0));
  await ledger.checkpoint();
  assert.equal((await ledger.query({})).receipts.length, 1);
  await ledger.close();
  await assert.rejects(ledger.query({}), (error) => error instanceof LedgerError && error.code === 'ledger-closed');
  assert.equal((await writer.append(draft(1))).index, 1);
});
