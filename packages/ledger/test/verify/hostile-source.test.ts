// Whoever controls the folder, the archive or the server can make a verification fail, and nothing else: each ends with
// exit code 1 or 2 and says why, in bounded time, and leaves nothing behind.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';

import { verifyLog, type VerifyReport } from '../../src/index.ts';
import { buildLog, entries, logVerifierKey, writeLog } from '../../src/testing/log-builder.ts';
import { withFolder } from './tampering.ts';

const log = buildLog(entries(600));
/** Short where a server must be given up on: else a busy machine would give up on one that answers. */
const verify = (target: string, requestTimeoutMs = 30_000) => verifyLog({ target, keys: [logVerifierKey], requestTimeoutMs });

function saysNo(report: VerifyReport, why: RegExp): void {
  const text = [report.reason, ...report.findings.map(({ message }) => message)].join('\n');
  assert.ok(report.exitCode === 1 || report.exitCode === 2, `${report.exitCode}`);
  assert.match(text, why);
}

const places: readonly (readonly [string, (file: string) => void, RegExp])[] = [
  ['a pipe', (file) => execFileSync('mkfifo', [file]), /is no file/],
  ['a folder', (file) => mkdirSync(file), /is no file/],
  ['a device without end', (file) => symlinkSync('/dev/zero', file), /is no file/],
  ['a link to itself', (file) => symlinkSync(file, file), /ELOOP|no log/],
  ['a file of a terabyte', (file) => (writeFileSync(file, ''), truncateSync(file, 2 ** 40)), /more than any file of a log/],
  ['an empty file', (file) => writeFileSync(file, ''), /no blank line|256 was dropped/],
];
for (const path of ['checkpoint', 'tile/entries/001']) {
  for (const [name, make, why] of places) {
    test(`${path} is ${name}`, async () => {
      await withFolder(async (folder) => {
        writeLog(folder, log);
        rmSync(join(folder, path));
        make(join(folder, path));
        saysNo(await verify(folder), why);
      });
    });
  }
}

test('what is to be verified is a pipe', async () => {
  await withFolder(async (folder) => {
    execFileSync('mkfifo', [join(folder, 'log.tar')]);
    saysNo(await verify(join(folder, 'log.tar')), /neither a folder nor a file/);
  });
});

