// Writer and index in a supervision tree.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { call, exit, named, processOf, supervisor } from '@flyball/kernel';
import { type ledgerIndexServer, ledgerIndexServerChild, ledgerIndexServerName, type ledgerServer, ledgerServerName, ledgerSupervisor, ledgerWriter, openedLedger, type Ledger } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';

const server = named<typeof ledgerIndexServer>(ledgerIndexServerName);

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-index-server-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function started(t: TestContext): Promise<string> {
  const folder = temporaryFolder(t);
  const top = await ledgerSupervisor.start({ folder, origin });
  t.after(async () => {
    exit(top, 'shutdown');
    while (processOf(top) !== undefined || openedLedger() !== undefined || ledgerWriter() !== undefined) await new Promise((turn) => setImmediate(turn));
  });
  return folder;
}

/** The ledger that comes after `before`. */
async function nextLedger(before: Ledger): Promise<Ledger> {
  for (;;) {
    const ledger = openedLedger();
    if (ledger !== undefined && ledger !== before) return ledger;
    await new Promise((turn) => setImmediate(turn));
  }
}

test('asked by call: receipts, pages, chains and proofs; what is refused has its code', async (t) => {
  await started(t);
  const writer = ledgerWriter()!;
  await Promise.all(Array.from({ length: 300 }, (_, at) => writer.append(draft(at))));
  await writer.publish();
  const got = await call(server, 'get', { tenantId: 'tenant-2', id: 'receipt-7' });
  assert.equal(got.ok && got.value?.index, 7);
  const page = await call(server, 'query', { tenantId: 'tenant-2', limit: 2 });
  assert.deepEqual(page.ok && [page.value.receipts.map(({ index }) => index), page.value.cursor], [[2, 7], 'up-12']);
  const chain = await call(server, 'verifyChain', 'tenant-2');
  assert.deepEqual(chain.ok && chain.value, { ok: true, receipts: 60, receiptsBefore: 0, chainHash: await writer.lastHash('tenant-2') });
  const proof = await call(server, 'inclusionProof', { index: 7 });
  assert.equal(proof.ok && proof.value.length, 9);
  const refused = await call(server, 'query', { limit: 0 });
  assert.deepEqual([refused.ok, !refused.ok && refused.code], [false, 'bad-query']);
});

test('the index dies: the writer lives on, and a new index answers', async (t) => {
  await started(t);
  const writer = ledgerWriter()!;
  await writer.append(draft(0));
  await writer.publish();
  const before = openedLedger()!;
  exit(server, 'kill');
  const after = await nextLedger(before);
  assert.equal(ledgerWriter(), writer);
  assert.equal((await after.query({})).receipts.length, 1);
});

test('the writer dies: both come back, the index over the new writer', async (t) => {
  await started(t);
  await openedLedger()!.append(draft(0));
  const before = openedLedger()!;
  exit(named<typeof ledgerServer>(ledgerServerName), 'kill');
  const after = await nextLedger(before);
  assert.notEqual(after.writer, before.writer);
  assert.equal((await after.append(draft(1))).index, 1);
  await after.checkpoint();
  assert.deepEqual((await after.query({})).receipts.map(({ index }) => index), [0, 1]);
});

test('an index without a writer does not start, and says why', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(supervisor({ children: [ledgerIndexServerChild({ folder })] }).start(), (error: Error) => /no ledger is open in/.test(`${error.message} ${JSON.stringify(error)}`));
});
