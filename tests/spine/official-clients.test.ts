// What the README promises, used as its reader would: `npm start` serves the documents server, and the
// official clients of both eras list its tools, search, read, and are told what they did wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startNode, type TestNode } from './harness/node.ts';
import { OFFICIAL_CLIENTS, type CallOptions, type OfficialClient } from './harness/official-clients.ts';

const root = join(import.meta.dirname, '../..');
const documents = join(root, 'examples/01-documents');
const conversation = join(import.meta.dirname, 'applications/conversation');

interface Found {
  readonly results: readonly { readonly path: string; readonly line: number; readonly snippet: readonly { readonly line: number; readonly text: string }[] }[];
}

async function rejected(promise: Promise<unknown>): Promise<{ code?: unknown; message: string }> {
  return await promise.then(() => assert.fail('it did not reject'), (error: { code?: unknown; message: string }) => error);
}

describe('the node started by npm start', { timeout: 120_000 }, () => {
  const ends: (() => Promise<void>)[] = [];
  let node: TestNode;
  before(async () => {
    // The README's command; `--application` once more for a server that asks questions.
    node = await startNode({ after: (end) => ends.push(end) }, { command: ['npm', 'start', '--'], applications: [documents, conversation] });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test('prints what listens where and what to try next', async () => {
    const output = node.output();
    for (const [path, status] of [['livez', 200], ['readyz', 200], ['nothing', 404]] as const) {
      assert.equal((await fetch(new URL(`/${path}`, node.url))).status, status);
    }
    assert.match(output, /Node 24\.\d+/);
    assert.match(output, new RegExp(`npx flyball ctl --name ${node.name} tree`));
    const [command = ''] = /curl -i [^]*?}'\n/.exec(output) ?? [];
    assert.match(command, /"method":"initialize"/);
  });

  for (const { name, era, connect } of OFFICIAL_CLIENTS) {
    describe(name, () => {
      let client: OfficialClient;
      before(async () => {
        client = await connect(node.url, () => ({ action: 'cancel' }));
      });

      test('connects and lists the tools', async () => {
        assert.equal(client.serverName, 'documents');
        assert.equal(client.sessionId() !== undefined, era === 'sessionful');
        assert.deepEqual(await client.listTools(), ['search_documents', 'read_document']);
        if (era === 'sessionful') await client.ping();
      });

      test('searches, and reads what it found', async () => {
        const { text, isError, structured } = await client.callTool('search_documents', { query: 'isolation watchdog heart', limit: 5 });
        assert.equal(isError, false);
        assert.match(text, /docs\/explanation\/isolation\.md:\d+/);
        const [first] = (structured as Found).results;
        assert.ok(first !== undefined);
        const lines = readFileSync(join(root, first.path), 'utf8').split('\n');
        for (const { line, text } of first.snippet) assert.equal(lines[line - 1], text, `${first.path}:${line}`);
        const read = await client.callTool('read_document', { path: first.path, startLine: first.line, endLine: first.line });
        assert.ok(read.text.includes(lines[first.line - 1]!.trim()), read.text);
      });

      test('is told what it did wrong', async () => {
        assert.equal((await rejected(client.callTool('no_such_tool', {}))).code, -32_602);
        const invalid = await client.callTool('search_documents', { query: 7 });
        assert.equal(invalid.isError, true);
        assert.match(invalid.text, /query/);
        const missing = await client.callTool('read_document', { path: 'no/such.md' });
        assert.equal(missing.isError, true);
        assert.match(missing.text, /no\/such\.md/);
      });

      test('follows progress, cancels, and answers a question', async () => {
        const asked: string[] = [];
        const other = await connect(new URL('/conversation', node.url).href, ({ message }) => {
          asked.push(message);
          return { action: 'accept', content: { name: 'Ada' } };
        });
        const updates: number[] = [];
        const onprogress: CallOptions['onprogress'] = ({ progress }) => updates.push(progress);
        assert.equal((await other.callTool('count', { to: 5 }, { onprogress })).text, 'counted to 5');
        assert.deepEqual(updates, [1, 2, 3, 4, 5]);
        for (const tool of ['ask', 'ask_isolated']) assert.equal((await other.callTool(tool, {})).text, 'hello Ada');
        assert.deepEqual(asked, ['Who are you?', 'Who are you?']);
        const controller = new AbortController();
        const held = other.callTool('hold', { label: name }, { signal: controller.signal, onprogress: () => controller.abort('enough') });
        await assert.rejects(held);
        assert.equal((await other.callTool('wait', { note: `aborted ${name}` })).text, `aborted ${name}`);
        await other.end();
      });

      test('ends', async () => {
        const id = client.sessionId();
        await client.end();
        if (id === undefined) return;
        const headers = { 'mcp-session-id': id, accept: 'text/event-stream' };
        assert.equal((await fetch(node.url, { headers })).status, 404);
      });
    });
  }

  test('leaves no session behind, and ends at SIGTERM', async () => {
    const { kernels } = await node.control('status') as { kernels: { status: { sessions: number } }[] };
    assert.deepEqual(kernels.map(({ status }) => status.sessions), [0]);
    await node.stop();
    assert.deepEqual(node.descendants(), []);
    await assert.rejects(fetch(new URL('/livez', node.url)));
  });
});
