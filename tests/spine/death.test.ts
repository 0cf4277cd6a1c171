// Acceptance test 7 of the spine, over the real port: the process of a call that is ended while its tool awaits
// performs no kernel operation any more, and its monitors and links have fired by the time that it is known.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from './harness/client.ts';
import { startNode, type TestNode } from './harness/node.ts';
import { textOf, type Answer, type Post } from './harness/post.ts';
import { named, processesOf, treesOf } from './harness/process-tree.ts';
import { Session } from './harness/session.ts';

const applications = [join(import.meta.dirname, 'applications/afterlife')];

const DEAD = Object.fromEntries(['cast', 'send', 'call', 'start', 'register', 'sendAfter', 'exit', 'trapExit'].map((name) => [name, 'process-dead']));

describe('a call that is ended while its tool awaits', { timeout: 60_000 }, () => {
  const ends: (() => Promise<void>)[] = [];
  let node: TestNode;
  let session: Session;
  before(async () => {
    node = await startNode({ after: (end) => ends.push(end) }, { applications });
    session = await Session.open(node.url, { elicitation: {} });
  });
  after(async () => {
    session.close();
    for (const end of ends) await end();
  });

  async function ask(target: string, name: string, body?: unknown): Promise<unknown> {
    return await node.control('call', { target, name, body });
  }

  /** What the monitors have told by now. */
  async function downs(label: string): Promise<unknown[]> {
    return [await ask('afterlife_witness', 'look', `down ${label}`), await ask('afterlife_witness', 'look', `companion ${label}`)];
  }

  async function taskOf(): Promise<string> {
    const tasks = processesOf(await treesOf(node)).filter(({ kind }) => kind === 'task');
    assert.equal(tasks.length, 1);
    return tasks[0]!.pid!;
  }

  /** Lets the dead one's tool go on, and looks at what it could do. */
  async function goOn(label: string, era: 'sessionful' | 'stateless' = 'sessionful'): Promise<void> {
    assert.equal(await ask('afterlife_witness', 'look', `tried ${label}`), null, 'it still awaits');
    await ask('afterlife_witness', 'open', label);
    const { progress, elicit, ...tried } = await ask('afterlife_witness', 'wait', `tried ${label}`) as Record<string, string>;
    assert.deepEqual(tried, DEAD);
    // These two only write to the client, who hears nothing any more.
    assert.equal(progress, 'done');
    assert.match(elicit!, era === 'sessionful' ? /^process-dead$/ : /^StatelessElicitationError/);
    assert.equal(await ask('afterlife_witness', 'look', `aborted ${label}`), true);
    assert.equal(await ask('afterlife_tally', 'get'), 0);
    assert.ok(!processesOf(await treesOf(node)).some(({ name }) => name === 'afterlife_ghost'));
  }

  function onlyOneProgress({ messages }: Answer): void {
    assert.equal(messages.filter(({ method }) => method === 'notifications/progress').length, 1);
    assert.equal(messages.filter(({ method }) => method === 'elicitation/create').length, 0);
  }

  test('killed', async () => {
    const post = session.startTool('linger', { label: 'killed' }, { progress: true });
    await post.running();
    await node.control('kill', { target: await taskOf() });
    assert.deepEqual(await downs('killed'), ['killed', 'killed'], 'both before anything else happened');
    const answer = await post.answer;
    assert.equal(answer.final?.error?.code, -32_603);
    onlyOneProgress(answer);
    await goOn('killed');
  });

  test('killed, without a session', async () => {
    const client = await Client.open(node.url, { dialect: 'stateless', connection: 'per-request' });
    const post = client.start('linger', { label: 'stateless' }, { progress: true });
    await post.running();
    await node.control('kill', { target: await taskOf() });
    assert.deepEqual(await downs('stateless'), ['killed', 'killed']);
    const answer = await post.answer;
    assert.equal(answer.final?.error?.code, -32_603);
    onlyOneProgress(answer);
    await goOn('stateless', 'stateless');
  });

  test('given up by a client that closes its stream, without a session', async () => {
    const client = await Client.open(node.url, { dialect: 'stateless', connection: 'per-request' });
    const post: Post = client.start('linger', { label: 'left' }, { progress: true });
    await post.running();
    post.answer.catch(() => {});
    post.destroy();
    assert.match(String(await ask('afterlife_witness', 'wait', 'down left')), /cancelled/);
    await goOn('left', 'stateless');
  });

  test('cancelled', async () => {
    const post = session.startTool('linger', { label: 'cancelled' }, { id: 'to-cancel', progress: true });
    await post.running();
    await session.notify('notifications/cancelled', { requestId: 'to-cancel' });
    const [down, companion] = await downs('cancelled');
    assert.match(String(down), /cancelled/);
    assert.match(String(companion), /cancelled/);
    const answer = await post.answer;
    assert.equal(answer.final, undefined);
    onlyOneProgress(answer);
    await goOn('cancelled');
  });

  test('over its deadline', async () => {
    const post = session.startTool('linger_briefly', { label: 'late' }, { progress: true });
    const answer = await post.answer;
    assert.match(textOf(answer), /did not finish within 200 ms/);
    onlyOneProgress(answer);
    assert.match(String((await downs('late'))[0]), /deadline/);
    await goOn('late');
  });

  test('with its session, which is killed or deleted', async () => {
    for (const label of ['session-killed', 'session-deleted']) {
      const other = await Session.open(node.url, { elicitation: {} });
      const post = other.startTool('linger', { label }, { progress: true });
      await post.running();
      if (label === 'session-deleted') await fetch(node.url, { method: 'DELETE', headers: other.headers() });
      else {
        const sessions = named(await treesOf(node), 'mcp_sessions/mcp').children ?? [];
        await node.control('kill', { target: sessions.find(({ children = [] }) => children.length > 0)!.pid });
      }
      const answer = await post.answer;
      assert.equal(answer.final?.error?.code, -32_603);
      onlyOneProgress(answer);
      const [down, companion] = await downs(label);
      assert.notEqual(down, null);
      assert.equal(companion, down);
      await goOn(label);
      other.close();
    }
  });

  test('and nobody else noticed', async () => {
    assert.deepEqual((await session.ping()).final?.result, {});
    const { restarts, kernels } = await node.control('status') as { restarts: number; kernels: { status: { unattributedRejections: number } }[] };
    assert.equal(restarts, 0);
    assert.deepEqual(kernels.map(({ status }) => status.unattributedRejections), [0]);
    // What the dead ones returned in the end is told to nobody.
    assert.doesNotMatch(node.output(), /from the dead|process-dead/);
  });
});
