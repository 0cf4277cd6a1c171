import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';

import { call, cast, exit, genServer, named, processOf, processTable, reply, send, stop, supervisor, whenQuiet, type Pid } from '../src/index.ts';
import { exited, resetKernel } from '../src/testing/index.ts';
import { counter, listener } from './servers.ts';

afterEach(resetKernel);

const immediate = () => new Promise((resolve) => setImmediate(resolve));

/** Two processes that send each other a message for ever. */
async function startBusyPair() {
  const player = genServer({
    init: () => ({ hits: 0 }),
    calls: { hits: (state) => reply(state.hits) },
    casts: {
      hit: (state, from: string, self) => {
        self.cast(from, 'hit', from === 'ping' ? 'pong' : 'ping');
        return { hits: state.hits + 1 };
      },
    },
  });
  const ping = await player.start(undefined, { name: 'ping' });
  const pong = await player.start(undefined, { name: 'pong' });
  cast(ping, 'hit', 'pong');
  return { ping, pong };
}

test('scheduler.fairness: a busy pair of processes leaves the event loop its turns', async () => {
  const { ping } = await startBusyPair();
  const startedMs = performance.now();
  for (let turn = 0; turn < 10; turn += 1) await immediate();
  const tookMs = performance.now() - startedMs;
  // Ten slices of 4 ms, and room for a machine that is busy with something else.
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
  const hits = await call(ping, 'hits');
  assert.ok(hits > 100, `${hits} hits`);
});

test('scheduler.fairness: an HTTP request is answered beside them', async () => {
  await startBusyPair();
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(10_000) });
    assert.equal(await response.text(), 'here');
  } finally {
    server.close();
  }
});

test('scheduler.fairness: a chain of awaited calls from outside lets I/O in', async () => {
  const pid = await counter.start(0);
  let turns = 0;
  let running = true;
  const tick = (): void => {
    turns += 1;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  const startedMs = performance.now();
  let calls = 0;
  while (performance.now() - startedMs < 60) {
    await call(pid, 'add', 1);
    calls += 1;
  }
  running = false;
  assert.ok(turns >= 3, `${turns} turns of the loop in ${calls} calls`);
  assert.equal(await call(pid, 'get'), calls);
});

test('scheduler.fairness: a full mailbox holds no other process up', async () => {
  const pid = await counter.start(0);
  const other = await counter.start(1);
  for (let sent = 0; sent < 400; sent += 1) cast(pid, 'add', 1);
  const order: string[] = [];
  await Promise.all([call(pid, 'get').then(() => order.push('busy')), call(other, 'get').then(() => order.push('other'))]);
  assert.deepEqual(order, ['other', 'busy']);
});

test('scheduler.slow-handlers: turns of slow handlers get shorter, the loop is not held for a whole mailbox', async () => {
  const spin = (ms: number): void => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
  };
  const slow = genServer({ init: () => 0, casts: { work: () => spin(2) } });
  const pid = await slow.start();
  for (let sent = 0; sent < 300; sent += 1) cast(pid, 'work');
  // The first turn is a full one: it teaches the scheduler.
  await immediate();
  await immediate();
  const before = processOf(pid)!.mailboxLength;
  await immediate();
  const handled = before - processOf(pid)!.mailboxLength;
  assert.ok(before > 0, 'all was handled before the loop turned');
  assert.ok(handled <= 16, `${handled} messages of 2 ms in one slice`);
  exit(pid, 'kill');
});

test('scheduler.backlog: a sender outside any process that outruns its receiver lends it its turn', async () => {
  const pid = await counter.start(0);
  for (let sent = 0; sent < 250_000; sent += 1) cast(pid, 'add', 1);
  assert.equal(processOf(pid)!.dropped, 0);
  assert.equal(await call(pid, 'get'), 250_000);
});

