// Whatever a client sends, it gets the protocol's own error: never a 5xx, never a crash, and the node serves on.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshSeed, seededRandom, type Random } from '@flyball/kernel';
import { startLoad, type Load } from './harness/background-load.ts';
import { startNode, type TestNode } from './harness/node.ts';
import { Post, textOf, type Answer } from './harness/post.ts';
import { requestText, sendAndLeave, sendBytes, sendUntilQuiet } from './harness/raw-http.ts';
import { POST_HEADERS, Session, SESSION_VERSION } from './harness/session.ts';

const BODY_BYTES_MAX = 4 * 1_048_576;
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;
const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const HEADER_MISMATCH = -32_020;
const UNSUPPORTED_VERSION = -32_022;

const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };

describe('bad input', { timeout: 120_000 }, () => {
  const ends: (() => unknown)[] = [];
  let node: TestNode;
  let session: Session;
  let load: Load;
  before(async () => {
    const context = { after: (end: () => unknown) => void ends.unshift(end) };
    node = await startNode(context);
    session = await Session.open(node.url);
    load = await startLoad(context, node.url, { sessions: 1, request: search });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  interface Sent {
    readonly headers?: Record<string, string>;
    readonly body?: unknown;
    readonly method?: string;
  }

  /** `body` as it is if it is a text, else as JSON. */
  async function send({ headers = session.headers(), body = '', method = 'POST' }: Sent): Promise<Answer> {
    return await new Post({ url: node.url, method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }).answer;
  }

  function refused(answer: Answer, status: number, code: number, id?: unknown): void {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.final?.error?.code, code, answer.text);
    assert.deepEqual(answer.final?.id, id, answer.text);
    assert.ok(answer.text.length < 1_000, 'an error repeats no more than a little of what was sent');
  }

  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const call = (name: unknown, args: unknown = {}): Record<string, unknown> => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
  const without = (name: string): Record<string, string> => Object.fromEntries(Object.entries(session.headers()).filter(([key]) => key !== name));

  test('sessions: unknown, missing, not ours, far too long', async () => {
    for (const id of ['unknown', '0.AAAAAAAAAAAAAAAAAAAAAA', '7.AAAAAAAAAAAAAAAAAAAAAA', `${session.id}x`, '../../etc', 'x'.repeat(10_000)]) {
      const headers = { ...session.headers(), 'mcp-session-id': id };
      refused(await send({ headers, body: ping }), 404, INVALID_REQUEST, 1);
      refused(await send({ headers, method: 'DELETE' }), 404, INVALID_REQUEST);
      refused(await send({ headers: { ...headers, accept: 'text/event-stream' }, method: 'GET' }), 404, INVALID_REQUEST);
      assert.equal((await send({ headers, body: { jsonrpc: '2.0', method: 'notifications/initialized' } })).status, 404);
    }
    refused(await send({ headers: without('mcp-session-id'), body: ping }), 400, INVALID_REQUEST, 1);
    const gone = await Session.open(node.url);
    assert.equal((await send({ headers: gone.headers(), method: 'DELETE' })).status, 200);
    refused(await send({ headers: gone.headers(), body: ping }), 404, INVALID_REQUEST, 1);
    gone.close();
  });

  test('bodies: broken JSON, no message at all, batches', async () => {
    for (const body of ['', '{', '{"jsonrpc":"2.0",', 'null]', '\u0000', '{"a":1}x', '\uFEFF{}', "{'a':1}"]) refused(await send({ body }), 400, PARSE_ERROR);
    const ids: [unknown, unknown][] = [
      [{}, undefined], [[], undefined], ['"text"', undefined], ['7', undefined], ['null', undefined],
      [{ jsonrpc: '1.0', id: 3, method: 'ping' }, 3], [{ jsonrpc: '2.0', id: 4 }, 4], [{ jsonrpc: '2.0', id: 5, method: 7 }, 5],
      [{ jsonrpc: '2.0', id: null, method: 'ping' }, undefined], [{ jsonrpc: '2.0', id: 1.5, method: 'ping' }, undefined], [{ jsonrpc: '2.0', id: {}, method: 'ping' }, undefined],
      [{ jsonrpc: '2.0', id: 6, method: 'ping', params: 'x' }, 6], [{ jsonrpc: '2.0', id: 7, result: {}, error: { code: 1, message: 'both' } }, 7],
      [[ping, ping], undefined],
    ];
    for (const [body, id] of ids) refused(await send({ body }), 400, INVALID_REQUEST, id);
    refused(await send({ body: { ...ping, params: [] } }), 400, INVALID_PARAMS, 1);
  });

  test('methods and tools: unknown names, wrong arguments', async () => {
    for (const method of ['nothing', 'toString', '__proto__', 'constructor', '', 'x'.repeat(100_000)]) refused(await send({ body: { ...ping, method } }), 200, METHOD_NOT_FOUND, 1);
    for (const name of ['nothing', '__proto__', 'constructor', '', 'x'.repeat(100_000)]) refused(await send({ body: call(name) }), 200, INVALID_PARAMS, 1);
    for (const name of [undefined, null, 7, {}]) refused(await send({ body: call(name) }), 200, INVALID_PARAMS, 1);
    for (const args of [7, 'x', [], null]) refused(await send({ body: call('search_documents', args) }), 200, INVALID_PARAMS, 1);
    refused(await send({ body: { ...ping, method: 'tools/call' } }), 200, INVALID_PARAMS, 1);
    refused(await send({ body: { ...ping, method: 'tools/list', params: { cursor: 7 } } }), 200, INVALID_PARAMS, 1);
    refused(await send({ body: { ...ping, method: 'tools/list', params: { cursor: 'forged' } } }), 200, INVALID_PARAMS, 1);
    refused(await send({ body: { ...ping, params: { _meta: 7 } } }), 200, INVALID_PARAMS, 1);
    for (const args of [{}, { query: '' }, { query: 7 }, { query: 'x', limit: 1e9 }, { query: 'x'.repeat(5_000) }]) {
      const answer = await send({ body: call('search_documents', args) });
      assert.equal(answer.status, 200);
      assert.equal(answer.final?.result?.isError, true, answer.text);
      assert.match(answer.text, /Invalid arguments/);
    }
    for (const path of ['../../../../etc/passwd', '/etc/passwd', '..', '\u0000', 'x'.repeat(50_000)]) {
      const answer = await send({ body: call('read_document', { path }) });
      assert.equal(answer.final?.result?.isError, true, answer.text.slice(0, 200));
      assert.ok(!answer.text.includes('root:'));
    }
  });

  test('headers: origin, host, media types, versions', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'http://127.0.0.1@evil.example', 'file://', 'x']) {
      refused(await send({ headers: { ...session.headers(), origin }, body: ping }), 403, INVALID_REQUEST);
      refused(await send({ headers: { ...session.headers(), accept: 'text/event-stream', origin }, method: 'GET' }), 403, INVALID_REQUEST);
    }
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost@evil.example', ':8080']) refused(await send({ headers: { ...session.headers(), host }, body: ping }), 403, INVALID_REQUEST);
    for (const origin of ['http://localhost', 'http://127.0.0.1:5173', 'http://[::1]:1']) assert.equal((await send({ headers: { ...session.headers(), origin }, body: ping })).status, 200);
    for (const type of ['text/plain', 'application/jsonx', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      refused(await send({ headers: { ...session.headers(), 'content-type': type }, body: ping }), 415, INVALID_REQUEST);
    }
    for (const accept of ['text/html', 'application/json', 'text/event-stream', 'application/json;q=0, text/event-stream']) refused(await send({ headers: { ...session.headers(), accept }, body: ping }), 406, INVALID_REQUEST);
    for (const version of ['1999-01-01', 'x', '2026-07-27', '9'.repeat(5_000)]) {
      refused(await send({ headers: { ...session.headers(), 'mcp-protocol-version': version }, body: ping }), 400, UNSUPPORTED_VERSION, 1);
    }
    refused(await send({ headers: { ...session.headers(), 'mcp-protocol-version': '2026-07-28' }, body: ping }), 400, INVALID_PARAMS, 1);
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) refused(await send({ method }), 405, INVALID_REQUEST);
    assert.equal((await fetch(new URL('/nothing', node.url))).status, 404);
    assert.equal((await fetch(new URL('/internal/sessions', node.url), { method: 'POST', body: '{}' })).status, 404);
  });

  test('initialize: wrong, twice, with far too much', async () => {
    const params = { protocolVersion: SESSION_VERSION, capabilities: {}, clientInfo: { name: 'x', version: '1' } };
    const initialize = (changes: object): Record<string, unknown> => ({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { ...params, ...changes } });
    for (const changes of [{ protocolVersion: 7 }, { capabilities: undefined }, { capabilities: [] }, { clientInfo: 'x' }, { clientInfo: {} }]) {
      refused(await send({ headers: POST_HEADERS, body: initialize(changes) }), 200, INVALID_PARAMS, 1);
    }
    refused(await send({ body: initialize({}) }), 400, INVALID_REQUEST, 1);
    refused(await send({ headers: { ...POST_HEADERS, 'mcp-protocol-version': '2026-07-28' }, body: initialize({}) }), 400, HEADER_MISMATCH, 1);
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    for (const capabilities of [deep, JSON.stringify({ experimental: { large: 'x'.repeat(3_000_000) } })]) {
      const body = JSON.stringify(initialize({ capabilities: 'HERE' })).replace('"HERE"', capabilities);
      refused(await send({ headers: POST_HEADERS, body }), 200, INVALID_PARAMS, 1);
    }
    // What each session keeps must fit into what a hand-over carries.
    const clientInfo = { name: 'x'.repeat(3_000_000), version: '1' };
    refused(await send({ headers: POST_HEADERS, body: initialize({ clientInfo }) }), 200, INVALID_PARAMS, 1);
  });

  test('the stateless era: envelope and mirrored headers', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_document', arguments: { path: 'README.md' }, _meta: META } };
    const headers = { ...POST_HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'read_document' };
    assert.equal((await send({ headers, body })).status, 200);
    for (const [name, value] of [['mcp-method', 'tools/list'], ['mcp-name', 'another'], ['mcp-name', '=?base64?!?='], ['mcp-protocol-version', '2025-11-25']] as const) {
      refused(await send({ headers: { ...headers, [name]: value }, body }), 400, HEADER_MISMATCH, 1);
    }
    refused(await send({ headers: POST_HEADERS, body }), 400, HEADER_MISMATCH, 1);
    refused(await send({ headers: { ...headers, 'mcp-protocol-version': '2030-01-01' }, body: { ...body, params: { ...body.params, _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': '2030-01-01' } } } }), 400, UNSUPPORTED_VERSION, 1);
    refused(await send({ headers: { ...headers, 'mcp-method': 'nothing' }, body: { ...body, method: 'nothing' } }), 404, METHOD_NOT_FOUND, 1);
    for (const requestState of ['forged', 7, 'x'.repeat(100_000)]) refused(await send({ headers, body: { ...body, params: { ...body.params, requestState, inputResponses: {} } } }), 200, INVALID_PARAMS, 1);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = JSON.stringify({ ...body, params: { ...body.params, arguments: { path: 'HERE' } } }).replace('"HERE"', deep);
    assert.equal((await send({ headers, body: text })).final?.result?.isError, true);
  });

  test('bodies that are too large get 413, however they come', async () => {
    const large = JSON.stringify({ ...ping, params: { padding: 'x'.repeat(BODY_BYTES_MAX) } });
    for (let round = 0; round < 10; round += 1) refused(await send({ body: large }), 413, INVALID_REQUEST);
    const head = { ...session.headers(), 'Transfer-Encoding': 'chunked' };
    const chunk = `${(1_048_576).toString(16)}\r\n${'x'.repeat(1_048_576)}\r\n`;
    const chunked = requestText({ headers: head }).replace('Content-Length: 0\r\n', '');
    for (let round = 0; round < 5; round += 1) assert.equal((await sendBytes(node.port, chunked, ...Array.from({ length: 6 }, () => chunk), '0\r\n\r\n')).status, 413);
    // Announced only: nothing of it needs to be sent.
    assert.equal((await sendBytes(node.port, requestText({ headers: { ...session.headers(), 'Content-Length': '99999999999' } }))).status, 413);
    // As large as allowed.
    const full = JSON.stringify({ ...ping, params: { padding: '' } });
    const fits = full.replace('"padding":""', `"padding":"${'x'.repeat(BODY_BYTES_MAX - full.length)}"`);
    assert.equal((await send({ body: fits })).status, 200);
  });

  test('deep JSON is data like any other', async () => {
    for (const depth of [1_000, 100_000, 1_000_000]) {
      refused(await send({ body: `${'['.repeat(depth)}${']'.repeat(depth)}` }), 400, INVALID_REQUEST);
      refused(await send({ body: '['.repeat(depth) }), 400, PARSE_ERROR);
      const args = `${'{"query":'.repeat(depth / 4)}1${'}'.repeat(depth / 4)}`;
      const answer = await send({ body: JSON.stringify(call('search_documents', 'HERE')).replace('"HERE"', args) });
      assert.equal(answer.final?.result?.isError, true, answer.text.slice(0, 200));
    }
  });

  test('what is no HTTP, and clients that leave in the midst of it', async () => {
    const headers = session.headers();
    const garbage = ['\r\n\r\n\r\nX\r\n\r\n', 'GET\r\n\r\n', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'POST /mcp HTTP/9.9\r\n\r\n', 'POST /mcp HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n',
      requestText({ headers: { ...headers, 'Content-Length': '-1' } }), requestText({ headers: { ...headers, 'Transfer-Encoding': 'chunked' }, body: 'zz\r\n' })];
    for (const text of garbage) assert.equal((await sendBytes(node.port, text)).status, 400, JSON.stringify(text.slice(0, 60)));
    assert.equal((await sendBytes(node.port, requestText({ headers: { ...headers, 'X-Long': 'x'.repeat(100_000) } }))).status, 431);
    const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, at) => [`X-${at}`, 'x']));
    assert.ok([200, 431].includes((await sendBytes(node.port, requestText({ headers: { ...headers, ...many }, body: JSON.stringify(ping) }))).status ?? 0));
    assert.equal((await sendBytes(node.port, requestText({ method: 'GET', path: `/${'x'.repeat(8_000)}` }))).status, 404);
    assert.equal((await sendBytes(node.port, requestText({ method: 'GET', path: 'http://evil.example/mcp' }))).status, 404);
    assert.equal((await sendBytes(node.port, requestText({ headers: { ...headers, 'Content-Encoding': 'gzip' }, body: '\u001f\u008b' }))).status, 400);
    const body = JSON.stringify(call('search_documents', { query: 'heart' }));
    const request = requestText({ headers, body });
    for (let at = 1; at < request.length; at += 17) await sendAndLeave(node.port, request.slice(0, at));
    for (let round = 0; round < 20; round += 1) await sendAndLeave(node.port, request);
    const { connections } = await connectionsOf(node, (open) => open <= 4);
    assert.ok(connections <= 4, `connections of clients that left are closed: ${connections}`);
  });

  test('damaged requests, at random', async (context) => {
    const seed = Number(process.env['SEED'] ?? freshSeed());
    context.diagnostic(`SEED=${seed}`);
    const random = seededRandom(seed);
    const requests = [ping, call('search_documents', { query: 'heart', limit: 2 }), { ...ping, method: 'tools/list' }].map((body) => requestText({ headers: session.headers(), body: JSON.stringify(body) }));
    for (let round = 0; round < 400; round += 1) {
      const damaged = damage(Buffer.from(random.pick(requests)), random);
      const { status } = await sendUntilQuiet(node.port, damaged, async () => void (await session.ping()));
      assert.ok(status === undefined || status < 500, `SEED=${seed} round ${round}: ${status} to ${JSON.stringify(damaged.toString('latin1'))}`);
    }
  });

  test('the node has served on: no restart, no crash, nothing lost', async () => {
    const { requests, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 50);
    assert.deepEqual((await session.ping()).final?.result, {});
    const { restarts } = await node.control('status') as { restarts: number };
    assert.equal(restarts, 0);
    const errors = node.output().split('\n').filter((line) => / (?:ERROR|WARNING) /.test(line));
    assert.deepEqual(errors, []);
    // The sessions can still move: none holds what cannot be carried.
    await node.control('hand-over');
    assert.deepEqual((await session.ping()).final?.result, {});
  });
});

