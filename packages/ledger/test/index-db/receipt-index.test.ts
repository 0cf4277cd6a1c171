import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { LedgerError } from '../../src/errors.ts';
import { PublishedLog, type LoggedEntry } from '../../src/index-db/published-log.ts';
import { ReceiptIndex } from '../../src/index-db/receipt-index.ts';
import type { ReceiptQuery } from '../../src/index-db/receipt-query.ts';
import { scanReceipts } from '../../src/index-db/scan.ts';
import { buildLog, draft, entries, entriesOf, writeLog } from '../../src/testing/index.ts';

type Opened = { readonly folder: string; readonly file: string; readonly log: PublishedLog; readonly index: ReceiptIndex };

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-index-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(t: TestContext, folder: string): Promise<Opened> {
  const log = await PublishedLog.open(folder);
  const file = join(folder, 'index.sqlite');
  const index = await ReceiptIndex.open({ log, file });
  t.after(() => {
    index.close();
    log.close();
  });
  return { folder, file, log, index };
}

async function opened(t: TestContext, logEntries: readonly Buffer[]): Promise<Opened> {
  return open(t, writeLog(temporaryFolder(t), buildLog(logEntries)));
}

/** Clocks that go back now and then, rare kinds, several SKUs, one tenant that is seldom heard of. */
function mixed(count: number): Buffer[] {
  return entriesOf(Array.from({ length: count }, (_, at) => draft(at, {
    tenantId: at % 97 === 0 ? 'seldom' : `tenant-${at % 3}`,
    kind: at % 11 === 0 ? 'override' : 'transition',
    sku: at % 5 === 0 ? null : `sku-${at % 2}`,
    at: new Date(Date.UTC(2026, 10, 20) + at * 1_000 - (at % 13 === 0 ? 30_000 : 0)).toISOString(),
  })));
}

const at = (second: number): string => new Date(Date.UTC(2026, 10, 20) + second * 1_000).toISOString();

const queries: ReceiptQuery[] = [
  {}, { tenantId: 'seldom' }, { tenantId: 'tenant-1', kind: 'override' }, { kind: 'override' }, { sku: 'sku-1' }, { sku: 'sku-1', kind: 'override', tenantId: 'seldom' },
  { id: 'receipt-400' }, { id: 'receipt-400', tenantId: 'seldom' }, { id: 'none' }, { tenantId: 'nobody' }, { sku: 'none' }, { kind: 'none' },
  { since: at(250) }, { until: at(250) }, { since: at(250), until: at(260) }, { since: at(10_000) }, { until: at(-10_000) }, { tenantId: 'tenant-2', since: at(300), until: at(500) },
];

async function allPages(ask: (query: ReceiptQuery) => Promise<{ readonly receipts: readonly { readonly index: number }[]; readonly cursor?: string }>, query: ReceiptQuery): Promise<number[]> {
  const found: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.receipts.map(({ index }) => index));
    assert.ok(page.cursor === undefined || page.receipts.length > 0, 'a page that is not the last is not empty');
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

test('index and scan answer every query alike, page by page, both ways', async (t) => {
  const { log, index } = await opened(t, mixed(700));
  assert.equal(await index.catchUp(), 700);
  for (const query of queries) {
    for (const isNewestFirst of [false, true]) {
      for (const limit of [1_000, 7]) {
        const asked = { ...query, isNewestFirst, limit };
        const byIndex = await allPages((one) => index.query(one), asked);
        assert.deepEqual(byIndex, await allPages((one) => scanReceipts(log, one), asked), JSON.stringify(asked));
      }
    }
  }
  assert.equal((await allPages((one) => index.query(one), { tenantId: 'seldom' })).length, 8);
  assert.equal((await allPages((one) => index.query(one), { since: at(250), until: at(260) })).includes(286), true, 'a receipt whose author\'s clock was late is found by its own time');
});

test('a page stays what it is while the log grows', async (t) => {
  const all = mixed(600);
  const { folder, index } = await opened(t, all.slice(0, 300));
  await index.catchUp();
  const first = await index.query({ limit: 250 });
  writeLog(folder, buildLog(all));
  assert.equal(await index.catchUp(), 600);
  const second = await index.query({ limit: 250, cursor: first.cursor! });
  assert.deepEqual([second.receipts[0]!.index, second.receipts.length, second.cursor], [250, 250, 'up-500']);
});