test('scheduler.backlog: no process is entered twice, whoever lends the turn', async () => {
  let depth = 0;
  let depthMax = 0;
  const sink = await counter.start(0);
  const sender = genServer({
    init: () => 0,
    calls: {
      burst: async (_state, _nothing: void, self) => {
        await Promise.resolve();
        depth += 1;
        depthMax = Math.max(depthMax, depth);
        for (let sent = 0; sent < 2_000; sent += 1) {
          self.cast(sink, 'add', 1);
          self.send(self.pid, 'own');
        }
        depth -= 1;
        return reply(true);
      },
    },
    info: () => {
      depth += 1;
      depthMax = Math.max(depthMax, depth);
      depth -= 1;
    },
    terminate: () => {},
  });
  await call(await sender.start(), 'burst');
  await whenQuiet();
  assert.equal(depthMax, 1);
  assert.equal(await call(sink, 'get'), 2_000);
});

test('scheduler.backlog: a burst in a terminate that follows an async handler does not enter its process', async () => {
  const sink = await counter.start(0);
  const log: string[] = [];
  const server = genServer({
    init: () => 0,
    casts: { end: async () => stop('normal') },
    info: () => void log.push('info'),
    terminate: (_state, _reason, self) => {
      self.send(self.pid, 'own');
      for (let sent = 0; sent < 2_000; sent += 1) self.cast(sink, 'add', 1);
      log.push('terminated');
    },
  });
  const pid = await server.start();
  const ended = exited(pid);
  cast(pid, 'end');
  await ended;
  await whenQuiet();
  assert.deepEqual(log, ['terminated']);
});

test('scale.exit-chain: a chain of 100,000 linked processes ends without a deep stack', async () => {
  const ids: Pid[] = [];
  const chained = genServer({
    init: (previous: Pid | undefined, self) => {
      if (previous !== undefined) self.link(previous);
      return 0;
    },
  });
  let previous: Pid | undefined;
  for (let made = 0; made < 100_000; made += 1) {
    previous = await chained.start(previous);
    if (made % 50_000 === 0) ids.push(previous);
  }
  const ended = exited(previous!);
  exit(ids[0]!, { reason: 'first' });
  assert.deepEqual(await ended, { reason: 'first' });
  assert.equal(processTable.size, 0);
});

test('supervisor_SUITE:simple_one_for_one_scale_many_temporary_children: 100,000 start, crash and stop', async () => {
  const top = supervisor({ strategy: 'simple_one_for_one', children: [{ id: 'c', start: [counter], restart: 'temporary' }] });
  const pid = await top.start(undefined, { name: 'many' });
  const started = [];
  for (let argument = 0; argument < 100_000; argument += 1) started.push(call(pid, 'startChild', { argument }, { timeoutMs: Infinity }));
  const children = await Promise.all(started);
  assert.equal((await call(pid, 'countChildren')).active, 100_000);
  for (const child of children.slice(0, 50_000)) exit(child!, 'kill');
  await whenQuiet();
  assert.equal((await call(pid, 'countChildren')).active, 50_000);
  assert.equal(await call(children[99_999]! as Awaited<ReturnType<typeof counter.start>>, 'get'), 99_999);
  const ended = exited(pid);
  exit(pid, 'shutdown');
  assert.equal(await ended, 'shutdown');
  assert.equal(processTable.size, 0);
});

test('scheduler.order: messages of two senders keep each sender\'s order', async () => {
  const sink = await listener.start(undefined, { name: 'sink' });
  const sender = genServer({
    init: () => 0,
    casts: {
      send: (_state, name: string, self) => {
        for (let number = 0; number < 200; number += 1) self.send(named('sink'), `${name}${number}`);
      },
    },
  });
  for (const name of ['a', 'b']) cast(await sender.start(), 'send', name);
  send(sink, 'outside');
  await whenQuiet();
  const heard = await call(sink, 'heard') as string[];
  for (const name of ['a', 'b']) assert.deepEqual(heard.filter((each) => each.startsWith(name)), Array.from({ length: 200 }, (_, number) => `${name}${number}`));
});
