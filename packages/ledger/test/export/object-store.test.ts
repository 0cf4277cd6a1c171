// What an export relies on, of each kind of store alike; then whole exports through buckets, with faults.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

import type { ObjectStore } from '../../src/export/object-store.ts';
import { openStore, parseStorePlace, type StoreOptions } from '../../src/export/open-store.ts';
import { exportLedger, importLedger, LedgerError, verifyLog } from '../../src/index.ts';
import { GcsServer } from '../../src/testing/gcs-server.ts';
import { draft } from '../../src/testing/log-builder.ts';
import { credentials, S3Server } from '../../src/testing/s3-server.ts';
import { folderFor, ledgerOf, openIn, writeOn } from './ledger-in.ts';

type Bucket = { readonly url: string; readonly options: StoreOptions; readonly keys: () => string[]; readonly contents: () => unknown; readonly fail: (...codes: number[]) => void; readonly damage: (key: string) => void };

async function s3Bucket(t: TestContext): Promise<Bucket & { readonly server: S3Server }> {
  const server = await S3Server.start();
  t.after(() => server.close());
  const options = { s3: { ...credentials, endpoint: server.endpoint } };
  return { server, url: 's3://bucket/logs', options, keys: () => [...server.objects.keys()], contents: () => [...server.objects], fail: (...codes) => (server.faults = codes), damage: (key) => server.objects.set(key, Buffer.from('of somebody else')) };
}

async function gcsBucket(t: TestContext): Promise<Bucket> {
  const server = await GcsServer.start();
  t.after(() => server.close());
  // Read by Google's client when it is made.
  process.env['STORAGE_EMULATOR_HOST'] = server.endpoint;
  return { url: 'gs://bucket/logs', options: { gcs: { projectId: 'tests' } }, keys: () => [...server.objects.keys()], contents: () => [...server.objects], fail: (...codes) => (server.faults = codes), damage: (key) => server.objects.set(key, { bytes: Buffer.from('of somebody else'), generation: 1 }) };
}

const buckets = { s3: s3Bucket, gcs: gcsBucket };
const stores: Record<string, (t: TestContext) => Promise<ObjectStore>> = {
  folder: (t) => openStore(folderFor(t), {}),
  s3: async (t) => {
    const { url, options } = await s3Bucket(t);
    return openStore(url, options);
  },
  gcs: async (t) => {
    const { url, options } = await gcsBucket(t);
    return openStore(url, options);
  },
};
const code = (expected: string) => (error: unknown) => error instanceof LedgerError && error.code === expected;

for (const [kind, open] of Object.entries(stores)) {
  test(`${kind}: creates once, replaces what it has seen, lists, removes`, async (t) => {
    const store = await open(t);
    const [one, two] = [Buffer.from('one'), Buffer.from([0, 13, 10, 255, 45, 45])];
    assert.equal(await store.read('a/b.p/7'), undefined);
    assert.equal(await store.has('a/b.p/7'), false);
    assert.equal(await store.create('a/b.p/7', one), true);
    assert.equal(await store.create('a/b.p/7', two), false);
    assert.equal(await store.has('a/b.p/7'), true);
    const first = await store.read('a/b.p/7');
    assert.deepEqual(Buffer.from(first!.bytes), one, 'it was not written over');
    assert.equal(await store.replace('a/b.p/7', two, undefined), false, 'something is there');
    assert.equal(await store.replace('a/b.p/7', two, first!.version), true);
    assert.equal(await store.replace('a/b.p/7', one, first!.version), false, 'it is another version now');
    assert.deepEqual(Buffer.from((await store.read('a/b.p/7'))!.bytes), two);
    assert.equal(await store.replace('new', one, undefined), true);
    assert.equal(await store.replace('absent', one, first!.version), false);
    for (const name of ['a/b.p/1', 'a/b.p/2', 'a/b.p/3', 'a/b.p/4', 'a/b', 'a/c d+é']) assert.equal(await store.create(name, one), true);
    assert.deepEqual((await store.list('a/b.p/')).toSorted(), ['a/b.p/1', 'a/b.p/2', 'a/b.p/3', 'a/b.p/4', 'a/b.p/7']);
    assert.deepEqual((await store.list('a/c')).toSorted(), ['a/c d+é']);
    await store.remove('a/b.p/7');
    await store.remove('a/b.p/7');
    assert.equal(await store.has('a/b.p/7'), false);
  });

  test(`${kind}: of many that create one key at once, one does`, async (t) => {
    const store = await open(t);
    const created = await Promise.all(Array.from({ length: 8 }, (_, at) => store.create('key', Buffer.from(String(at)))));
    assert.equal(created.filter(Boolean).length, 1);
    assert.equal(Buffer.from((await store.read('key'))!.bytes).toString(), String(created.indexOf(true)));
  });
}

