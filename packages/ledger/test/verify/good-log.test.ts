// Whole logs in every dress they come in.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { verifyLog, type Progress } from '../../src/index.ts';
import { buildLog, entries, logVerifierKey, origin, writeLog, type LogFiles } from '../../src/testing/log-builder.ts';
import { verifyFiles, withFolder } from './tampering.ts';

for (const size of [0, 1, 2, 255, 256, 257, 512, 1_000, 65_536, 66_000]) {
  test(`a log of ${size} receipts is good`, async () => {
    const report = await verifyFiles(buildLog(entries(size)));
    assert.equal(report.verdict, 'good', JSON.stringify(report.findings));
    assert.equal(report.exitCode, 0);
    assert.deepEqual([report.origin, report.size, report.receipts, report.tenants, report.keysFrom], [origin, size, size, Math.min(size, 5), 'caller']);
    assert.equal(report.signedBy.length, 1);
  });
}

test('threads come to the same verdict, and progress reaches the end', async () => {
  const files = buildLog(entries(40_000));
  const seen: Progress[] = [];
  const report = await verifyFiles(files, { threads: 2, onProgress: (progress) => seen.push(progress) });
  assert.equal(report.verdict, 'good');
  assert.deepEqual(seen.at(-1), { receipts: 40_000, size: 40_000 });
  assert.ok(seen.every(({ receipts }, at) => at === 0 || receipts > seen[at - 1]!.receipts));
});

test('an abort ends the verification with its reason', async () => {
  const controller = new AbortController();
  const aborted = verifyFiles(buildLog(entries(20_000)), { signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
  await assert.rejects(aborted, /enough/);
});

const archives = { 'log.tar': ['-cf'], 'log.tar.gz': ['-czf'], 'log.tgz': ['-czf'], 'pax.tar': ['--format=pax', '-cf'] };
for (const [name, options] of Object.entries(archives)) {
  for (const member of ['.', 'the-log']) {
    test(`from ${name}, the log at ${member}`, async () => {
      await withFolder(async (folder) => {
        writeLog(join(folder, 'up', member), buildLog(entries(600)));
        execFileSync('tar', [...options, join(folder, name), '-C', join(folder, 'up'), member]);
        const before = temporary();
        const report = await verifyLog({ target: join(folder, name), keys: [logVerifierKey] });
        assert.equal(report.verdict, 'good', `${report.reason} ${JSON.stringify(report.findings)}`);
        assert.equal(report.receipts, 600);
        assert.deepEqual(temporary(), before, 'what was decompressed is gone');
      });
    });
  }
}

function temporary(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('flyball-verify-'));
}

async function serving(files: LogFiles, use: (url: string) => Promise<void>, answer: (path: string) => number = () => 200): Promise<void> {
  const server: Server = createServer((request, response) => {
    const path = request.url!.slice('/log/'.length);
    const bytes = files.get(path);
    const status = bytes ? answer(path) : 404;
    response.writeHead(status, { 'content-encoding': 'gzip' }).end(status === 200 ? gzipSync(bytes!) : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/log`);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

test('from an address, compressed, with failures that pass', async () => {
  const failed = new Set<string>();
  const once503 = (path: string) => (failed.has(path) ? 200 : (failed.add(path), 503));
  await serving(buildLog(entries(9_000)), async (url) => {
    const report = await verifyLog({ target: `${url}/`, keys: [logVerifierKey] });
    assert.equal(report.verdict, 'good', `${report.reason} ${JSON.stringify(report.findings)}`);
    assert.equal(report.receipts, 9_000);
  }, once503);
});

test('an address that fails for good is unusable, one without a log too', async () => {
  await serving(buildLog(entries(10)), async (url) => {
    const report = await verifyLog({ target: url, keys: [logVerifierKey] });
    assert.equal(report.exitCode, 2);
    assert.match(report.reason!, /answers 500/);
    assert.match((await verifyLog({ target: `${url}/nowhere`, keys: [logVerifierKey] })).reason!, /no log there/);
  }, (path) => (path.startsWith('tile/entries') ? 500 : 200));
});

test('a partial tile that is gone is read from the full one', async () => {
  const [old, now] = [buildLog(entries(300)), buildLog(entries(600))];
  const files = new Map([...now, ['checkpoint', old.get('checkpoint')!]]);
  assert.ok(!files.has('tile/entries/001.p/44'));
  assert.equal((await verifyFiles(files)).verdict, 'broken', 'the upper tile of that size is not there');
  files.set('tile/1/000.p/1', old.get('tile/1/000.p/1')!);
  const report = await verifyFiles(files);
  assert.equal(report.verdict, 'good', JSON.stringify(report.findings));
  assert.equal(report.receipts, 300);
});

test('the log\'s own list of keys is believed when the caller has none, and the report says so', async () => {
  const report = await verifyFiles(buildLog(entries(3)), { keys: [] });
  assert.deepEqual([report.verdict, report.keysFrom], ['good', 'log']);
});
