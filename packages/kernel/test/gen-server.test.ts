import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, genServer, ignore, named, processOf, processTable, reply, send, stop, useClock, type ExitReason, type KernelError, type Self } from '../src/index.ts';
import { processCrashed } from '../src/process/exit.ts';
import { createVirtualClock, events, exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, deferring, gate, listener } from './servers.ts';

afterEach(resetKernel);

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;
const withReason = (expected: (reason: ExitReason) => boolean) => (error: KernelError) => error.code === 'exited' && expected(error.reason as ExitReason);

test('gen_server_SUITE:start: by pid and by name; the second of a name is refused', async () => {
  const pid = await counter.start(3, { name: 'my_test_name' });
  assert.equal(await call(named<typeof counter>('my_test_name'), 'get'), 3);
  await assert.rejects(counter.start(1, { name: 'my_test_name' }), code('name-taken'));
  assert.equal(processOf(pid)!.name, 'my_test_name');
});

test('gen_server_SUITE:spec_init: an init that throws or stops fails the start with its reason, and leaves nothing', async () => {
  const throwing = genServer({ init: () => { throw new RangeError('no room'); } });
  const stopping = genServer({ init: () => stop({ shutdown: 'not now' }) as never });
  const rejecting = genServer({ init: async () => { throw new Error('later'); } });
  await assert.rejects(throwing.start(undefined, { name: 'x' }), (error: KernelError) => error.code === 'start-failed' && (error.reason as { error: { name: string } }).error.name === 'RangeError');
  await assert.rejects(stopping.start(), (error: KernelError) => error.code === 'start-failed' && JSON.stringify(error.reason) === '{"shutdown":"not now"}');
  await assert.rejects(rejecting.start(undefined, { name: 'x' }), code('start-failed'));
  assert.equal(processTable.size, 0);
  await counter.start(0, { name: 'x' });
});

test('gen_server_SUITE:spec_init: ignore starts nothing, and that is no error', async () => {
  const ignoring = genServer({ init: () => ignore() });
  assert.equal(await ignoring.start(), undefined);
  assert.equal(processTable.size, 0);
});

test('gen_server.init: an async init delays the start and keeps messages until then', async () => {
  const ready = gate<number>();
  const server = genServer({
    init: async (_nothing: void, self: Self) => {
      send(self.pid, 'early');
      return { value: await ready.promise, heard: [] as unknown[] };
    },
    calls: { get: (state) => reply(state) },
    info: (state, message: unknown) => ({ ...state, heard: [...state.heard, message] }),
  });
  const starting = server.start(undefined, { name: 'slow' });
  await settle();
  const early = call(named<typeof server>('slow'), 'get');
  await settle();
  ready.open(7);
  await starting;
  assert.deepEqual(await early, { value: 7, heard: ['early'] });
});

test('gen_server.init: killed in its async init, whoever starts it learns so at once', async () => {
  const never = gate();
  const server = genServer({ init: async () => await never.promise });
  const starting = server.start(undefined, { name: 'slow' });
  const failed = assert.rejects(starting, (error: KernelError) => error.code === 'start-failed' && error.reason === 'killed');
  exit('slow', 'kill');
  await failed;
  never.open();
  await settle();
  assert.equal(processTable.size, 0);
});

test('gen_server.init: a process that ends itself in a sync init fails the start with that reason', async () => {
  const dead = await counter.start(0);
  exit(dead, 'kill');
  const server = genServer({ init: (_nothing: void, self: Self) => self.link(dead) });
  await assert.rejects(server.start(), (error: KernelError) => error.code === 'start-failed' && error.reason === 'noproc');
  assert.equal(processTable.size, 0);
});

test('gen_server.init: what it sends itself many times over does not run it before it has a state', async () => {
  const server = genServer({
    init: (_nothing: void, self: Self) => {
      for (let sent = 0; sent < 2_000; sent += 1) self.cast(self.pid as never, 'add' as never);
      return { count: 0 };
    },
    calls: { get: (state) => reply(state.count) },
    casts: { add: (state) => ({ count: state.count + 1 }) },
  });
  assert.equal(await call(await server.start(), 'get'), 2_000);
});

test('gen_server_SUITE:call: answers, and the state goes on', async () => {
  const pid = await counter.start(1);
  assert.equal(await call(pid, 'add', 2), 3);
  assert.equal(await call(pid, 'get'), 3);
});

test('gen_server_SUITE:call: a call it does not have fails and ends nothing', async () => {
  const pid = await counter.start(1);
  await assert.rejects(call(pid as never, 'ad' as never), (error: KernelError) => error.code === 'bad-call' && error.message.includes('add, get'));
  await assert.rejects(call(pid as never, 'constructor' as never), code('bad-call'));
  assert.equal(await call(pid, 'get'), 1);
});

