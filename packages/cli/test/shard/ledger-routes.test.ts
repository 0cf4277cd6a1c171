import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exitProcess, genServer, processOf, supervisor } from '@flyball/kernel';
import { openWriter, verifyLog } from '@flyball/ledger';
import { draft, origin } from '@flyball/ledger/testing';
import { httpListener, listenerAddress, type Audience } from '@flyball/listener';
import { addLedgerRoutes } from '../../src/shard/ledger-routes.ts';

let listeners = 0;

/** A ledger of 300 receipts and the address that it is served under. */
async function served(t: TestContext, { audience = 'local', isLocal = true, host = '127.0.0.1', sendingMax }: { audience?: Audience; isLocal?: boolean; host?: string; sendingMax?: number } = {}) {
  listeners += 1;
  const folder = mkdtempSync(join(tmpdir(), 'flyball-routes-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const writer = await openWriter({ folder, origin });
  await Promise.all(Array.from({ length: 300 }, (_, at) => writer.append(draft(at))));
  await writer.close();
  const name = `ledger_routes${listeners}`;
  const owner = processOf(await genServer({ init: () => ({}) }).start())!;
  addLedgerRoutes({ folder, prefix: '/ledger/', audience, ...(sendingMax !== undefined && { sendingMax }) }, owner);
  const top = await supervisor({ children: [{ id: 'listener', start: [httpListener({ name, host, port: 0, connectionsMax: 100, keepAliveTimeoutMs: 1, isLocal: () => isLocal })] }] }).start();
  t.after(() => {
    exitProcess(processOf(top)!, 'killed');
    exitProcess(owner, 'killed');
  });
  return { folder, address: `http://${host}:${(await listenerAddress(name)).port}` };
}

test('a verifier reads the log off the node\'s port', async (t) => {
  const { address } = await served(t);
  const report = await verifyLog({ target: `${address}/ledger`, threads: 0 });
  assert.deepEqual([report.verdict, report.receipts], ['good', 300], JSON.stringify(report));
  const tile = await fetch(`${address}/ledger/tile/entries/000`);
  assert.deepEqual([tile.headers.get('content-type'), tile.headers.get('cache-control')], ['application/octet-stream', 'public, max-age=31536000, immutable']);
  const head = await fetch(`${address}/ledger/tile/0/000`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '8192']);
});

test('nothing but the log has a path', async (t) => {
  const { address } = await served(t);
  for (const path of ['/ledger/keys/', '/ledger/state/ledger.json', '/ledger/..%2fledger/state/ledger.json', '/ledger/', '/ledger']) assert.equal((await fetch(`${address}${path}`)).status, 404, path);
  assert.equal((await fetch(`${address}/ledger/checkpoint`, { method: 'POST', body: 'x' })).status, 405);
});

test('strangers get it only where it is meant for anyone', async (t) => {
  const mine = await served(t, { isLocal: false });
  assert.equal((await fetch(`${mine.address}/ledger/checkpoint`)).status, 403);
  const open = await served(t, { isLocal: false, audience: 'anyone' });
  assert.equal((await fetch(`${open.address}/ledger/checkpoint`)).status, 200);
});

test('a name that leads here from elsewhere reads no log of this host\'s own', async (t) => {
  const statusOf = async ({ address }: { readonly address: string }, host: string): Promise<number | undefined> => {
    const asked = get(`${address}/ledger/checkpoint`, { headers: { host } });
    const [answer] = await once(asked, 'response') as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  const mine = await served(t);
  for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', 'localhost@evil.example']) assert.equal(await statusOf(mine, host), 403, host);
  for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:80', '127.0.0.2', '[::1]:8080']) assert.equal(await statusOf(mine, host), 200, host);
  assert.equal(await statusOf(await served(t, { audience: 'anyone' }), 'log.example'), 200);
});

test('a large file goes out in pieces: whole to who reads, to no more at once than may be, and its place is free when a client goes', async (t) => {
  const { folder, address } = await served(t, { sendingMax: 2 });
  const bundle = randomBytes(24 * 1_048_576);
  writeFileSync(join(folder, 'tile', 'entries', '007'), bundle);
  const url = `${address}/ledger/tile/entries/007`;
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  assert.ok(whole.equals(bundle));
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length'), (await head.arrayBuffer()).byteLength], [200, String(bundle.length), 0]);
  // They take the head and read no further; what the system's buffers hold is less than the file.
  const unread = await Promise.all([1, 2].map(async () => {
    const asked = get(url, { agent: false });
    const [answer] = await once(asked, 'response') as [IncomingMessage];
    return answer;
  }));
  const refused = await fetch(url);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal((await fetch(`${address}/ledger/checkpoint`)).status, 200, 'what is small is served all the same');
  for (const answer of unread) answer.destroy();
  for (;;) {
    const answer = await fetch(url);
    const { byteLength } = await answer.arrayBuffer();
    if (answer.status === 503) continue;
    assert.equal(byteLength, bundle.length);
    break;
  }
});

test('a file that is there and cannot be read is 503, and the next request is served', async (t) => {
  const { folder, address } = await served(t);
  mkdirSync(join(folder, 'tile', '5', '000'), { recursive: true });
  const broken = await fetch(`${address}/ledger/tile/5/000`);
  assert.deepEqual([broken.status, broken.headers.get('cache-control')], [503, 'no-store']);
  assert.equal((await fetch(`${address}/ledger/checkpoint`)).status, 200);
});

const outside = Object.values(networkInterfaces()).flat().find((each) => each !== undefined && !each.internal && each.family === 'IPv4')?.address;

test('a listener that takes strangers for its own serves them no log', { skip: outside === undefined && 'this machine has no address but loopback' }, async (t) => {
  const mine = await served(t, { host: outside! });
  const refused = await fetch(`${mine.address}/ledger/checkpoint`);
  assert.deepEqual([refused.status, /--ledger-public/.test(await refused.text())], [403, true]);
  const everybodys = await served(t, { host: outside!, audience: 'anyone' });
  assert.equal((await fetch(`${everybodys.address}/ledger/checkpoint`)).status, 200);
});
