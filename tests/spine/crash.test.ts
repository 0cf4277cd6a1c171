// Acceptance test 6 of the spine: whatever is killed, only the requests in flight inside it fail, and the tree
// is whole again. Who is killed next is drawn from a seed: SEED=… repeats a run.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freshSeed, seededRandom, type Random } from '@flyball/kernel';
import { startLoad } from './harness/background-load.ts';
import { Client } from './harness/client.ts';
import { startNode, type TestNode } from './harness/node.ts';
import { textOf, type Answer, type Post } from './harness/post.ts';
import { named, processesOf, shapeOf, treesOf, wholeAgain, type TreeNode } from './harness/process-tree.ts';
import { Session } from './harness/session.ts';

const application = (name: string): string => join(import.meta.dirname, 'applications', name);

const SESSIONS = 3;
const CALLS_EACH = 2;
const STATELESS_CALLS = 2;

interface Held {
  readonly label: string;
  /** Undefined for a call of the stateless era. */
  readonly session: Session | undefined;
  /** What became of it: its answer, or what broke it. */
  readonly outcome: Promise<Answer | Error>;
}

interface World {
  readonly sessions: readonly Session[];
  readonly held: readonly Held[];
}

interface Victim {
  readonly kind: string;
  /** How many of the held calls are inside it. */
  readonly calls: number;
  /** Does a session end with it? */
  readonly sessions: number;
  readonly kill: () => unknown;
}

let lastLabel = 0;

/** Sessions with calls that run until they are released, and calls without a session. */
async function populate(url: string): Promise<World> {
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => Session.open(url)));
  const held: Held[] = [];
  const hold = async (session: Session | undefined, start: (label: string) => Post): Promise<void> => {
    lastLabel += 1;
    const label = `held-${lastLabel}`;
    const post = start(label);
    await post.running();
    held.push({ label, session, outcome: post.answer.catch((error: Error) => error) });
  };
  for (const session of sessions) {
    for (let call = 0; call < CALLS_EACH; call += 1) await hold(session, (label) => session.startTool('hold', { label }, { progress: true }));
  }
  const stateless = await Client.open(url, { dialect: 'stateless', connection: 'per-request' });
  for (let call = 0; call < STATELESS_CALLS; call += 1) await hold(undefined, (label) => stateless.start('hold', { label }, { progress: true }));
  return { sessions, held };
}

/** The sessionful and stateless calls under way, by the tree. */
function callsIn(trees: readonly TreeNode[]): { sessions: readonly TreeNode[]; tasks: readonly TreeNode[]; stateless: readonly TreeNode[] } {
  const sessions = (named(trees, 'mcp_sessions/conversation').children ?? []).filter(({ children = [] }) => children.length === CALLS_EACH);
  const stateless = (named(trees, 'mcp_calls/conversation').children ?? []).filter(({ kind }) => kind === 'task');
  return { sessions, tasks: sessions.flatMap(({ children = [] }) => children), stateless };
}

function victims(node: TestNode, trees: readonly TreeNode[], random: Random): Record<string, Victim> {
  const all = SESSIONS * CALLS_EACH + STATELESS_CALLS;
  const { sessions, tasks, stateless } = callsIn(trees);
  const kill = (pid: string | undefined) => () => node.control('kill', { target: pid });
  const one = (kind: string, pid: string | undefined, calls: number, lost = 0): Victim => ({ kind, calls, sessions: lost, kill: kill(pid) });
  return {
    call: one('a call of a session', random.pick(tasks).pid, 1),
    stateless: one('a call without a session', random.pick(stateless).pid, 1),
    session: one('a session', random.pick(sessions).pid, CALLS_EACH, 1),
    acceptor: one('http_acceptor', named(trees, 'http_acceptor').pid, 0),
    connections: one('http_connections', named(trees, 'http_connections').pid, all),
    listener: one('the HTTP supervisor', named(trees, 'http').pid, all),
    shard: { kind: 'the shard', calls: all, sessions: SESSIONS, kill: () => process.kill(node.descendants()[0]!, 'SIGKILL') },
  };
}

/** Resolves to those that have ended, once there are `count` of them. */
function ended(held: readonly Held[], count: number): Promise<readonly Held[]> {
  const done: Held[] = [];
  return new Promise((resolve) => {
    const look = (): void => {
      if (done.length >= count) resolve([...done]);
    };
    for (const each of held) {
      void each.outcome.then(() => {
        done.push(each);
        look();
      });
    }
    look();
  });
}

