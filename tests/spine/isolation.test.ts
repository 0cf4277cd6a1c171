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
const OVER_DEADLINE_MS_MAX = 100;
const NOISE_MS_MAX = 1_000;

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

interface Fault {
  readonly name: string;
  readonly deadlineMs: number;
  readonly expected: RegExp;
}

const FAULTS: readonly Fault[] = [
  { name: 'spin', deadlineMs: 1_000, expected: /did not finish within 1000 ms/ },
  // Which limit ends these two is a matter of the machine's speed.
  { name: 'allocate', deadlineMs: 1_000, expected: /did not finish within 1000 ms|of memory/ },
  { name: 'allocate_buffers', deadlineMs: 1_000, expected: /did not finish within 1000 ms|of memory/ },
  // A fresh process loads the application first, which takes its time on a busy machine.
  { name: 'exit', deadlineMs: 10_000, expected: /exit code 3/ },
];

/** A killed process gives back its memory before it is gone, and its successor may be up by then: resolves at that number. */
async function childrenAre(node: TestNode, count: number): Promise<number[]> {
  for (;;) {
    const children = node.descendants();
    if (children.length === count) return children;
    await node.control('status');
  }
}

/** Calls the tool once and checks all that it left behind; resolves to how long the node took to answer. */
async function suffer(node: TestNode, session: Session, { name, expected }: Fault): Promise<number> {
  const before = await wholePool(node);
  const counted = (await durationsOf(node, name)).length;
  const answer = await session.startTool(name).answer;
  assert.equal(answer.status, 200);
  assert.equal(answer.final?.result?.isError, true, `${name}: ${answer.text}`);
  assert.match(textOf(answer), expected);
  assert.ok(!answer.text.includes(import.meta.dirname), `no path of this machine goes to the client: ${answer.text}`);
  const after = await wholePool(node);
  const kept = after.runners.filter(({ osPid }) => before.runners.some((runner) => runner.osPid === osPid));
  assert.equal(kept.length, after.size - 1, `${name}: one runner is a new one`);
  const [durationMs = Infinity, ...more] = (await durationsOf(node, name)).slice(counted);
  assert.deepEqual(more, [], `${name}: ended once`);
  assert.ok(answer.durationMs <= durationMs + NOISE_MS_MAX, `${name}: answered after ${durationMs} ms, and the caller had it after ${answer.durationMs} ms`);
  const runners = after.runners.map(({ osPid }) => osPid);
  const children = await childrenAre(node, 1 + after.size);
  assert.equal(children.filter((pid) => !runners.includes(pid)).length, 1);
  return durationMs;
}

test('a tool that spins, allocates or exits fails alone and in time, and its process is replaced', { timeout: 120_000 }, async (context) => {
  const node = await startNode(context, { applications });
  const session = await Session.open(node.url);
  await wholePool(node);
  const load = await startLoad(context, node.url);
  for (const fault of FAULTS) {
    const durationsMs: number[] = [];
    // The machine may make any one of them late; it is the node that must not.
    for (let tries = 0; tries < 3 && !(Math.min(...durationsMs) <= fault.deadlineMs + OVER_DEADLINE_MS_MAX); tries += 1) durationsMs.push(await suffer(node, session, fault));
    context.diagnostic(`${fault.name}: the caller had its error after ${durationsMs.map(Math.round).join(', ')} ms`);
    assert.ok(Math.min(...durationsMs) <= fault.deadlineMs + OVER_DEADLINE_MS_MAX, `${fault.name}: the node answered after ${durationsMs.join(', ')} ms`);
    assert.ok(Math.max(...durationsMs) <= fault.deadlineMs + NOISE_MS_MAX, `${fault.name}: the node answered after ${durationsMs.join(', ')} ms`);
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
    await childrenAre(node, 1 + pool.size);
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
