import assert from 'node:assert/strict';
import { once as onceEmitted } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exitProcess, genServer, givePort, processNamed, processOf, supervisor, type Pid } from '@flyball/kernel';
import { events } from '@flyball/kernel/testing';
import { addRoute, drainListener, forwardExchange, hopsOf, httpListener, listenerAddress, listenerConnections, listening, requestFailed, type Exchange, type HttpListenerOptions, type RouteEntry } from '@flyball/listener';

const TEXT = ['Content-Type', 'text/plain'];
let listeners = 0;

const owner = genServer({ init: () => ({}) });

interface Served {
  readonly name: string;
  readonly port: number;
  readonly owner: Pid;
}

async function serve(t: TestContext, routes: readonly RouteEntry[], options: Partial<HttpListenerOptions> = {}): Promise<Served> {
  listeners += 1;
  const name = `test${listeners}`;
  const routesOwner = await owner.start();
  for (const route of routes) addRoute(route, processOf(routesOwner)!);
  const listener = httpListener({ name, host: '127.0.0.1', port: 0, connectionsMax: 100, keepAliveTimeoutMs: 5_000, isLocal: () => true, ...options });
  const top = await supervisor({ children: [{ id: 'listener', start: [listener] }] }).start();
  t.after(() => {
    exitProcess(processOf(top)!, 'killed');
    const process = processOf(routesOwner);
    if (process !== undefined) exitProcess(process, 'killed');
  });
  return { name, port: (await listenerAddress(name)).port, owner: routesOwner };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function ask(where: number | string, path: string, options: http.RequestOptions & { body?: string } = {}): Promise<Answer> {
  const target = typeof where === 'number' ? { port: where, host: '127.0.0.1' } : { socketPath: where };
  const request = http.request({ ...target, path, agent: false, ...options });
  request.end(options.body);
  const [response] = (await onceEmitted(request, 'response')) as [IncomingMessage];
  let body = '';
  response.setEncoding('utf8');
  for await (const chunk of response) body += chunk as string;
  return { status: response.statusCode!, headers: response.headers, body };
}

const hello: RouteEntry = { path: '/hello', audience: 'anyone', handler: (exchange) => exchange.answer(200, TEXT, 'hello') };

test('a route answers its path, with or without a query; others are 404', async (t) => {
  const { port } = await serve(t, [hello]);
  assert.equal((await ask(port, '/hello')).body, 'hello');
  assert.equal((await ask(port, '/hello?a=1')).body, 'hello');
  assert.equal((await ask(port, '/other')).status, 404);
});

test('a prefix answers what lies below it; an exact route and a longer prefix come first; it ends with its owner', async (t) => {
  const say = (text: string, path: string, isPrefix: boolean): RouteEntry => ({ path, isPrefix, audience: 'anyone', handler: (exchange) => exchange.answer(200, TEXT, `${text} ${exchange.path}`) });
  const { port, owner: routesOwner } = await serve(t, [say('log', '/log/', true), say('tile', '/log/tile/', true), say('exact', '/log/tile/0', false)]);
  assert.equal((await ask(port, '/log/checkpoint?x=1')).body, 'log /log/checkpoint');
  assert.equal((await ask(port, '/log/')).body, 'log /log/');
  assert.equal((await ask(port, '/log/tile/1')).body, 'tile /log/tile/1');
  assert.equal((await ask(port, '/log/tile/0')).body, 'exact /log/tile/0');
  assert.equal((await ask(port, '/log')).status, 404);
  assert.equal((await ask(port, '/logs/checkpoint')).status, 404);
  const process = processOf(routesOwner)!;
  assert.throws(() => addRoute({ ...hello, path: '/open', isPrefix: true }, process), RangeError);
  addRoute(say('newer', '/log/', true), process);
  assert.equal((await ask(port, '/log/checkpoint')).body, 'newer /log/checkpoint');
  exitProcess(process, 'killed');
  assert.equal((await ask(port, '/log/checkpoint')).status, 404);
});

test('bytes are answered as they are, and their length alone to HEAD', async (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const { port } = await serve(t, [{ ...hello, handler: (exchange) => exchange.answer(200, ['Content-Type', 'application/octet-stream'], bytes) }]);
  const answer = await fetch(`http://127.0.0.1:${port}/hello`);
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), bytes);
  const head = await ask(port, '/hello', { method: 'HEAD' });
  assert.deepEqual([head.headers['content-length'], head.body], ['256', '']);
});

