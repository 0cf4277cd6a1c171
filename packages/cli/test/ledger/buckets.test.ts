// Exports to buckets and imports from them as operators run them, against servers that speak the two APIs.
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openWriter } from '@flyball/ledger';
import { draft, GcsServer, s3Credentials, S3Server } from '@flyball/ledger/testing';
import { ended, startWith, temporaryFolder, type Variables } from './run-flyball.ts';

interface Bucket {
  readonly scheme: 's3' | 'gs';
  readonly server: S3Server | GcsServer;
  readonly variables: Variables;
}

async function s3(t: TestContext): Promise<Bucket> {
  const server = await S3Server.start();
  t.after(() => server.close());
  return { scheme: 's3', server, variables: { AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey, AWS_REGION: 'eu-test-1', AWS_ENDPOINT_URL_S3: server.endpoint } };
}

async function gcs(t: TestContext): Promise<Bucket> {
  const server = await GcsServer.start();
  t.after(() => server.close());
  return { scheme: 'gs', server, variables: { STORAGE_EMULATOR_HOST: server.endpoint } };
}

async function ledger(folder: string, size: number, node = 'node-1'): Promise<void> {
  const writer = await openWriter({ folder, origin: `ledger.example/${node}` });
  const { size: before } = writer.published;
  await Promise.all(Array.from({ length: size - before }, (_, at) => writer.append(draft(before + at))));
  await writer.close();
}

const writesIn = (requests: readonly string[]): number => requests.filter((request) => /^(?:PUT|POST) /.test(request)).length;

for (const bucketOf of [s3, gcs]) {
  test(`${bucketOf.name}: killed in the middle, run again, then restored from the bucket and its keys alone`, async (t) => {
    const directory = temporaryFolder(t);
    const { scheme, server, variables } = await bucketOf(t);
    const start = (...args: string[]) => startWith(t, { directory, variables }, ['ledger', ...args]);
    await ledger(join(directory, 'ledger'), 20_000);
    const first = start('export', 'ledger', `${scheme}://bucket/logs`);
    // In the third batch of 32 tiles with their bundles: the second has begun for certain, so the first is known to be there.
    server.onRequest = () => writesIn(server.requests) > 130 && first.kill('SIGKILL');
    assert.equal((await ended(first)).code, null);
    server.onRequest = () => {};
    assert.ok(![...server.objects.keys()].some((key) => key.endsWith('/checkpoint')), 'nobody takes it for a log yet');
    const cut = await ended(start('import', `${scheme}://bucket/logs/ledger.example_2fnode-1`, 'early'));
    assert.deepEqual([cut.code, /no log there, it has no file named checkpoint \(bad-source\)/.test(cut.err)], [1, true], cut.err);
    const before = writesIn(server.requests);
    const second = await ended(start('export', 'ledger', `${scheme}://bucket/logs`, '--json'));
    assert.equal(second.code, 0, second.err);
    const report = JSON.parse(second.out);
    assert.deepEqual([report.place, report.size], [`${scheme}://bucket/logs/ledger.example_2fnode-1`, 20_000]);
    assert.ok(writesIn(server.requests) - before <= server.objects.size - 50, 'what was there was not written again');
    cpSync(join(directory, 'ledger/keys'), join(directory, 'safe'), { recursive: true });
    const back = await ended(start('import', report.place, 'back', '--signing-keys', 'safe', '--key', 'ledger/vkeys'));
    assert.match(back.out, /^imported ledger\.example\/node-1: 20000 receipts of 5 tenants, verified; a node can go on writing it\n/, back.err);
    await ledger(join(directory, 'back'), 20_300);
    const third = await ended(start('prune', 'back', '--minimum-index', '512', '--exported-to', `${scheme}://bucket/logs`));
    assert.match(third.out, new RegExp(`^removed receipts 0 to 511 .*\n  all of them are in ${report.place}\n`), third.err);
    assert.equal(JSON.parse((await ended(start('export', 'back', `${scheme}://bucket/logs`, '--json'))).out).sizeBefore, 20_000);
  });

  test(`${bucketOf.name}: two nodes export into one bucket at once, and touch nothing of each other`, async (t) => {
    const directory = temporaryFolder(t);
    const { scheme, variables } = await bucketOf(t);
    const run = (...args: string[]) => ended(startWith(t, { directory, variables }, ['ledger', ...args]));
    const nodes = ['node-1', 'node-2'];
    await Promise.all(nodes.map((node, at) => ledger(join(directory, node), 700 + at, node)));
    for (const grown of [0, 400]) {
      if (grown > 0) await Promise.all(nodes.map((node, at) => ledger(join(directory, node), 700 + at + grown, node)));
      const exported = await Promise.all(nodes.map((node) => run('export', node, `${scheme}://bucket/`)));
      for (const { code, err } of exported) assert.equal(code, 0, err);
    }
    for (const [at, node] of nodes.entries()) {
      const { code, out, err } = await run('import', `${scheme}://bucket/ledger.example_2f${node}`, `copy-${at}`, '--key', `${node}/vkeys`, '--json');
      assert.equal(code, 0, err);
      assert.deepEqual([JSON.parse(out).origin, JSON.parse(out).size], [`ledger.example/${node}`, 1_100 + at]);
    }
  });
}

test('credentials and buckets that do not fit are said as what they are', async (t) => {
  const directory = temporaryFolder(t);
  await ledger(join(directory, 'ledger'), 10);
  const { variables } = await s3(t);
  const failed = async (place: string, more: Variables): Promise<string> => {
    const { code, err } = await ended(startWith(t, { directory, variables: more }, ['ledger', 'export', 'ledger', place]));
    assert.equal(code, 1);
    assert.doesNotMatch(err, /\n.*\n/, 'one line');
    return err;
  };
  assert.match(await failed('s3://bucket/x', { ...variables, AWS_SECRET_ACCESS_KEY: 'wrong' }), /answers 403 SignatureDoesNotMatch; see that the credentials are right.*\(store-failed\)/);
  assert.match(await failed('s3://other/x', variables), /answers 404 NoSuchBucket; see that there is such a bucket \(store-failed\)/);
  assert.match(await failed('s3://bucket/x', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }), /s3:\/\/bucket\/x needs an access key: set AWS_ACCESS_KEY_ID.*\(bad-store\)/);
  assert.match(await failed('s3://bucket/x', { ...variables, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }), /failed: (?:connect ECONNREFUSED|bad port).*; run it again/);
  assert.match(await failed('gs://bucket/x', { GOOGLE_APPLICATION_CREDENTIALS: join(directory, 'none.json') }), /none\.json does not exist.*\(store-failed\)/);
});