/** No success, and no answer of somebody else's. */
function assertFailed(outcome: Answer | Error): void {
  if (outcome instanceof Error) return assert.ok('code' in outcome && (outcome.code === 'ECONNRESET' || outcome.code === 'EPIPE'), String(outcome));
  assert.equal(outcome.final?.error?.code, -32_603, outcome.text);
}

async function killOne(node: TestNode, url: string, victim: Victim, world: World): Promise<void> {
  const osProcesses = node.descendants();
  await victim.kill();
  const doomed = await ended(world.held, victim.calls);
  // New connections are served at once, by whoever is left.
  const after = await Session.open(url);
  assert.deepEqual((await after.ping()).final?.result, {});
  assert.equal(doomed.length, victim.calls);
  for (const { outcome } of doomed) assertFailed(await outcome);
  if (victim.sessions === 1) assert.equal(new Set(doomed.map(({ session }) => session)).size, 1, 'only calls of one session');

  const lost: Session[] = [];
  for (const session of world.sessions) {
    const { status } = await session.ping();
    if (status === 404) lost.push(session);
    else assert.equal(status, 200);
  }
  assert.equal(lost.length, victim.sessions);
  if (victim.sessions === 1) assert.equal(lost[0], doomed[0]?.session);

  if (victim.sessions === SESSIONS) await allGone(osProcesses);

  const survivors = world.held.filter((each) => !doomed.includes(each));
  for (const { label } of world.held) await after.callTool('note', { note: `release ${label}` });
  for (const { label, outcome } of survivors) {
    const answer = await outcome;
    assert.ok(!(answer instanceof Error), `${label} was not inside what was killed: ${String(answer)}`);
    assert.equal(textOf(answer), `released ${label}`);
  }
  for (const session of [...world.sessions, after]) session.close();
}

