// What must not compile. `npm run types` is the test; this file only runs what does compile.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, genServer, named, noReply, reply, type CallResult, type Self } from '../src/index.ts';
import { resetKernel } from '../src/testing/index.ts';
import { counter, deferring } from './servers.ts';

afterEach(resetKernel);

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(value: T): T => value;

/** Compiled, never called. */
export async function mustNotCompile(): Promise<void> {
  const pid = await counter.start(0);
  // @ts-expect-error -- there is no such call
  await call(pid, 'ad', 5);
  // @ts-expect-error -- the payload is a number
  await call(pid, 'add', '5');
  // @ts-expect-error -- the payload is missing
  await call(pid, 'add');
  // @ts-expect-error -- get takes no payload
  await call(pid, 'get', 5);
  // @ts-expect-error -- there is no such cast
  cast(pid, 'get');
  // @ts-expect-error -- the payload is a number
  cast(pid, 'add', { by: 1 });
  // @ts-expect-error -- the answer is a number
  const wrong: string = await call(pid, 'add', 5);
  // @ts-expect-error -- the init takes a number
  await counter.start('0');
  // @ts-expect-error -- the init's argument is missing
  await counter.start();
  // @ts-expect-error -- a named process is typed as its behaviour
  await call(named<typeof counter>('visits'), 'ad', 5);
  genServer({
    init: () => ({ count: 0 }),
    // @ts-expect-error -- the next state has another shape
    calls: { add: (state, by: number) => reply(state.count, { total: by }) },
  });
  genServer({
    init: (_nothing: void, self: Self) => ({ self: self.pid }),
    calls: {
      ask: async (_state, _nothing: void, self: Self) => {
        // @ts-expect-error -- typed inside of processes too
        await self.call(pid, 'nothing');
        return noReply();
      },
    },
  });
  void wrong;
}

test('types.call: the answer of a call has the type that its handler replies with', async () => {
  const server = genServer({
    init: () => ({ names: ['a'] }),
    calls: {
      names: (state) => reply(state.names),
      either: (_state, flag: boolean) => (flag ? reply('text') : reply(1)),
      later: async () => reply({ at: new Date(0) }),
    },
  });
  const pid = await server.start();
  const names = await call(pid, 'names');
  holds<Same<typeof names, string[]>>(true);
  const either = await call(pid, 'either', true);
  holds<Same<typeof either, string | number>>(true);
  const later = await call(pid, 'later');
  holds<Same<typeof later, { at: Date }>>(true);
  holds<Same<CallResult<(state: number, by: number) => never>, never>>(true);
  assert.deepEqual([names, either, later], [['a'], 'text', { at: new Date(0) }]);
});

test('types.call: behind a plain name anything may be asked', async () => {
  await counter.start(1, { name: 'visits' });
  cast('visits', 'add', 1);
  assert.equal(await call('visits', 'add', 2), 4);
  assert.equal(await call('visits', 'get'), 4);
});

test('types.call: options follow the payload', async () => {
  const pid = await deferring.start();
  await assert.rejects(call(pid, 'ask', 'x', { timeoutMs: 1 }));
  assert.deepEqual(await call(pid, 'release', 'x', { timeoutMs: 1_000 }), [false]);
});