test('what is no query is refused by code', async (t) => {
  const { index } = await opened(t, entries(3));
  const bad: ReceiptQuery[] = [{ limit: 0 }, { limit: 1_001 }, { since: 'yesterday' }, { cursor: 'down-3' }, { cursor: '3' }];
  for (const query of bad) assert.throws(() => index.query(query), (error) => error instanceof LedgerError && error.code === 'bad-query', JSON.stringify(query));
});

test('heads of tenants and their chains; a changed receipt breaks its chain', async (t) => {
  const all = mixed(500);
  const { folder, index } = await opened(t, all);
  await index.catchUp();
  const head = await index.tenant('tenant-1');
  assert.deepEqual(await index.verifyChain('tenant-1'), { ok: true, receipts: head!.receipts, receiptsBefore: 0, chainHash: head!.chainHash });
  assert.deepEqual((await index.tenants({ limit: 2 })).map(({ tenantId }) => tenantId), ['seldom', 'tenant-0']);
  assert.deepEqual((await index.tenants({ after: 'tenant-0', limit: 9 })).map(({ tenantId }) => tenantId), ['tenant-1', 'tenant-2']);
  // The last receipt of a chain has no successor that could tell: the tree does.
  const path = join(folder, 'tile/entries/001.p/244');
  const bundle = readFileSync(path);
  const { last } = (await index.tenant('tenant-1'))!;
  bundle.write('calm__', bundle.indexOf('stable', bundle.indexOf(`receipt-${last}"`)));
  writeFileSync(path, bundle);
  const fresh = await open(t, folder);
  await fresh.index.catchUp();
  const verdict = await fresh.index.verifyChain('tenant-1');
  assert.deepEqual([verdict.ok, 'index' in verdict && verdict.index], [false, last]);
});

test('an index that is lost, cut, garbage, of another version or of another log is made anew', async (t) => {
  const folder = writeLog(temporaryFolder(t), buildLog(mixed(400)));
  const spoil: [string, (file: string) => void, RegExp | undefined][] = [
    ['lost', (file) => rmSync(file), undefined],
    ['cut', (file) => truncateSync(file, 5_000), /malformed|not a database|disk image/],
    ['garbage', (file) => writeFileSync(file, 'no database at all, but long enough to look like a header of one, or so one might think'), /not a database/],
    ['version', (file) => change(file, "UPDATE meta SET value = 99 WHERE name = 'version'"), /version 99/],
    ['other shape', (file) => change(file, 'DROP TABLE tenants; CREATE TABLE tenants(x)'), /no such column|no column/],
    ['other log', () => writeLog(folder, buildLog(entries(420))), /is not the one that was indexed/],
    ['log shorter', () => writeLog(folder, buildLog(entries(100))), /knows 420 receipts, the log has 100/],
  ];
  for (const [name, act, why] of spoil) {
    const before = await open(t, folder);
    await before.index.catchUp();
    before.index.close();
    act(before.file);
    const after = await open(t, folder);
    const size = await after.index.catchUp();
    assert.equal(size, (await after.log.checkpoint()).size, name);
    assert.deepEqual((await allPages((one) => after.index.query(one), { tenantId: 'tenant-1' })), (await allPages((one) => scanReceipts(after.log, one), { tenantId: 'tenant-1' })), name);
    if (why !== undefined) assert.match(after.index.rebuiltBecause ?? 'not rebuilt', why, name);
    after.index.close();
  }
});

test('an index that lies is found out, made anew and asked again', async (t) => {
  const { file, index } = await opened(t, mixed(300));
  await index.catchUp();
  change(file, 'UPDATE receipts SET tenant = (SELECT key FROM tenants WHERE tenant = \'seldom\')');
  const { receipts } = await index.query({ tenantId: 'seldom' });
  assert.match(index.rebuiltBecause ?? '', /says of receipt \d+ what the log does not/);
  assert.deepEqual(receipts.map(({ index: place }: LoggedEntry) => place), [0, 97, 194, 291]);
});

test('two processes keep one index: neither adds a receipt twice', async (t) => {
  const one = await opened(t, mixed(1_000));
  const other = await open(t, one.folder);
  assert.deepEqual(await Promise.all([one.index.catchUp(), other.index.catchUp()]), [1_000, 1_000]);
  assert.equal((await allPages((query) => other.index.query(query), {})).length, 1_000);
});

function change(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}
