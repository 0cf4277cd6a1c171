// Acceptance test 2 of the spine: the node is handed over to a new OS process twenty times while 64 connections
// call, and nobody sees it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, resultOf, type ClientKind } from './harness/client.ts';
import { Crowd } from './harness/crowd.ts';
import { Listening } from './harness/listening.ts';
import { startNode, type TestNode } from './harness/node.ts';
import type { Post } from './harness/post.ts';

const HAND_OVERS = 20;
const applications = [join(import.meta.dirname, 'applications/places/v1')];

interface Place {
  readonly text: string;
  readonly shard: number;
  readonly generation: number;
}

interface HandedOver {
  readonly shards: readonly { readonly from: number; readonly to: number; readonly startMs: number; readonly drainMs: number; readonly end: string }[];
}

const KINDS: readonly ClientKind[] = [
  { dialect: 'sessionful', connection: 'keep-alive' },
  { dialect: 'sessionful', connection: 'per-request' },
  { dialect: 'stateless', connection: 'keep-alive' },
  { dialect: 'stateless', connection: 'per-request' },
];

/** The generation that answered last, and who waits for a later one. */
class Generations {
  newest = 0;
  readonly #waiting = new Map<() => void, number>();

  saw(generation: number): void {
    this.newest = Math.max(this.newest, generation);
    for (const [tell, awaited] of this.#waiting) if (generation >= awaited) tell();
  }

  /** Resolves with the first answer of that generation, or of a later one. */
  reached(generation: number): Promise<void> {
    return new Promise((resolve) => {
      const tell = (): void => {
        this.#waiting.delete(tell);
        resolve();
      };
      this.#waiting.set(tell, generation);
    });
  }
}

/** A call that is under way until its gate is opened. */
async function startHeld(client: Client): Promise<{ readonly post: Post; readonly gate: string }> {
  const post = client.start('hold', {}, { progress: true });
  const { params } = await post.next(({ method }) => method === 'notifications/progress');
  return { post, gate: String(params!['message']) };
}

const NONE = { failed: 0, failures: [], streams: [] };

function problems(crowd: Crowd<Place>, streams: readonly Listening[]): typeof NONE {
  return { failed: crowd.failed, failures: crowd.failures, streams: streams.flatMap(({ failures }) => failures) } as typeof NONE;
}

test('64 connections see nothing of twenty hand-overs', { timeout: 170_000 }, async (context) => {
  const node: TestNode = await startNode(context, { applications });
  const [firstShard] = node.descendants();
  const veteran = await Client.open(node.url, { dialect: 'sessionful', connection: 'per-request' });
  const { generation: first } = await veteran.call<Place>('where', { text: 'veteran' });
  const generations = new Generations();
  const judge = ({ text, generation }: Place, client: number): string | undefined => {
    generations.saw(generation);
    return text === `c${client}` ? undefined : `${text} to client ${client}`;
  };
  const crowd = new Crowd<Place>(KINDS.map((kind) => ({ url: node.url, kind, clients: 16 })), { tool: 'where', args: (client) => ({ text: `c${client}` }), judge, callsPerSession: 50 });
  context.after(() => crowd.abandon());
  await crowd.start();
  assert.equal(crowd.size, 64);
  const patient = await Client.open(node.url, { dialect: 'sessionful', connection: 'per-request' });
  const idle = await Client.open(node.url, { dialect: 'sessionful', connection: 'per-request' });
  const streams = [idle, patient].map(({ sessionId }) => new Listening(node.url, sessionId!));
  context.after(() => streams.forEach((stream) => stream.stop()));
  await Promise.all(streams.map((stream) => stream.start()));
  const late = await Promise.all(KINDS.filter(({ connection }) => connection === 'keep-alive').map((kind) => Client.open(node.url, kind)));

  for (let round = 1; round <= HAND_OVERS; round += 1) {
    const before = generations.newest;
    const newcomer = await Client.open(node.url, { dialect: 'sessionful', connection: 'keep-alive' });
    const held = await startHeld(patient);
    await Promise.all(late.map((client) => client.call<Place>('where', { text: 'early' })));
    const [idleMoved, patientMoved] = streams.map((stream) => stream.reopened());
    const handedOver = node.control('hand-over') as Promise<HandedOver>;
    await generations.reached(before + 1);
    // Both processes serve.
    await crowd.goesOn();
    await idleMoved;
    // The old one drains. A connection that idled meanwhile is served, and so is a session with a call under way;
    // its next call waits until it can be made where the session will be.
    const next = patient.call<Place>('where', { text: 'next' });
    await patient.ping();
    await Promise.all(late.map((client) => client.call<Place>('where', { text: 'late' })));
    await crowd.goesOn();
    assert.equal(await node.control('call', { target: held.gate, name: 'open', body: `round ${round}` }), 1);
    const { word, generation } = resultOf<{ word: string; generation: number }>('hold', await held.post.answer);
    assert.deepEqual([word, generation], [`round ${round}`, before], 'the call that was under way was answered where it ran');
    assert.equal((await next).generation, before + 1);
    await patientMoved;
    // All sessions have moved; a connection to the old process is left. What begins there now must not end with it.
    await newcomer.initialize();
    const { shards } = await handedOver;
    assert.deepEqual(shards.map(({ from, to, end }) => [from, to, end]), [[before, before + 1, 'drained']]);
    assert.equal((await newcomer.call<Place>('where', { text: 'newcomer' })).generation, before + 1);
    newcomer.close();
    await crowd.goesOn();
    assert.deepEqual(problems(crowd, streams), NONE, `hand-over ${round}`);
    context.diagnostic(`hand-over ${round}: started in ${Math.round(shards[0]!.startMs)} ms, drained in ${Math.round(shards[0]!.drainMs)} ms`);
  }
  const { generation: last } = await veteran.call<Place>('where', { text: 'veteran' });
  assert.equal(last, first + HAND_OVERS, 'a session opened before the first hand-over is used after the last');
  await crowd.stop();
  for (const stream of streams) stream.stop();
  for (const client of late) client.close();
  context.diagnostic(`${crowd.answered} calls, the slowest ${Math.round(crowd.slowestMs)} ms`);
  assert.deepEqual(problems(crowd, streams), NONE);
  assert.deepEqual(streams.map(({ opened }) => opened), [HAND_OVERS + 1, HAND_OVERS + 1]);
  assert.ok(!node.descendants().includes(firstShard!), 'the first process is gone');
});
