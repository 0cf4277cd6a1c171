// Acceptance test 5 of the spine: while a tool call runs, its session answers pings, cancels another
// call, and completes a question that the running tool asked.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import { before, describe, test, after } from 'node:test';
import { startNode, type TestNode } from './harness/node.ts';
import { OFFICIAL_CLIENTS, type FormAnswer } from './harness/official-clients.ts';
import { textOf } from './harness/post.ts';
import { requestText } from './harness/raw-http.ts';
import { Session } from './harness/session.ts';

const applications = [join(import.meta.dirname, 'applications/conversation')];

// Development checks and freezes what processes send and keep: the same must work there.
for (const mode of ['production', 'development']) describe(`while a tool call runs, in ${mode}`, { timeout: 60_000 }, () => {
  const ends: (() => Promise<void>)[] = [];
  let node: TestNode;
  let url: string;
  before(async () => {
    node = await startNode({ after: (end) => ends.push(end) }, { applications, args: ['--mode', mode] });
    url = new URL('/conversation', node.url).href;
  });
  after(async () => {
    for (const end of ends) await end();
  });

  for (const tool of ['ask', 'ask_isolated']) {
    const held = tool === 'ask' ? 'hold' : 'hold_isolated';
    test(`raw HTTP: ${tool} is asking, ${held} is cancelled, and the session is there for both`, async () => {
      const session = await Session.open(url, { elicitation: {} });
      const asking = session.startTool(tool);
      const question = await asking.next(({ method }) => method === 'elicitation/create');
      assert.equal(question.params?.['message'], 'Who are you?');
      assert.deepEqual((await session.ping()).final?.result, {});

      const holding = session.startTool(held, { label: `raw ${tool}` }, { id: 'held', progress: true });
      await holding.running();
      assert.deepEqual((await session.ping()).final?.result, {});
      assert.equal((await session.notify('notifications/cancelled', { requestId: 'held', reason: 'test' })).status, 202);
      const cancelled = await holding.answer;
      assert.equal(cancelled.final, undefined, 'a cancelled request gets no response');
      if (tool === 'ask') assert.equal(await session.callTool('wait', { note: `aborted raw ${tool}` }), `aborted raw ${tool}`);
      else await node.line(/isolated tool aborted: raw ask_isolated/);

      assert.equal((await session.respond(question.id!, { action: 'accept', content: { name: 'Ada' } })).status, 202);
      assert.equal(textOf(await asking.answer), 'hello Ada');
      assert.deepEqual((await session.ping()).final?.result, {});
      session.close();
    });
  }

  test('raw HTTP: several questions at once get their own answers, in any order', async () => {
    const session = await Session.open(url, { elicitation: {} });
    const asking = Array.from({ length: 8 }, () => session.startTool('ask'));
    const questions = await Promise.all(asking.map((post) => post.next(({ method }) => method === 'elicitation/create')));
    assert.equal(new Set(questions.map(({ id }) => id)).size, 8);
    for (const [index, { id }] of [...questions.entries()].reverse()) await session.respond(id!, { action: 'accept', content: { name: `n${index}` } });
    assert.deepEqual(await Promise.all(asking.map(async (post) => textOf(await post.answer))), asking.map((_, index) => `hello n${index}`));
    session.close();
  });

  test('raw HTTP: declined, unfit and failed answers, and a call cancelled while it asks', async () => {
    const session = await Session.open(url, { elicitation: {} });
    const ask = async (): Promise<[ReturnType<Session['startTool']>, string | number]> => {
      const asking = session.startTool('ask');
      return [asking, (await asking.next(({ method }) => method === 'elicitation/create')).id!];
    };
    const [declined, declinedId] = await ask();
    await session.respond(declinedId, { action: 'decline' });
    assert.equal(textOf(await declined.answer), 'nobody: decline');
    const [unfit, unfitId] = await ask();
    await session.respond(unfitId, { action: 'accept', content: { name: 7 } });
    assert.equal((await unfit.answer).final?.result?.isError, true);
    const [failed, failedId] = await ask();
    await session.post({ jsonrpc: '2.0', id: failedId, error: { code: -32_600, message: 'no form here' } }).answer;
    assert.match(textOf(await failed.answer), /no form here/);

    const cancelled = session.startTool('ask', {}, { id: 'asking' });
    const { id } = await cancelled.next(({ method }) => method === 'elicitation/create');
    await session.notify('notifications/cancelled', { requestId: 'asking' });
    assert.equal((await cancelled.answer).final, undefined);
    // Too late, and for nobody: accepted and dropped.
    assert.equal((await session.respond(id!, { action: 'accept', content: { name: 'late' } })).status, 202);
    assert.deepEqual((await session.ping()).final?.result, {});
    session.close();
  });

  test('a client that does not read its progress costs the node no memory, and nobody else time', async () => {
    const rssMb = async (): Promise<number> => (await node.control('status') as { kernels: { status: { rssMb: number } }[] }).kernels[0]!.status.rssMb;
    const session = await Session.open(url);
    const before = await rssMb();
    const call = { jsonrpc: '2.0', id: 'flood', method: 'tools/call', params: { name: 'flood', arguments: { megabytes: 300, label: mode }, _meta: { progressToken: 1 } } };
    const socket = net.connect(node.port, '127.0.0.1');
    socket.pause();
    socket.write(requestText({ path: '/conversation', headers: session.headers(), body: JSON.stringify(call) }));
    assert.equal(await session.callTool('wait', { note: `flooded ${mode}` }), `flooded ${mode}`);
    const after = await rssMb();
    assert.ok(after - before < 100, `resident before ${before} MB, after ${after} MB`);
    // What was kept for it ends with the result, once it reads.
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.resume();
    await once(socket, 'close');
    assert.match(text.slice(-300), new RegExp(`"text":"flooded ${mode}"`));
    session.close();
  });

  for (const { name, era, connect } of OFFICIAL_CLIENTS) {
    test(`${name}: answers a question, cancels another call, and uses the connection meanwhile`, async () => {
      const asked = Promise.withResolvers<string>();
      const answer = Promise.withResolvers<FormAnswer>();
      const client = await connect(url, ({ message, fields }) => {
        asked.resolve(`${message} ${fields.join()}`);
        return answer.promise;
      });
      const asking = client.callTool('ask', {});
      assert.equal(await asked.promise, 'Who are you? name');

      const running = Promise.withResolvers<void>();
      const controller = new AbortController();
      const holding = client.callTool('hold', { label: name }, { signal: controller.signal, onprogress: () => running.resolve() });
      holding.catch(() => {});
      await running.promise;
      if (era === 'sessionful') await client.ping();
      assert.ok((await client.listTools()).includes('ask'));
      controller.abort('test');
      await assert.rejects(holding);
      assert.equal((await client.callTool('wait', { note: `aborted ${name}` })).text, `aborted ${name}`);

      answer.resolve({ action: 'accept', content: { name: 'Grace' } });
      assert.equal((await asking).text, 'hello Grace');
      await client.end();
    });
  }
});