test('a call, a session, the listener, a shard: only what was in flight inside fails', { timeout: 120_000 }, async (context) => {
  const seed = Number(process.env['SEED'] ?? freshSeed());
  context.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const node = await startNode(context, { applications: [application('conversation')], args: ['--restarts', '1000'] });
  const url = new URL('/conversation', node.url).href;
  const shape = shapeOf(await treesOf(node));
  // Each kind once, in an order of chance, and then whatever chance says.
  const kinds = ['call', 'stateless', 'session', 'acceptor', 'connections', 'listener', 'shard'];
  const order = [...kinds].sort(() => random.next() - 0.5).concat(Array.from({ length: 14 }, () => random.pick(kinds)));
  for (const [round, name] of order.entries()) {
    const world = await populate(url);
    const victim = victims(node, await treesOf(node), random)[name]!;
    const where = `SEED=${seed} round ${round}: ${victim.kind}`;
    const isAlone = victim.calls <= CALLS_EACH;
    const load = isAlone ? await startLoad(context, url, { request: async (session) => void (await session.callTool('count', { to: 1 })) }) : undefined;
    try {
      await killOne(node, url, victim, world);
      await wholeAgain(node, shape);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}\n${node.output()}`, { cause: error });
    }
    if (load !== undefined) assert.deepEqual((await load.stop()).failures, [], where);
  }
});

test('the OS process of an isolated call: that call fails, and the pool is whole again', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications: [application('conversation')] });
  const session = await Session.open(new URL('/conversation', node.url).href);
  const poolOf = async () => await node.control('call', { target: 'isolation_pool', name: 'status' }) as { size: number; runners: { osPid: number; status: string }[] };
  const [held, other] = [session.startTool('hold_isolated', { label: 'a' }, { progress: true }), session.startTool('hold_isolated', { label: 'b' }, { id: 'b', progress: true })];
  await Promise.all([held.running(), other.running()]);
  for (const { osPid } of (await poolOf()).runners) process.kill(osPid, 'SIGKILL');
  for (const post of [held, other]) {
    const answer = await post.answer;
    assert.equal(answer.final?.result?.isError, true);
    assert.match(textOf(answer), /its process was ended by SIGKILL/);
  }
  let pool = await poolOf();
  while (pool.runners.filter(({ status }) => status === 'idle').length < pool.size) pool = await poolOf();
  assert.equal(node.descendants().length, 1 + pool.size);
  session.close();
});

test('every process of the tree, one after the other: the node is whole again and serves', { timeout: 120_000 }, async (context) => {
  const seed = Number(process.env['SEED'] ?? freshSeed());
  context.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const node = await startNode(context, { applications: [application('conversation')], args: ['--restarts', '1000'] });
  const url = new URL('/conversation', node.url).href;
  const trees = await treesOf(node);
  const shape = shapeOf(trees);
  const paths = processesOf(trees).map((_, index) => index).sort(() => random.next() - 0.5);
  for (const index of paths) {
    const victim = processesOf(await treesOf(node))[index]!;
    // Where a whole tree ends, the shard ends with it, and before it could say that it has done so.
    await node.control('kill', { target: victim.pid }).catch((error: { code?: string }) => assert.equal(error.code, 'shard-gone'));
    await wholeAgain(node, shape);
    const session = await Session.open(url);
    assert.equal(await session.callTool('count', { to: 1 }), 'counted to 1', `SEED=${seed}: after ${victim.name}`);
    session.close();
  }
});

test('a session killed under its own load: each request gets an answer', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications: [application('conversation')] });
  const url = new URL('/conversation', node.url).href;
  for (let round = 0; round < 10; round += 1) {
    const session = await Session.open(url);
    const first = await Promise.all(Array.from({ length: 32 }, () => session.ping()));
    assert.ok(first.every(({ status }) => status === 200));
    const [{ pid } = {}] = named(await treesOf(node), 'mcp_sessions/conversation').children ?? [];
    const pings = Array.from({ length: 64 }, () => session.ping());
    const killed = node.control('kill', { target: pid });
    const statuses = await Promise.all([...pings, ...Array.from({ length: 64 }, () => session.ping())].map(async (answer) => (await answer).status));
    await killed;
    assert.deepEqual(statuses.filter((status) => status !== 200 && status !== 404), []);
    assert.equal((await session.ping()).status, 404);
    session.close();
  }
});

test('a child that dies in init spends restart intensity; its application ends, and the shard starts anew', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications: [application('fragile')] });
  const shape = shapeOf(await treesOf(node));
  const before = await Session.open(node.url);
  await node.control('call', { target: 'fuse', name: 'blow' });
  await node.control('kill', { target: 'fragile' });
  await node.line(/ERROR application fragile ended/);
  await wholeAgain(node, shape);
  const failedStarts = node.output().match(/child "fragile" failed to start again: .*the fuse is blown/g) ?? [];
  assert.equal(failedStarts.length, 3, 'the crash and each start that failed count');
  assert.match(node.output(), /ERROR supervisor fragile_sup \S+ gave up: restart intensity reached; last child fragile/);
  assert.equal((await before.ping()).status, 404);
  const after = await Session.open(node.url);
  assert.equal(await after.callTool('echo', { value: 'whole' }), 'whole');
  assert.equal(await node.control('call', { target: 'fragile', name: 'ping' }), 'pong');
  for (const session of [before, after]) session.close();
});

test('the node: all of it ends, and a new one takes its place and its name', { timeout: 60_000 }, async (context) => {
  let node = await startNode(context, { applications: [application('conversation'), application('fragile')], args: ['+S', '2'] });
  for (let round = 0; round < 3; round += 1) {
    const session = await Session.open(new URL('/conversation', node.url).href);
    // The pool of isolated runners is a part of it.
    const runs = session.startTool('hold_isolated', { label: 'x' }, { progress: true });
    await runs.running();
    const all = [node.pid, ...node.descendants()];
    assert.ok(all.length >= 4, `heart, two shards and a runner: ${all.join()}`);
    process.kill(node.pid, 'SIGKILL');
    assertFailed(await runs.answer.catch((error: Error) => error));
    await node.ended;
    await allGone(all);
    session.close();
    node = await startNode(context, { applications: [application('conversation'), application('fragile')], args: ['+S', '2'], after: node });
    const sockets = readdirSync(join(node.runtimeRoot, 'flyball', node.name));
    assert.equal(sockets.filter((name) => name.endsWith('.sock')).length, 5, `the control socket and two of each shard, none of the dead: ${sockets.join()}`);
    const again = await Session.open(node.url);
    assert.equal(await again.callTool('echo', { value: 'new' }), 'new');
    again.close();
  }
});

/** Resolves when none of the processes exists any more; a zombie that nobody has read counts as gone. */
async function allGone(pids: readonly number[]): Promise<void> {
  const lives = (pid: number): boolean => {
    try {
      return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (pids.some(lives)) await new Promise(setImmediate);
}