for (const [kind, open] of Object.entries(buckets)) {
  test(`${kind}: several nodes export to one bucket, and each log comes back whole`, async (t) => {
    const { url, options } = await open(t);
    const names = ['ledger.example/node-1', 'ledger.example/node-2'];
    const folders = await Promise.all(names.map((name) => ledgerOf(t, 300, name)));
    await Promise.all(folders.map((from) => exportLedger({ from, to: url, ...options })));
    await writeOn(folders[0]!, 300, 1_100);
    const reports = await Promise.all(folders.map((from) => exportLedger({ from, to: url, ...options })));
    assert.deepEqual(reports.map(({ sizeBefore, size }) => [sizeBefore, size]), [[300, 1_100], [300, 300]]);
    assert.equal(reports[1]!.filesWritten, 0);
    for (const { place, size } of reports) {
      const to = join(folderFor(t), 'copy');
      const report = await importLedger({ from: place, to, ...options });
      assert.equal(report.size, size);
      assert.equal((await verifyLog({ target: to, threads: 0 })).verdict, 'good');
    }
  });

  test(`${kind}: a store that is down now and then is asked again; one that stays down is named, and the next export goes on`, async (t) => {
    const { url, options, fail } = await open(t);
    const from = await ledgerOf(t, 600);
    fail(503, 503);
    await exportLedger({ from, to: url, ...options });
    await writeOn(from, 600, 900);
    fail(...Array<number>(2).fill(403));
    await assert.rejects(exportLedger({ from, to: url, ...options }), code('store-failed'));
    fail();
    const { size, sizeBefore, place } = await exportLedger({ from, to: url, ...options });
    assert.deepEqual([sizeBefore, size], [600, 900]);
    assert.equal((await importLedger({ from: place, to: join(folderFor(t), 'copy'), ...options })).size, 900);
  });

  test(`${kind}: what is there with other bytes stops the export and stays`, async (t) => {
    const { url, options, damage, keys } = await open(t);
    const from = await ledgerOf(t, 10);
    damage('logs/ledger.example_2fnode-1/tile/entries/000.p/10');
    await assert.rejects(exportLedger({ from, to: url, ...options }), code('export-forked'));
    assert.ok(!keys().some((key) => key.endsWith('checkpoint')));
  });
}

