// Acceptance test 3 of the spine: two shards serve one port as one node, and one of them survives the other.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Client, resultOf, type ClientKind } from './harness/client.ts';
import { Crowd } from './harness/crowd.ts';
import { Listening } from './harness/listening.ts';
import { startNode, type TestNode } from './harness/node.ts';

const applications = [join(import.meta.dirname, 'applications/places/v1')];
/** New connections until each shard has accepted one: the system gives them to whichever is quicker. */
const CONNECTIONS_MAX = 2_000;

const KEEP_ALIVE: ClientKind = { dialect: 'sessionful', connection: 'keep-alive' };
const PER_REQUEST: ClientKind = { dialect: 'sessionful', connection: 'per-request' };

interface Place {
  readonly text: string;
  readonly shard: number;
  readonly generation: number;
}

interface Met {
  readonly pid: string;
  readonly shard: number;
  readonly generation: number;
  readonly calls: number;
  readonly from: number;
}

interface Ended {
  readonly pid: string;
  readonly reason: unknown;
  readonly from: number;
}

interface Status {
  readonly processes: readonly { readonly shard: number; readonly generation: number; readonly role: string; readonly pid: number }[];
  readonly restarts: number;
}

const shardOf = (client: Client): number => Number.parseInt(client.sessionId!, 10);

/** A client whose connection is to that shard, and so is its session. */
async function clientAt(url: string, shard: number): Promise<Client> {
  for (let tries = 1; tries <= CONNECTIONS_MAX; tries += 1) {
    const client = await Client.open(url, KEEP_ALIVE);
    if (shardOf(client) === shard) return client;
    client.close();
  }
  throw new Error(`shard ${shard} accepted none of ${CONNECTIONS_MAX} connections`);
}

/** Two clients, each with its connection and its session at the shard of its index. */
async function twoShards(context: TestContext): Promise<{ node: TestNode; clients: readonly [Client, Client] }> {
  const node = await startNode(context, { applications, args: ['+S', '2'] });
  const clients = [await clientAt(node.url, 0), await clientAt(node.url, 1)] as const;
  context.after(() => clients.forEach((client) => client.close()));
  return { node, clients };
}

/** The client's connection with another's session. */
function withSession(client: Client, sessionId: string): Client {
  return new Client(client.url, client.kind, sessionId, client.agent);
}

test('a session is used through connections to either shard', { timeout: 60_000 }, async (context) => {
  const { node, clients: [zero, one] } = await twoShards(context);
  const place = ({ text, shard }: Place): readonly [string, number] => [text, shard];
  assert.deepEqual(place(await withSession(one, zero.sessionId!).call<Place>('where', { text: 'a' })), ['a', 0]);
  assert.deepEqual(place(await withSession(zero, one.sessionId!).call<Place>('where', { text: 'b' })), ['b', 1]);
  await withSession(zero, one.sessionId!).ping();
  // The connections are still those that they were.
  for (const [shard, client] of [zero, one].entries()) assert.equal(Number.parseInt(await new Client(node.url, KEEP_ALIVE, undefined, client.agent).initialize(), 10), shard);
  const sessions = await Promise.all(Array.from({ length: 32 }, (_, number) => new Client(node.url, PER_REQUEST, number % 2 === 0 ? zero.sessionId : one.sessionId)));
  await Promise.all(sessions.map(async (session, number) => {
    for (let call = 0; call < 20; call += 1) assert.deepEqual(place(await session.call<Place>('where', { text: `${number}-${call}` })), [`${number}-${call}`, shardOf(session)]);
  }));
});

test('a process of the other shard is called, monitored and killed', { timeout: 60_000 }, async (context) => {
  const { node, clients } = await twoShards(context);
  for (const [here, client] of clients.entries()) {
    const there = 1 - here;
    const met = await client.call<Met>('meet', { shard: there });
    assert.deepEqual([met.shard, met.from], [there, here]);
    assert.match(met.pid, new RegExp(`^<${there}\\.`));
    assert.equal((await client.call<Met>('meet', { shard: there })).calls, met.calls + 1, 'the same process, with its state');
    const outlive = new Client(node.url, PER_REQUEST, client.sessionId).start('outlive', { shard: there }, { progress: true });
    const { params } = await outlive.next(({ method }) => method === 'notifications/progress');
    assert.equal(params!['message'], met.pid);
    assert.deepEqual(await client.call<Ended>('kill', { shard: there }), { reason: 'killed', pid: met.pid, from: here });
    assert.deepEqual(resultOf<Ended>('outlive', await outlive.answer), { reason: 'killed', pid: met.pid, from: here });
    const next = await client.call<Met>('meet', { shard: there });
    assert.notEqual(next.pid, met.pid, 'its supervisor started another one');
    assert.equal(next.calls, 1);
  }
});