test('gen_server.call.timeout: no answer in time rejects with timeout; the late answer is dropped', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const pid = await deferring.start();
  const asked = call(pid, 'ask', 'a', { timeoutMs: 100 });
  const failed = assert.rejects(asked, code('timeout'));
  await clock.advance(99);
  assert.equal((processOf(pid)!.state as { callers: number[] }).callers.length, 1);
  await clock.advance(1);
  await failed;
  assert.deepEqual(await call(pid, 'release', 'late'), [false]);
});

test('gen_server.call.timeout: the default is 5,000 ms', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const pid = await deferring.start();
  let failedAtMs = 0;
  const asked = call(pid, 'ask', 'a').catch(() => {
    failedAtMs = clock.nowMs();
  });
  await clock.advance(60_000);
  await asked;
  assert.equal(failedAtMs, 5_000);
});

test('gen_server.call.timeout: callers that gave up do not pile up in the server', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const pid = await deferring.start();
  for (let round = 0; round < 50; round += 1) {
    const asked = Array.from({ length: 100 }, () => call(pid, 'ask', 'a', { timeoutMs: 1 }).catch(() => {}));
    await clock.advance(2);
    await Promise.all(asked);
  }
  assert.ok(processOf(pid)!.deferred!.size <= 256, `${processOf(pid)!.deferred!.size} kept`);
});

test('gen_server_SUITE:calling_self: fails at once', async () => {
  const server = genServer({ init: () => 0, calls: { me: async (_state, _nothing: void, self) => reply(await self.call(self.pid as never, 'me' as never)) } });
  await assert.rejects(call(await server.start(), 'me'), withReason((reason) => (reason as { error: { code: string } }).error.code === 'bad-call'));
});

test('gen_server.noreply: answered later, by reference, each its own', async () => {
  const pid = await deferring.start();
  const asked = [call(pid, 'ask', 'a'), call(pid, 'ask', 'b')];
  await settle();
  assert.deepEqual(await call(pid, 'release', 'now'), [true, true]);
  assert.deepEqual(await Promise.all(asked), ['now', 'now']);
  assert.equal(await call(pid, 'ask_and_answer', 'c'), 'at once');
  assert.equal(processOf(pid)!.deferred!.size, 0);
});

test('gen_server.noreply: open callers are told when the server ends', async () => {
  const pid = await deferring.start();
  const asked = call(pid, 'ask', 'a', { timeoutMs: Infinity });
  const failed = assert.rejects(asked, withReason((reason) => reason === 'killed'));
  await settle();
  exit(pid, 'kill');
  await failed;
});

test('gen_server_SUITE:cast: changes the state, in order; an unknown one is ignored', async () => {
  const pid = await counter.start(0);
  for (let by = 1; by <= 100; by += 1) cast(pid, 'add', by);
  cast(pid as never, 'unknown' as never);
  assert.equal(await call(pid, 'get'), 5_050);
});

test('gen_server_SUITE:info: plain messages reach info, and without one are dropped', async () => {
  const pid = await listener.start();
  send(pid, { hello: 'there' });
  send(pid, null);
  assert.deepEqual(await call(pid, 'heard'), [{ hello: 'there' }, null]);
  const deaf = await counter.start(2);
  send(deaf, 'anything');
  assert.equal(await call(deaf, 'get'), 2);
});

test('gen_server_SUITE:crash: in a call fails the caller at once with the reason, and those who wait', async () => {
  const pid = await counter.start(0);
  const crashed = events(processCrashed);
  const asked = call(pid, 'crash');
  const waiting = call(pid, 'get');
  const isAsked = (reason: ExitReason) => (reason as { error: { message: string } }).error.message === 'asked to crash';
  await assert.rejects(asked, withReason(isAsked));
  await assert.rejects(waiting, withReason(isAsked));
  const { message, kind } = await crashed.next();
  assert.deepEqual([message, kind], ['crash', 'gen_server']);
});

test('gen_server_SUITE:crash: in a cast ends the process; the reason is plain data', async () => {
  const pid = await counter.start(0);
  const ended = exited(pid);
  cast(pid, 'crash');
  const reason = await ended as { error: { name: string; message: string; stack: string } };
  assert.deepEqual(structuredClone(reason), reason);
  assert.equal(reason.error.message, 'told to crash');
  assert.match(reason.error.stack, /servers\.ts/);
});

test('gen_server.async: while a handler is pending no other message is taken', async () => {
  const first = gate();
  const log: string[] = [];
  const server = genServer({
    init: () => 0,
    calls: {
      slow: async () => {
        log.push('slow begins');
        await first.promise;
        log.push('slow ends');
        return reply('slow');
      },
      fast: () => {
        log.push('fast');
        return reply('fast');
      },
    },
    casts: { note: () => void log.push('note') },
    info: () => void log.push('info'),
  });
  const pid = await server.start();
  const slow = call(pid, 'slow');
  cast(pid, 'note');
  send(pid, 'x');
  const fast = call(pid, 'fast');
  await settle();
  assert.deepEqual(log, ['slow begins']);
  first.open();
  assert.deepEqual(await Promise.all([slow, fast]), ['slow', 'fast']);
  assert.deepEqual(log, ['slow begins', 'slow ends', 'note', 'info', 'fast']);
});

