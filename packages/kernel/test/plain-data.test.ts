import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, enableChecks, genServer, named, reply, send, supervisor, type ChildSpec, type ExitReason, type KernelError, type Self } from '../src/index.ts';
import { exited, resetKernel } from '../src/testing/index.ts';
import { counter, deferring, listener } from './servers.ts';

afterEach(resetKernel);

const refused = (path: RegExp) => (error: KernelError) => error.code === 'bad-message' && path.test(error.message);
const crashedWith = (path: RegExp) => (error: KernelError) => path.test(JSON.stringify(error.reason));

test('plain-data.refused: what is not plain is refused with its path', async () => {
  enableChecks(true);
  const pid = await listener.start();
  class Money {
    readonly cents = 1;
  }
  assert.throws(() => send(pid, { a: [1, { b: () => {} }] }), refused(/^message\.a\.1\.b is a function/));
  assert.throws(() => send(pid, new Map([['k', Symbol('s')]])), refused(/message\.get\(k\) is a symbol/));
  assert.throws(() => send(pid, { cost: new Money() }), refused(/message\.cost is an instance of Money/));
  assert.throws(() => cast('nobody', 'x', new Set([() => {}])), refused(/message entry/));
  assert.throws(() => call(pid, 'link', (() => {}) as never), refused(/message is a function/));
});

test('plain-data.accepted: plain objects, arrays, Map, Set, Date, typed arrays, errors, pids and cycles', async () => {
  enableChecks(true);
  const pid = await listener.start();
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const message = { list: [1, 'a', null, undefined, 1n], map: new Map([[1, { a: 1 }]]), set: new Set([1]), date: new Date(0), bytes: new Uint8Array(2), error: new Error('x'), pid, cyclic, bare: Object.create(null) as object };
  send(pid, message);
  assert.deepEqual(await call(pid, 'heard'), [message]);
});

test('plain-data.frozen: objects and arrays of messages and states are frozen, whoever holds them', async () => {
  enableChecks(true);
  const pid = await listener.start();
  const message = { list: [1], map: new Map([['k', { deep: 1 }]]) };
  send(pid, message);
  assert.throws(() => message.list.push(2), TypeError);
  assert.throws(() => { message.map.get('k')!.deep = 2; }, TypeError);
  const changing = genServer({ init: () => ({ count: 0 }), casts: { add: (state) => { state.count += 1; } } });
  const changingPid = await changing.start();
  const ended = exited(changingPid);
  cast(changingPid, 'add');
  assert.match(((await ended) as { error: { message: string } }).error.message, /read only/);
});

test('plain-data.state: a state or an answer that is not plain ends its process; in an init it fails the start', async () => {
  enableChecks(true);
  const wrongInit = genServer({ init: () => ({ run: () => {} }) });
  await assert.rejects(wrongInit.start(), crashedWith(/state\.run is a function/));
  const wrongInitLater = genServer({ init: async () => ({ run: () => {} }) });
  await assert.rejects(wrongInitLater.start(), crashedWith(/state\.run is a function/));
  const wrong = genServer({
    init: () => ({}),
    calls: { answer: () => reply(() => {}), state: () => reply(1, { run: () => {} }), later: (_state, _nothing: void, self: Self) => reply(self.answer(self.caller, () => {})) },
  });
  await assert.rejects(call(await wrong.start(), 'answer'), crashedWith(/message is a function/));
  await assert.rejects(call(await wrong.start(), 'state'), crashedWith(/state\.run is a function/));
  await assert.rejects(call(await wrong.start(), 'later'), crashedWith(/message is a function/));
});

test('plain-data.behaviour: a child spec in a message names code, which is no data', async () => {
  enableChecks(true);
  const top = await supervisor({ children: [] }).start(undefined);
  await call(top, 'startChild', { id: 'late', start: [counter, 3], name: 'late' } satisfies ChildSpec);
  assert.equal(await call(named<typeof counter>('late'), 'get'), 3);
});

test('plain-data.in-place: platform code that says so may change its state in place', async () => {
  enableChecks(true);
  const changing = genServer({ changesStateInPlace: true, init: () => ({ count: 0 }), casts: { add: (state) => { state.count += 1; } }, calls: { get: ({ count }) => reply(count) } });
  const pid = await changing.start();
  cast(pid, 'add');
  assert.equal(await call(pid, 'get'), 1);
});

test('plain-data.off: without the checks nothing is walked or frozen', async () => {
  const pid = await counter.start(0);
  const deferred = await deferring.start();
  const message = { list: [1] };
  send(deferred, message);
  message.list.push(2);
  const reason: ExitReason = { shutdown: 'x' };
  cast(pid, 'end', reason);
  assert.equal(Object.isFrozen(message), false);
});
