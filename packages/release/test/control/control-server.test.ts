import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claimControlSocket, connectControl, controlSocketPath, createHeart, type ControlClient, type Heart } from '@flyball/release';
import { LINE_BYTES_MAX } from '../../src/control/control-protocol.ts';
import { keepOne } from '../fixtures/one-descriptor.ts';

interface Node {
  readonly directory: string;
  readonly heart: Heart;
  readonly client: ControlClient;
}

async function startNode(t: TestContext, shards: number): Promise<Node> {
  const directory = mkdtempSync(join(tmpdir(), 'ctl-'));
  const { promise: ready, resolve: onReady } = Promise.withResolvers();
  const socket = await claimControlSocket(directory);
  const heart = createHeart({
    node: 'test',
    shards,
    config: { port: 0 },
    runtimeDirectory: directory,
    command: { execPath: process.execPath, args: ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('../fixtures/shard-echo.ts', import.meta.url))], env: process.env },
    descriptors: keepOne(),
    onReady,
  });
  void heart.finished.then(() => socket.close());
  heart.start();
  socket.serve(heart);
  await ready;
  const client = await connectControl(directory);
  t.after(async () => {
    client.close();
    await heart.kill();
    rmSync(directory, { recursive: true });
  });
  return { directory, heart, client };
}

test('the socket is ours alone, and status tells heart\'s view and each shard\'s', async (t) => {
  const { directory, client } = await startNode(t, 2);
  assert.equal(statSync(controlSocketPath(directory)).mode & 0o777, 0o600);
  const status = (await client.request('status')) as { phase: string; pid: number; processes: unknown[]; kernels: unknown[] };
  assert.deepEqual([status.phase, status.pid, status.processes.length, status.kernels.length], ['serving', process.pid, 2, 2]);
});

test('the trees of all shards come together', async (t) => {
  const { client } = await startNode(t, 2);
  assert.deepEqual(await client.request('tree'), {
    shards: [
      { shard: 0, generation: 1, tree: { shard: 0, name: 'root', children: [] } },
      { shard: 1, generation: 2, tree: { shard: 1, name: 'root', children: [] } },
    ],
  });
});

test('kill goes to the shard of the pid, or to the one that knows the name', async (t) => {
  const { client } = await startNode(t, 2);
  assert.deepEqual(await client.request('kill', { target: '<0.1.7>' }), { killed: '<0.1.7>' });
  assert.deepEqual(await client.request('kill', { target: '1.2.7' }).catch(({ code }) => code), 'no-such-process', 'the fixture knows it in brackets only');
  assert.deepEqual(await client.request('kill', { target: 'counter' }), { killed: '<1.2.7>' });
  await assert.rejects(client.request('kill', { target: 'counter', shard: 0 }), { code: 'no-such-process' });
  await assert.rejects(client.request('kill', { target: '<0.99.7>' }), { code: 'no-such-process' });
  await assert.rejects(client.request('kill', { target: 'counter', shard: 9 }), { code: 'no-shard' });
  await assert.rejects(client.request('kill', {}), { code: 'invalid-request', message: /"target" must be/ });
});

test('a load that every shard takes is committed on all, and shards started later have it', async (t) => {
  const { client, heart } = await startNode(t, 2);
  const result = (await client.request('load', { application: 'documents', directory: '/v2', version: '2' })) as { shards: unknown[] };
  assert.deepEqual(result.shards[1], { shard: 1, changes: { changes: ['counter'], version: '2' }, report: { swapped: 1 } });
  assert.equal((await heart.handOver()).ok, true);
  assert.equal(await versionOf(heart, 0), '2');
});

test('a load that one shard cannot prepare changes nothing on any', async (t) => {
  const { client, heart } = await startNode(t, 2);
  const load = client.request('load', { application: 'documents', directory: '/v2', version: 'bad-prepare-1' });
  await assert.rejects(load, { code: 'load-failed', message: /Nothing was changed\. shard 1: does not compile \(compile-failed\)/ });
  await assert.rejects(heart.request(1, 'load-commit', {}, 5_000), { code: 'nothing-prepared' }, 'shard 0 was told to forget it');
  assert.deepEqual(heart.status().loaded, []);
});

