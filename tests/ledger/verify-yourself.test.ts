// docs/explanation/verify-our-ledger-yourself.md, pasted block by block as its reader would: it must find a good log
// good with nothing of ours, and a tampered one bad.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { openWriter, serveLogFile } from '@flyball/ledger';
import { buildLog, entries, logVerifierKey, writeLog, type LogFiles } from '@flyball/ledger/testing';
import { debianPackages, skipWithout } from '../../tools/debian-packages.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/explanation/verify-our-ledger-yourself.md'), 'utf8');
const blocks = Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block!);
const golang = debianPackages.filter((entry) => entry.package.startsWith('golang-'));
const withoutGo = golang.map(({ command }) => skipWithout(command)).find((reason) => reason !== false) ?? false;
const skip = skipWithout('openssl') || skipWithout('python3');

function paste(files: LogFiles, wanted: (block: string) => boolean, vkey = logVerifierKey): { readonly status: number | null; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-yourself-'));
  try {
    writeLog(join(folder, 'ledger'), files);
    writeFileSync(join(folder, 'paste.sh'), blocks.filter(wanted).join('\n'));
    const env = { PATH: process.env['PATH'], TMPDIR: folder, VKEY: vkey };
    const done = spawnSync('bash', ['-e', '-o', 'pipefail', 'paste.sh'], { cwd: folder, env, encoding: 'utf8', timeout: 150_000 });
    return { status: done.status, output: done.stdout + done.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of an address: the server is in this process, which must not be blocked. */
async function pasteAddress(LOG: string, folder: string): Promise<string> {
  const done = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', blocks.filter((block) => !isGo(block)).join('\n')], { cwd: folder, env: { PATH: process.env['PATH'], TMPDIR: folder, LOG }, timeout: 60_000 });
  return done.stdout;
}

const isGo = (block: string) => block.includes('main.go');

test('with OpenSSL and Python, a good log is good', { skip }, () => {
  assert.ok(blocks.length >= 6);
  for (const size of [1, 300]) {
    const { status, output } = paste(buildLog(entries(size)), (block) => !isGo(block));
    assert.equal(status, 0, output);
    assert.match(output, /Signature Verified Successfully/);
    assert.match(output, new RegExp(`${size} receipts of ${Math.min(size, 5)} tenants make the signed root`));
    assert.match(output, new RegExp(`receipt 0 is one of the ${size} under root`));
  }
});

test('of an address, which the page fetches first, after a rotation too', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-yourself-'));
  const ledger = join(folder, 'served');
  const writer = await openWriter({ folder: ledger, origin: 'ledger.example/rotated' });
  for (const entry of entries(256)) await writer.append(JSON.parse(Buffer.from(entry).toString(), (name, value) => (name === 'prevReceiptCount' || name === 'prevReceiptHash' ? undefined : value)));
  const [old] = await writer.keys();
  await writer.rotateKey();
  await writer.publish();
  const server = createServer((request, response) => {
    void serveLogFile(ledger, { method: request.method!, path: request.url!.slice('/log/'.length) }).then(({ status, headers, body }) => response.writeHead(status, headers).end(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close().closeAllConnections();
    await writer.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/`;
  assert.match(await pasteAddress(address, folder), /Signature Verified Successfully[^]*257 receipts of 6 tenants make/);
  // While both sign, who has the old key finds its line; once it is retired, there is none.
  const tiles = readdirSync(join(ledger, 'tile'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).map((each) => relative(ledger, join(each.parentPath, each.name)));
  const files = (): LogFiles => new Map(['checkpoint', 'vkeys', ...tiles].map((path) => [path, readFileSync(join(ledger, path))]));
  assert.equal(paste(files(), (block) => !isGo(block), old!).status, 0);
  await writer.retireKey(old!);
  await writer.publish();
  const retired = paste(files(), (block) => !isGo(block), old!);
  assert.notEqual(retired.status, 0, retired.output);
  assert.equal(paste(files(), (block) => !isGo(block), (await writer.keys()).at(-1)!).status, 0);
});

test('with Go, a good log is good', { skip: skip || withoutGo, timeout: 170_000 }, () => {
  const { status, output } = paste(buildLog(entries(300)), (block) => block.startsWith('LOG=') || block.includes('fetch.py') || isGo(block));
  assert.equal(status, 0, output);
  assert.match(output, /Go: 300 receipts of ledger\.example\/tests are under the root that ledger\.example\/tests signed/);
});

const tampers: Readonly<Record<string, readonly [string, number, RegExp]>> = {
  'the size in the checkpoint': ['checkpoint', 22, /Signature Verification Failure/],
  'a receipt': ['tile/entries/001.p/44', 1_000, /are not the 300 that were signed|does not follow from/],
  'a hash': ['tile/0/000', 40, /the receipt is not in the log/],
};
for (const [name, [path, at, said]] of Object.entries(tampers)) {
  test(`with OpenSSL and Python, ${name} cannot be changed unseen`, { skip }, () => {
    const files = buildLog(entries(300));
    const bytes = Buffer.from(files.get(path)!);
    bytes[at]! ^= 1;
    files.set(path, bytes);
    const { status, output } = paste(files, (block) => !isGo(block));
    assert.notEqual(status, 0, output);
    assert.match(output, said);
  });
}