test('more calls than the node has processes for: those are refused, all else goes on', { timeout: 60_000 }, async (context) => {
  const node = await startNode(context, { applications: [join(import.meta.dirname, 'applications/conversation')], args: ['+P', '1024'] });
  const url = new URL('/conversation', node.url).href;
  const [greedy, modest] = [await Session.open(url), await Session.open(url)];
  const held = modest.startTool('hold', { label: 'modest' }, { progress: true });
  await held.running();
  const posts = Array.from({ length: 1_200 }, (_, at) => greedy.startTool('hold', { label: `greedy-${at}` }, { progress: true }));
  const outcomes = await Promise.all(posts.map(async (post) => await Promise.race([post.answer, post.running()])));
  const refusals = outcomes.filter((outcome) => outcome !== undefined);
  assert.ok(refusals.length > 150 && refusals.length < 300, `${refusals.length} of ${posts.length} were refused`);
  for (const { status, final } of refusals) assert.deepEqual([status, final?.error?.code, final?.error?.message], [200, INTERNAL_ERROR, 'The server runs as many calls as it can; try again later']);
  for (const session of [greedy, modest]) assert.deepEqual((await session.ping()).final?.result, {});
  assert.equal((await fetch(url, { method: 'DELETE', headers: greedy.headers() })).status, 200);
  await Promise.all(posts.map(async (post) => await post.answer));
  assert.equal(await modest.callTool('note', { note: 'release modest' }), 'noted');
  assert.equal(textOf(await held.answer), 'released modest');
  for (const session of [greedy, modest]) session.close();
});

async function search(session: Session): Promise<void> {
  const found = await session.callTool('search_documents', { query: 'heart', limit: 1 });
  if (!found.includes('heart')) throw new Error(`no answer to the question: ${found}`);
}

interface KernelStatus {
  readonly connections: number;
}

/** Asks until the shard's status fits. */
async function connectionsOf(node: TestNode, fits: (connections: number) => boolean): Promise<KernelStatus> {
  for (;;) {
    const { kernels } = await node.control('status') as { kernels: { status: KernelStatus }[] };
    if (fits(kernels[0]!.status.connections)) return kernels[0]!.status;
  }
}

function damage(bytes: Buffer, random: Random): Buffer {
  const damaged = Buffer.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) damaged[random.below(damaged.length)] = random.below(256);
  return random.below(4) === 0 ? damaged.subarray(0, random.below(damaged.length)) : damaged;
}