test('gen_server.async: a rejection is a crash, its caller is told', async () => {
  const server = genServer({ init: () => 0, calls: { fail: async (): Promise<never> => { throw new Error('rejected'); } } });
  await assert.rejects(call(await server.start(), 'fail'), withReason((reason) => (reason as { error: { message: string } }).error.message === 'rejected'));
});

test('gen_server.async: state returned by async casts and infos is kept', async () => {
  const server = genServer({
    init: () => ({ log: [] as string[] }),
    calls: { get: (state) => reply(state.log) },
    casts: { add: async (state, what: string) => ({ log: [...state.log, what] }) },
    info: async (state, what: string) => ({ log: [...state.log, what] }),
  });
  const pid = await server.start();
  cast(pid, 'add', 'cast');
  send(pid, 'info');
  assert.deepEqual(await call(pid, 'get'), ['cast', 'info']);
});

test('gen_server.async: a handler that returns something else than an outcome is a crash', async () => {
  const server = genServer({ init: () => 0, calls: { wrong: () => 42 as never } });
  await assert.rejects(call(await server.start(), 'wrong'), withReason((reason) => (reason as { error: { name: string } }).error.name === 'TypeError'));
});

const terminating = (log: unknown[], hold?: Promise<void>) => genServer({
  init: (_nothing: void, self: Self) => {
    self.trapExit(true);
    return { count: 1 };
  },
  calls: {
    end: (_state, reason: ExitReason) => stop(reason, { answer: 'bye', state: { count: 2 } }),
    end_silently: () => stop('shutdown'),
    end_silently_later: async () => stop('shutdown'),
  },
  casts: { end: () => stop('normal') },
  terminate: (state, reason) => {
    log.push([state.count, reason]);
    return hold;
  },
});

test('gen_server_SUITE:stop1: stop answers, runs terminate with the last state, and ends with the reason', async () => {
  const log: unknown[] = [];
  const pid = await terminating(log).start();
  const ended = exited(pid);
  assert.equal(await call(pid, 'end', { shutdown: 'done' }), 'bye');
  assert.deepEqual(await ended, { shutdown: 'done' });
  assert.deepEqual(log, [[2, { shutdown: 'done' }]]);
});

test('gen_server_SUITE:stop2: the caller of a call that stops without an answer is told of the end', async () => {
  for (const name of ['end_silently', 'end_silently_later'] as const) {
    const log: unknown[] = [];
    const hold = gate();
    const asked = call(await terminating(log, hold.promise).start(), name as 'end_silently', undefined as never, { timeoutMs: Infinity });
    const failed = assert.rejects(asked, withReason((reason) => reason === 'shutdown'));
    await settle();
    assert.deepEqual(log, [[1, 'shutdown']]);
    hold.open();
    await failed;
  }
});

test('gen_server.terminate: an async one is awaited; killed in it, the process is dead at once', async () => {
  const hold = gate();
  const pid = await terminating([], hold.promise).start();
  const ended = exited(pid);
  cast(pid, 'end');
  await settle();
  assert.notEqual(processOf(pid), undefined);
  exit(pid, 'kill');
  assert.equal(await ended, 'killed');
  hold.open();
  await settle();
});

test('gen_server_SUITE:undef_in_terminate: one that throws is the exit reason', async () => {
  const server = genServer({ init: () => 0, casts: { end: () => stop('normal') }, terminate: () => { throw new Error('in terminate'); } });
  const pid = await server.start();
  const ended = exited(pid);
  cast(pid, 'end');
  assert.equal((await ended as { error: { message: string } }).error.message, 'in terminate');
});

test('gen_server.parent_exit: one that traps exits ends with its parent, through terminate', async () => {
  const log: unknown[] = [];
  const child = terminating(log);
  const parent = genServer({ init: async (_nothing: void, self: Self) => ({ child: await self.start(child, undefined) }), calls: { child: (state) => reply(state.child) } });
  const parentPid = await parent.start();
  const childPid = await call(parentPid, 'child');
  const ended = exited(childPid);
  exit(parentPid, { shutdown: 'top down' });
  assert.deepEqual(await ended, { shutdown: 'top down' });
  assert.deepEqual(log, [[1, { shutdown: 'top down' }]]);
});

test('gen_server.parent_exit: a message that only looks like an exit, without a pid, is an info', async () => {
  const pid = await listener.start({ trapExit: true });
  send(pid, { type: 'EXIT' });
  assert.deepEqual(await call(pid, 'heard'), [{ type: 'EXIT' }]);
});

test('gen_server.start_linked: a process started by another ends with it', async () => {
  const parent = await listener.start();
  const child = await call(parent, 'start_linked');
  const ended = exited(child);
  exit(parent, { reason: 'over' });
  assert.deepEqual(await ended, { reason: 'over' });
});
