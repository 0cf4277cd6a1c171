// Acceptance test 4 of the spine: what a tool with `isolation: 'process'` cannot do to its node, and
// what one without it can.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLoad } from './harness/background-load.ts';
import { startNode, type TestNode } from './harness/node.ts';
import { textOf } from './harness/post.ts';
import { Session } from './harness/session.ts';

const applications = [join(import.meta.dirname, 'applications/faults')];
const DEADLINE_MS = 1_000;
const OVER_DEADLINE_MS_MAX = 100;
/** For what the caller sees: its own event loop, the load's and the machine's noise are in it. */
const CLIENT_NOISE_MS = 1_000;

interface PoolStatus {
  readonly size: number;
  readonly runners: readonly { readonly osPid: number; readonly status: string }[];
}

async function poolOf(node: TestNode): Promise<PoolStatus> {
  return await node.control('call', { target: 'isolation_pool', name: 'status' }) as PoolStatus;
}

/** All runners of the pool are idle; the children of the node are then these and the shard. */
async function wholePool(node: TestNode): Promise<PoolStatus> {
  for (;;) {
    const pool = await poolOf(node);
    if (pool.runners.length === pool.size && pool.runners.every(({ status }) => status === 'idle')) return pool;
  }
}

async function durationsOf(node: TestNode, name: string): Promise<number[]> {
  return await node.control('call', { target: 'call_durations', name: 'of', body: name }) as number[];
}

test('a tool that spins, allocates or exits fails alone and in time, and its process is replaced', { timeout: 120_000 }, async (context) => {
  const node = await startNode(context, { applications });
  const session = await Session.open(node.url);
  await wholePool(node);
  const load = await startLoad(context, node.url);
  const faults = [
    // Which limit ends the two that allocate is a matter of the machine's speed.
    ['spin', DEADLINE_MS, /did not finish within 1000 ms/], ['allocate', DEADLINE_MS, /./], ['allocate_buffers', DEADLINE_MS, /./],
    // A fresh process loads the application first, which takes its time on a busy machine.
    ['exit', 10_000, /exit code 3/],
  ] as const;
  for (const [name, deadlineMs, expected] of faults) {
    const before = await wholePool(node);
    const answer = await session.startTool(name).answer;
    assert.equal(answer.status, 200);
    assert.equal(answer.final?.result?.isError, true, `${name}: ${answer.text}`);
    assert.match(textOf(answer), expected);
    assert.ok(!answer.text.includes(import.meta.dirname), `no path of this machine goes to the client: ${answer.text}`);
    const [durationMs = Infinity, ...more] = await durationsOf(node, name);
    assert.ok(durationMs <= deadlineMs + OVER_DEADLINE_MS_MAX, `${name}: the node answered after ${durationMs} ms`);
    assert.ok(answer.durationMs <= deadlineMs + OVER_DEADLINE_MS_MAX + CLIENT_NOISE_MS, `${name}: the caller had its answer after ${answer.durationMs} ms`);
    const after = await wholePool(node);
    assert.equal(after.runners.filter(({ osPid }) => before.runners.some((runner) => runner.osPid === osPid)).length, after.size - 1, `${name}: one runner is a new one`);
    assert.deepEqual([more, await durationsOf(node, name)], [[], [durationMs]], `${name}: ended once`);
    const runners = after.runners.map(({ osPid }) => osPid);
    assert.deepEqual(node.descendants().filter((pid) => !runners.includes(pid)).length, 1, `${name}: the children are the shard and the pool's runners`);
    assert.equal(node.descendants().length, 1 + after.size);
  }
  const { requests, failures } = await load.stop();
  assert.deepEqual(failures, []);
  assert.ok(requests > 100, `the load was one: ${requests} requests`);
  assert.match(await session.callTool('isolated_echo', { value: 'whole' }), /^whole from \d+$/);
});

test('one that outgrows its memory is ended before its deadline', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications });
  const session = await Session.open(node.url);
  await wholePool(node);
  const load = await startLoad(context, node.url, { sessions: 1 });
  for (const name of ['outgrow', 'outgrow_buffers']) {
    const answer = await session.startTool(name).answer;
    assert.match(textOf(answer), /of memory/);
    const pool = await wholePool(node);
    assert.equal(node.descendants().length, 1 + pool.size);
  }
  assert.deepEqual((await load.stop()).failures, []);
});

test('inline, the same loop stops the node: the watchdog names the function and heart restarts the shard', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications, args: ['--beat-timeout-ms', '3000'] });
  const session = await Session.open(node.url);
  const spun = session.startTool('spin_inline').answer;
  spun.catch(() => {});
  assert.match(await node.line(/ERROR watchdog: .*spinForever/), /blocked for \d+ ms by spinForever \(\S+faults\.ts:\d+:\d+\)/);
  await assert.rejects(spun, { code: 'ECONNRESET' });
  // Connections wait at heart's descriptor meanwhile.
  const another = await Session.open(node.url);
  assert.equal(await another.callTool('echo', { value: 'again' }), 'again');
  assert.equal((await session.ping()).status, 404);
  assert.match(node.output(), /ERROR heart: shard 0 .* sent no beat for 3000 ms/);
});