for (const [kind, open] of Object.entries(buckets)) {
  test(`${kind}: two exports of one log at once do each other no harm, also when one has more of it`, async (t) => {
    const { url, options } = await open(t);
    const from = await ledgerOf(t, 300);
    await exportLedger({ from, to: url, ...options });
    await writeOn(from, 300, 400);
    const behind = join(folderFor(t), 'behind');
    cpSync(from, behind, { recursive: true });
    await writeOn(from, 400, 900);
    const outcomes = await Promise.allSettled([from, behind, from].map((one) => exportLedger({ from: one, to: url, ...options })));
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [(outcome.reason as LedgerError).code] : []));
    assert.ok(codes.every((one) => one === 'export-raced' || one === 'export-ahead'), codes.join());
    const { place, size } = await exportLedger({ from, to: url, ...options });
    assert.equal(size, 900);
    assert.equal((await importLedger({ from: place, to: join(folderFor(t), 'copy'), ...options })).size, 900);
  });

  test(`${kind}: another log of the same origin is not touched`, async (t) => {
    const { url, options, contents } = await open(t);
    const { place } = await exportLedger({ from: await ledgerOf(t, 300), to: url, ...options });
    const before = contents();
    for (const size of [10, 300, 700]) await assert.rejects(exportLedger({ from: await strangersLedger(t, size), to: url, ...options }), (error: LedgerError) => error.code === 'export-forked' || error.code === 'export-ahead');
    assert.deepEqual(contents(), before);
    assert.equal((await importLedger({ from: place, to: join(folderFor(t), 'copy'), ...options })).size, 300);
  });

  test(`${kind}: a store that fails in the midst of an export or import is gone on with; until then nothing there looks like a log`, async (t) => {
    const { url, options, fail, keys } = await open(t);
    const from = await ledgerOf(t, 12_000);
    const failing = exportLedger({ from, to: url, ...options, onProgress: (done) => (done === 40 ? fail(403, 403, 403, 403) : undefined) });
    await assert.rejects(failing, code('store-failed'));
    fail();
    const halfWay = keys().length;
    assert.ok(halfWay > 40 && !keys().some((key) => key.endsWith('checkpoint')));
    const { place, filesWritten } = await exportLedger({ from, to: url, ...options });
    assert.ok(filesWritten + halfWay < keys().length + 80, 'not begun anew');
    const to = join(folderFor(t), 'copy');
    await assert.rejects(importLedger({ from: place, to, ...options, onProgress: (done) => (done === 40 ? fail(403, 403, 403, 403) : undefined) }), code('store-failed'));
    fail();
    assert.match((await verifyLog({ target: to })).reason!, /no log in there/);
    assert.equal((await importLedger({ from: place, to, ...options })).size, 12_000);
  });
}

/** Of the same origin as `ledgerOf`, with other receipts and keys. */
async function strangersLedger(t: TestContext, size: number): Promise<string> {
  const folder = folderFor(t);
  const writer = await openIn(folder);
  await Promise.all(Array.from({ length: size }, (_, at) => writer.append(draft(at, { tenantId: 'stranger' }))));
  await writer.publish();
  await writer.close();
  return folder;
}

test('gcs: reading what is large does not make Node warn of listeners', async (t) => {
  const { url, options } = await gcsBucket(t);
  const store = await openStore(url, options);
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const bytes = Buffer.alloc(1_000_000, 'x');
  await store.create('large', bytes);
  assert.deepEqual(Buffer.from((await store.read('large'))!.bytes), bytes);
  // Node tells of a warning in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings.map(({ name }) => name), []);
});

test('s3: an answer that got lost does not make a write count twice or fail', async (t) => {
  const { server, url, options } = await s3Bucket(t);
  const from = await ledgerOf(t, 300);
  await exportLedger({ from, to: url, ...options });
  await writeOn(from, 300, 600);
  server.losesAnswers = true;
  // Each write is done, then asked for again and refused (412): it was ours, the checkpoint's too.
  const { size, place } = await exportLedger({ from, to: url, ...options });
  assert.equal(size, 600);
  assert.equal((await importLedger({ from: place, to: join(folderFor(t), 'copy'), ...options })).size, 600);
});

test('s3: a wrong key is refused by the store, and the error says where', async (t) => {
  const { url, options } = await s3Bucket(t);
  const from = await ledgerOf(t, 3);
  const wrong = { s3: { ...options.s3!, secretAccessKey: 'wrong' } };
  await assert.rejects(exportLedger({ from, to: url, ...wrong }), /s3:\/\/bucket\/logs\/: .*403 SignatureDoesNotMatch/);
});

test('places of exports are told apart by how they are written', async () => {
  assert.deepEqual(parseStorePlace('s3://bucket'), { kind: 's3', bucket: 'bucket', prefix: '' });
  assert.deepEqual(parseStorePlace('gs://bucket/a//b/'), { kind: 'gs', bucket: 'bucket', prefix: 'a/b/' });
  assert.deepEqual(parseStorePlace('/var/backup'), { kind: 'folder', folder: '/var/backup' });
  for (const text of ['ftp://host/x', 's3://', 'https://bucket/x']) assert.throws(() => parseStorePlace(text), code('bad-store'));
  await assert.rejects(openStore('s3://bucket/x', {}), code('bad-store'));
});