/** One tar member by hand: header with its checksum, then its content. */
function member(name: string, content: Buffer | string, { type = '0', length = Buffer.byteLength(content) }: { readonly type?: string; readonly length?: number } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(`0000644\0${'0000000\0'.repeat(2)}`, 100);
  header.write(`${length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`00000000000\0        ${type}`, 136);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const bytes = Buffer.from(content);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const members = [...log].map(([path, bytes]) => member(path, bytes));
/** `length key=value\n`, the length with its own digits. */
function pax(record: string): string {
  const rest = record.length + 2;
  const digits = String(rest + 2).length;
  return `${rest + digits} ${record}\n`;
}

const bundle = log.get('tile/entries/001')!;
const archives: readonly (readonly [string, () => Buffer, RegExp])[] = [
  ['names that lead out of it', () => Buffer.concat([...log].map(([path, bytes]) => member(`../../${path === 'checkpoint' ? 'etc/' : ''}${path}`, bytes))), /missing|no key|bad-source/],
  ['a link in the place of a file that came before', () => Buffer.concat([...members, member('tile/entries/001', '', { type: '2' })]), /tile\/entries\/001 is missing/],
  ['a hard link', () => Buffer.concat([...members, member('tile/entries/001', '', { type: '1' })]), /tile\/entries\/001 is missing/],
  ['a file that comes twice, the last one changed', () => Buffer.concat([...members, member('tile/entries/001', bundle.subarray(1))]), /receipt|tile\/entries\/001/],
  ['a pax header that gives another size', () => Buffer.concat([member('pax', pax('size=5'), { type: 'x' }), ...members]), /says size/],
  ['a sparse file', () => Buffer.concat([member('pax', pax('GNU.sparse.map=0,1'), { type: 'x' }), ...members]), /says GNU\.sparse/],
  ['a pax header for all files', () => Buffer.concat([member('pax', pax('path=x'), { type: 'g' }), ...members]), /says path/],
  ['a pax header that is damaged', () => Buffer.concat([member('pax', '999 path=x\n', { type: 'x' }), ...members]), /pax header is damaged/],
  ['a pax header of no length', () => Buffer.concat([member('pax', '0 path=x\n', { type: 'x' }), ...members]), /pax header is damaged/],
  ['a pax header without end', () => Buffer.concat([member('pax', 'x', { type: 'x', length: 70_000 }), Buffer.alloc(80_000, 'x')]), /header of 70000 bytes/],
  ['a length beyond its end', () => Buffer.concat([...members, member('x', '', { length: 2 ** 32 })]), /cut off/],
  ['a negative length', () => {
    const bad = member('x', '');
    bad.write('-0000000777\0', 124);
    const sum = bad.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    bad.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return Buffer.concat([bad, ...members]);
  }, /damaged/],
  ['a bomb', () => gzipSync(Buffer.concat([...members, Buffer.alloc(150 * 1024 * 1024)])), /cannot be decompressed.*grows to more than/],
  ['compressed twice', () => gzipSync(gzipSync(Buffer.concat(members))), /no tar archive/],
];
for (const [name, make, why] of archives) {
  test(`an archive with ${name}`, async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, 'log.tar'), make());
      saysNo(await verify(join(folder, 'log.tar')), why);
    });
  });
}

test('an archive with a long name in a pax header among others is good', async () => {
  await withFolder(async (folder) => {
    const named = [...log].map(([path, bytes]) => Buffer.concat([member('pax', `${pax('comment=x\n12 path=no')}${pax(`path=${path}`)}`, { type: 'x' }), member('short', bytes)]));
    writeFileSync(join(folder, 'log.tar'), Buffer.concat(named));
    const report = await verify(join(folder, 'log.tar'));
    assert.equal(report.verdict, 'good', report.reason);
  });
});

type Answering = (request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined) => void;

async function serving(t: TestContext, answer: Answering): Promise<string> {
  const server = createServer((request, response) => answer(request, response, log.get(request.url!.slice(1))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const isBundle = ({ url }: IncomingMessage) => dirname(url!).startsWith('/tile/entries');
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
const silent: readonly (readonly [string, Answering])[] = [
  ['never answers', () => {}],
  ['never ends an answer', (_, response) => void response.writeHead(200).write('x')],
];
for (const [name, answer] of silent) {
  test(`a server that ${name}`, async (t) => saysNo(await verify(await serving(t, answer), 300), /cannot be reached/));
}

const servers: readonly (readonly [string, Answering, RegExp])[] = [
  ['sends without end', (_, response) => {
    const more = (): void => void (response.write(Buffer.alloc(1024 * 1024)) ? setImmediate(more) : response.once('drain', more));
    response.writeHead(200);
    more();
  }, /longer than any file/],
  ['sends a bomb', (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb), /longer than any file/],
  ['says that plain bytes are compressed', (_, response, bytes) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes), /cannot be reached/],
  ['promises more than it sends', (_, response, bytes) => {
    response.writeHead(200, { 'content-length': String(bytes!.length + 10) });
    response.write(bytes!);
    setImmediate(() => response.destroy());
  }, /cannot be reached/],
  ['sends elsewhere', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/other' }).end(), /answers 302 and sends to http:\/\/127\.0\.0\.1:9\/other/],
  ['sends to a file', (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(), /sends to file:/],
  ['sends in a circle', (request, response) => void response.writeHead(301, { location: request.url! }).end(), /answers 301/],
  ['answers with a page', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>\n\n<p>Not found</p>\n'), /no signed checkpoint|no signature line/],
  ['answers with a page for bundles', (request, response, bytes) => void response.end(isBundle(request) ? '<!doctype html><p>Sign in</p>' : bytes), /was changed|was dropped|holds 0 whole entries/],
  ['answers nothing', (_, response) => void response.writeHead(204).end(), /answers 204/],
  ['breaks off', (request) => void request.socket.destroy(), /cannot be reached/],
  ['speaks no HTTP', (request) => void request.socket.end('SSH-2.0-OpenSSH_9.9\r\n'), /cannot be reached/],
];
for (const [name, answer, why] of servers) {
  test(`a server that ${name}`, async (t) => saysNo(await verify(await serving(t, answer)), why));
}