test('a shard that fails to commit what the other has committed is restarted with the new version', async (t) => {
  const { client, heart } = await startNode(t, 2);
  const result = (await client.request('load', { application: 'documents', directory: '/v2', version: 'bad-commit-0' })) as { shards: { restarted?: { code: string } }[] };
  assert.equal(result.shards[0]?.restarted?.code, 'code-change-failed');
  while (heart.status().processes.find(({ shard, generation, role }) => shard === 0 && generation > 2 && role === 'current') === undefined) await client.request('peers');
  assert.equal(await versionOf(heart, 0), 'bad-commit-0');
});

async function versionOf(heart: Heart, shard: number): Promise<string> {
  const { generation } = heart.current(shard);
  return ((await heart.request(generation, 'version', {}, 5_000)) as { version: string }).version;
}

test('a load while a hand-over runs, and the other way round, is refused as busy', async (t) => {
  const { client } = await startNode(t, 1);
  const handOver = client.request('hand-over');
  await assert.rejects(client.request('load', { application: 'a', directory: '/a' }), { code: 'busy' });
  await assert.rejects(client.request('hand-over'), { code: 'busy' });
  assert.deepEqual(((await handOver) as { shards: { end: string }[] }).shards.map(({ end }) => end), ['drained']);
  const load = client.request('load', { application: 'a', directory: '/a' });
  await assert.rejects(client.request('hand-over'), { code: 'busy' });
  await load;
});

test('a load with a relative directory or no application is refused before any shard is asked', async (t) => {
  const { client } = await startNode(t, 1);
  await assert.rejects(client.request('load', { application: 'a', directory: 'v2' }), { code: 'invalid-request', message: /absolute path/ });
  await assert.rejects(client.request('load', { directory: '/v2' }), { code: 'invalid-request', message: /"application"/ });
});

test('garbage, unknown methods and endless lines get errors, and the node lives on', async (t) => {
  const { directory, client } = await startNode(t, 1);
  const raw = net.connect(controlSocketPath(directory)).setEncoding('utf8');
  const replies: { id: unknown; error: { code: number; message: string } }[] = [];
  let text = '';
  raw.on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) replies.push(JSON.parse(line));
  });
  raw.write('garbage\n{"jsonrpc":"2.0","id":5,"method":"fly"}\n{"jsonrpc":"2.0","id":6,"method":"constructor"}\n');
  raw.write('x'.repeat(LINE_BYTES_MAX + 1));
  await once(raw, 'close');
  assert.deepEqual(replies.map(({ id, error }) => [id, error.code]).sort(), [[5, -32_601], [6, -32_601], [null, -32_600], [null, -32_700]].sort());
  assert.match(replies.find(({ id }) => id === 5)?.error.message ?? '', /there are status, tree, load, hand-over, kill/);
  assert.equal(((await client.request('status')) as { phase: string }).phase, 'serving');
});

test('stop answers, ends the connection when all has stopped, and leaves no socket', async (t) => {
  const { directory, heart, client } = await startNode(t, 2);
  assert.deepEqual(await client.request('stop'), { pid: process.pid });
  await client.closed;
  assert.deepEqual(await heart.finished, { exitCode: 0 });
  assert.equal(existsSync(controlSocketPath(directory)), false);
  await assert.rejects(connectControl(directory), { code: 'not-running' });
});

test('a living node\'s name cannot be claimed; a dead one\'s socket is replaced', async (t) => {
  const { directory } = await startNode(t, 1);
  await assert.rejects(claimControlSocket(directory), { code: 'already-running', message: new RegExp(`pid ${process.pid}`) });
  const other = mkdtempSync(join(tmpdir(), 'ctl-'));
  t.after(() => rmSync(other, { recursive: true }));
  await leaveDeadSocket(controlSocketPath(other));
  (await claimControlSocket(other)).close();
});

/** A socket file without a process behind it, as SIGKILL leaves it. */
async function leaveDeadSocket(path: string): Promise<void> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  assert.ok(existsSync(path));
}
