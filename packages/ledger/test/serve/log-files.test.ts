import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openWriter, verifyLog } from '../../src/index.ts';
import { answerFor, serveLogFile } from '../../src/serve/log-files.ts';
import { buildLog, draft, entries, origin, writeLog } from '../../src/testing/index.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-serve-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('types and caching by path', () => {
  const headersOf = (path: string) => {
    const answer = answerFor({ method: 'GET', path });
    return answer.kind === 'file' ? [answer.headers['content-type'], answer.headers['cache-control']] : answer.status;
  };
  for (const path of ['checkpoint', 'cosigned-checkpoint', 'vkeys']) assert.deepEqual(headersOf(path), ['text/plain; charset=utf-8', 'no-cache'], path);
  for (const path of ['tile/0/000', 'tile/entries/x001/x234/067', 'tile/3/012']) assert.deepEqual(headersOf(path), ['application/octet-stream', 'public, max-age=31536000, immutable'], path);
  for (const path of ['tile/0/000.p/1', 'tile/entries/x001/067.p/255']) assert.deepEqual(headersOf(path), ['application/octet-stream', 'public, max-age=60'], path);
});

test('nothing else has a path, however it is written', () => {
  const bad = ['', 'keys/0001', 'state/receipts.sqlite', 'state/ledger.json', 'tile', 'tile/', 'tile/0', 'tile/0/0', 'tile/0/0000', 'tile/0/000.p/256', 'tile/0/000.p/0', 'tile/0/000.p/01', 'tile/64/000', 'tile/00/000',
    'tile/0/x000/000', '../keys/0001', 'tile/../keys/0001', 'tile/0/..%2f..%2fkeys', 'tile/entries/../../state/lock', '/checkpoint', 'checkpoint/', 'Checkpoint', 'tile//0/000', 'cosigned-checkpoint/', 'tile/0/000\u0000'];
  for (const path of bad) {
    const answer = answerFor({ method: 'GET', path });
    assert.equal(answer.kind === 'text' && answer.status, 404, path);
  }
});

test('a log is only read', async (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await serveLogFile(temporaryFolder(t), { method, path: 'checkpoint' });
    assert.deepEqual([answer.status, answer.headers['allow']], [405, 'GET, HEAD']);
  }
});

test('bytes as they lie on disk; what is missing is not cached; what cannot be read is an error by code', async (t) => {
  const files = buildLog(entries(300));
  const folder = writeLog(temporaryFolder(t), files);
  for (const [path, bytes] of files) {
    const { status, body } = await serveLogFile(folder, { method: 'GET', path });
    assert.deepEqual([status, Buffer.from(body as Uint8Array).equals(bytes)], [200, true], path);
  }
  const missing = await serveLogFile(folder, { method: 'GET', path: 'tile/0/001' });
  assert.deepEqual([missing.status, missing.headers['cache-control']], [404, 'no-store']);
  mkdirSync(join(folder, 'tile', '7', '000'), { recursive: true });
  await assert.rejects(serveLogFile(folder, { method: 'GET', path: 'tile/7/000' }), { code: 'disk-failed' });
});

test('no link is followed and no pipe waited for', async (t) => {
  const folder = writeLog(temporaryFolder(t), buildLog(entries(300)));
  mkdirSync(join(folder, 'keys'));
  writeFileSync(join(folder, 'keys', '0001'), 'secret');
  symlinkSync('keys/0001', join(folder, 'cosigned-checkpoint'));
  symlinkSync('../../keys/0001', join(folder, 'tile', '0', '009'));
  for (const path of ['cosigned-checkpoint', 'tile/0/009']) assert.equal((await serveLogFile(folder, { method: 'GET', path })).status, 404, path);
  execFileSync('mkfifo', [join(folder, 'tile', '0', '008')]);
  await assert.rejects(serveLogFile(folder, { method: 'GET', path: 'tile/0/008' }), { code: 'disk-failed' });
});

test('a verifier reads the served log of a writer at work', async (t) => {
  const folder = temporaryFolder(t);
  const writer = await openWriter({ folder, origin, publishEveryMs: 10 });
  t.after(() => writer.close());
  writeFileSync(join(folder, 'state', 'secret'), 'x');
  const server = createServer((request, response) => {
    void serveLogFile(folder, { method: request.method!, path: request.url!.slice(1) }).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let round = 0; round < 5; round += 1) {
    const appending = Promise.all(Array.from({ length: 200 }, (_, at) => writer.append(draft(200 * round + at))));
    const report = await verifyLog({ target, keys: await writer.keys() });
    assert.equal(report.verdict, 'good', JSON.stringify(report));
    await appending;
  }
  await writer.publish();
  const report = await verifyLog({ target, keys: await writer.keys() });
  assert.deepEqual([report.verdict, report.receipts], ['good', 1_000]);
  assert.equal((await fetch(`${target}/state/secret`)).status, 404);
});