test('text beyond ASCII arrives whole, with its length in bytes', async (t) => {
  const { port } = await serve(t, [{ ...hello, handler: (exchange) => exchange.answer(200, TEXT, 'grüße ✓ é') }]);
  const { body, headers } = await ask(port, '/hello');
  assert.equal(body, 'grüße ✓ é');
  assert.equal(headers['content-length'], String(Buffer.byteLength('grüße ✓ é')));
});

test('strangers get what is for anyone, and 403 for the rest', async (t) => {
  const { port } = await serve(t, [hello, { path: '/mine', audience: 'local', handler: (exchange) => exchange.answer(200, TEXT, 'mine') }], { isLocal: () => false });
  assert.equal((await ask(port, '/hello')).status, 200);
  const refused = await ask(port, '/mine');
  assert.equal(refused.status, 403);
  assert.match(refused.body, /--allow-public/);
});

test('internal routes do not exist on a port that clients reach', async (t) => {
  const route: RouteEntry = { path: '/within', audience: 'internal', handler: (exchange) => exchange.answer(200, TEXT, 'within') };
  const directory = mkdtempSync(join(tmpdir(), 'fb-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 's');
  const { port } = await serve(t, [route]);
  await serve(t, [route], { internal: true, path });
  assert.equal((await ask(port, '/within')).status, 404);
  assert.equal((await ask(path, '/within')).body, 'within');
});

test('a route goes with the process that added it', async (t) => {
  const served = await serve(t, [hello]);
  exitProcess(processOf(served.owner)!, 'killed');
  assert.equal((await ask(served.port, '/hello')).status, 404);
});

test('a handler that throws costs its own request a 500 and nobody else anything', async (t) => {
  const failures = events(requestFailed);
  t.after(() => failures.stop());
  const { port } = await serve(t, [hello, { path: '/bad', audience: 'anyone', handler: () => { throw new Error('a bug'); } }]);
  assert.equal((await ask(port, '/bad')).status, 500);
  assert.equal((failures.seen[0]!.error as Error).message, 'a bug');
  assert.equal((await ask(port, '/hello')).status, 200);
});

test('the owner of an exchange dies: `abandoned` answers, and without it the connection breaks', async (t) => {
  const task = genServer({ init: () => ({}) });
  const dying = (prepare: (exchange: Exchange) => void) => (exchange: Exchange): void => {
    prepare(exchange);
    void task.start().then((pid) => {
      givePort(exchange.id, processOf(pid)!);
      exitProcess(processOf(pid)!, 'killed');
    });
  };
  const { port } = await serve(t, [
    { path: '/answered', audience: 'anyone', handler: dying((exchange) => { exchange.abandoned = (each, reason) => each.answer(200, TEXT, `gone: ${String(reason)}`); }) },
    { path: '/broken', audience: 'anyone', handler: dying(() => {}) },
  ]);
  assert.equal((await ask(port, '/answered')).body, 'gone: killed');
  await assert.rejects(ask(port, '/broken'), { code: 'ECONNRESET' });
});

function collecting(bytesMax: number): RouteEntry {
  return {
    path: '/upload', audience: 'anyone',
    handler: (exchange) => exchange.readBody(bytesMax, (body) => {
      if (body.ok) exchange.answer(200, TEXT, `${body.text.length}`);
      else if (body.reason === 'too-large') exchange.answer(413, TEXT, 'too large');
    }),
  };
}

test('a body is read to its limit: told by its length, or found out on the way', async (t) => {
  const { port } = await serve(t, [collecting(1_000)]);
  assert.equal((await ask(port, '/upload', { method: 'POST', body: 'x'.repeat(1_000) })).body, '1000');
  assert.equal((await ask(port, '/upload', { method: 'POST', body: 'x'.repeat(1_001) })).status, 413);
  const chunked = { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'x'.repeat(100_000) };
  assert.equal((await ask(port, '/upload', chunked)).status, 413);
});

test('a client that goes away is told to whoever answers', async (t) => {
  let begun: (exchange: Exchange) => void = () => {};
  const seen = new Promise<Exchange>((resolve) => { begun = resolve; });
  const { port } = await serve(t, [{ path: '/slow', audience: 'anyone', handler: (exchange) => begun(exchange) }]);
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  const exchange = await seen;
  const gone = new Promise<void>((resolve) => exchange.onGone(resolve));
  socket.destroy();
  await gone;
  assert.equal(exchange.finished, true);
  exchange.answer(200, TEXT, 'too late');
});

test('requests one behind the other on a connection are answered in their order', async (t) => {
  const waiting: Exchange[] = [];
  let both: () => void = () => {};
  const arrived = new Promise<void>((resolve) => { both = resolve; });
  const { port } = await serve(t, [{ path: '/n', audience: 'anyone', handler: (exchange) => { if (waiting.push(exchange) === 2) both(); } }]);
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET /n?1 HTTP/1.1\r\nHost: x\r\n\r\nGET /n?2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await arrived;
  waiting[1]!.answer(200, TEXT, 'second');
  waiting[0]!.answer(200, TEXT, 'first');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.ok(text.indexOf('first') < text.indexOf('second') && text.includes('first'));
});

test('the acceptor dies: connections live on, and it accepts again on the same port', async (t) => {
  const served = await serve(t, [hello]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  await ask(served.port, '/hello', { agent });
  assert.equal(listenerConnections(served.name), 1);
  const again = events(listening);
  t.after(() => again.stop());
  exitProcess(processNamed(`${served.name}_acceptor`)!, 'killed');
  await again.next(({ name }) => name === served.name);
  assert.equal((await ask(served.port, '/hello', { agent })).body, 'hello');
  assert.equal(listenerConnections(served.name), 1);
  assert.equal((await ask((await listenerAddress(served.name)).port, '/hello')).body, 'hello');
});

test('drain: no new connection, each one that is left ends with its answer', async (t) => {
  const served = await serve(t, [hello]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  await ask(served.port, '/hello', { agent });
  const drained = drainListener(served.name);
  await assert.rejects(ask(served.port, '/hello'), { code: 'ECONNREFUSED' });
  const last = await ask(served.port, '/hello', { agent });
  assert.equal(last.headers.connection, 'close');
  await drained;
  assert.equal(listenerConnections(served.name), 0);
});

test('an exchange is passed on with its answer, whole or as a stream, at most three times', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'fb-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 's');
  const unreachable = (exchange: Exchange): void => exchange.answer(404, TEXT, 'unreachable');
  // Routes are the node's: the same one passes on what comes from a client, and answers what was passed on.
  const once = (name: string, answer: (exchange: Exchange, body: string) => void): RouteEntry => ({
    path: name, audience: 'anyone',
    handler: (exchange) => exchange.readBody(1_000, (body) => {
      const text = body.ok ? body.text : '';
      if (hopsOf(exchange) > 0) answer(exchange, text);
      else forwardExchange(exchange, path, text, unreachable);
    }),
  });
  const loop: RouteEntry = { path: '/loop', audience: 'anyone', handler: (exchange) => { if (!forwardExchange(exchange, path, '', unreachable)) exchange.answer(404, TEXT, `after ${hopsOf(exchange)}`); } };
  const { port } = await serve(t, [
    once('/whole', (exchange, body) => exchange.answer(201, [...TEXT, 'X-Own', 'yes'], `got ${body}`)),
    once('/stream', (exchange) => { exchange.openStream(200, TEXT); exchange.write('one '); exchange.end('two'); }),
    loop,
  ]);
  await serve(t, [], { internal: true, path });
  const whole = await ask(port, '/whole', { method: 'POST', body: 'this' });
  assert.deepEqual([whole.status, whole.headers['x-own'], whole.body], [201, 'yes', 'got this']);
  assert.equal((await ask(port, '/stream')).body, 'one two');
  assert.equal((await ask(port, '/loop')).body, 'after 3');
});

test('nobody listens where an exchange is passed on to: the one who passed it on answers', async (t) => {
  const { port } = await serve(t, [{ path: '/on', audience: 'anyone', handler: (exchange) => { forwardExchange(exchange, join(tmpdir(), 'no-such-socket'), undefined, (each) => each.answer(404, TEXT, 'unreachable')); } }]);
  assert.equal((await ask(port, '/on')).body, 'unreachable');
});

test('what is no HTTP gets 400 and the connection ends', async (t) => {
  const { port } = await serve(t, [hello]);
  const socket = net.connect(port, '127.0.0.1');
  socket.write('garbage\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal((await ask(port, '/hello')).status, 200);
});