test('a killed shard comes back, and the other served on', { timeout: 60_000 }, async (context) => {
  const { node, clients: [zero, one] } = await twoShards(context);
  const before = await node.control('status') as Status;
  const victim = before.processes.find(({ shard }) => shard === 1)!;
  // What is connected to the shard that lives.
  const stays = await Promise.all(Array.from({ length: 8 }, () => clientAt(node.url, 0)));
  const judge = ({ text, shard }: Place, client: number): string | undefined => (text === `c${client}` && shard === 0 ? undefined : `${text} of shard ${shard} to client ${client}`);
  const served = Crowd.of(stays, { tool: 'where', args: (client) => ({ text: `c${client}` }), judge });
  context.after(() => served.abandon());
  served.resume();
  const watching = await clientAt(node.url, 0);
  context.after(() => watching.close());
  const outlive = watching.start('outlive', { shard: 1 }, { progress: true });
  await outlive.next(({ method }) => method === 'notifications/progress');

  process.kill(victim.pid, 'SIGKILL');
  assert.equal(resultOf<Ended>('outlive', await outlive.answer).reason, 'noconnection', 'a monitor says that the shard is gone');
  await node.line(/shard 1 \(generation \d+\) was ended by SIGKILL/);
  // New connections wait for nobody: the shard that lives takes them.
  const newcomers = new Crowd<Place>([{ url: node.url, kind: { dialect: 'stateless', connection: 'per-request' }, clients: 8 }], { tool: 'where', args: () => ({ text: 'new' }), judge: ({ text }) => (text === 'new' ? undefined : text) });
  context.after(() => newcomers.abandon());
  await newcomers.start();
  // Its sessions are lost: their clients are told to initialize again.
  const lost = await withSession(zero, one.sessionId!).start('where', { text: 'lost' }).answer;
  assert.equal(lost.status, 404);

  const back = await clientAt(node.url, 1);
  assert.ok((await back.call<Place>('where', { text: 'back' })).generation > victim.generation);
  const met = await zero.call<Met>('meet', { shard: 1 });
  assert.deepEqual([met.shard, met.from], [1, 0]);
  assert.ok(met.generation > victim.generation);
  assert.equal((await back.call<Met>('meet', { shard: 0 })).shard, 0);
  back.close();
  await served.goesOn();
  await Promise.all([served.stop(), newcomers.stop()]);
  context.diagnostic(`${served.answered} calls of those connected to shard 0, ${newcomers.answered} of newcomers`);
  assert.deepEqual([served.failures, newcomers.failures], [[], []]);
  const after = await node.control('status') as Status;
  assert.deepEqual(after.processes.map(({ shard, role }) => [shard, role]).toSorted(), [[0, 'current'], [1, 'current']]);
  assert.equal(after.restarts, before.restarts + 1);
});

test('both shards are handed over under load, streams across them too', { timeout: 60_000 }, async (context) => {
  const { node, clients: [zero, one] } = await twoShards(context);
  const kinds: readonly ClientKind[] = [KEEP_ALIVE, PER_REQUEST, { dialect: 'stateless', connection: 'keep-alive' }, { dialect: 'stateless', connection: 'per-request' }];
  const crowd = new Crowd<Place>(kinds.map((kind) => ({ url: node.url, kind, clients: 8 })), { tool: 'where', args: (client) => ({ text: `c${client}` }), judge: ({ text }, client) => (text === `c${client}` ? undefined : text), callsPerSession: 50 });
  context.after(() => crowd.abandon());
  await crowd.start();
  // Each over the connection to the shard that has not the session.
  const streams = [new Listening(node.url, zero.sessionId!, one.agent), new Listening(node.url, one.sessionId!, zero.agent)];
  context.after(() => streams.forEach((stream) => stream.stop()));
  await Promise.all(streams.map((stream) => stream.start()));
  const { shards } = await node.control('hand-over') as { shards: readonly { shard: number; end: string }[] };
  assert.deepEqual(shards.map(({ shard, end }) => [shard, end]), [[0, 'drained'], [1, 'drained']]);
  await crowd.goesOn();
  await crowd.stop();
  assert.deepEqual([crowd.failures, ...streams.map(({ failures }) => failures)], [[], [], []]);
  assert.ok(streams.every(({ opened }) => opened >= 2), 'each stream was opened again');
  for (const [shard, client] of [zero, one].entries()) assert.equal((await new Client(node.url, PER_REQUEST, client.sessionId).call<Place>('where', { text: 'still' })).shard, shard);
});
