import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, genServer, processOf, reply, send, type KernelError, type Self } from '../src/index.ts';
import { mailboxOverflowed } from '../src/process/process.ts';
import { events, exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, gate } from './servers.ts';

afterEach(resetKernel);

/** Busy with its first call until the gate opens, so that its mailbox fills. */
async function startBusy(options: { lengthMax: number; overflow?: 'drop' | 'crash' }) {
  const busy = gate();
  const server = genServer({
    init: (_nothing: void, self: Self) => {
      self.trapExit(true);
      return { count: 0, heard: [] as unknown[] };
    },
    mailbox: options,
    calls: {
      wait: async () => {
        await busy.promise;
        return reply('done');
      },
      get: (state) => reply(state),
      watch: (_state, pid: Parameters<Self['monitor']>[0], self) => {
        self.link(pid);
        self.monitor(pid);
        self.sendAfter(0, 'timer');
        return reply(true);
      },
    },
    casts: { add: (state) => ({ ...state, count: state.count + 1 }) },
    info: (state, message: { type?: string }) => ({ ...state, heard: [...state.heard, message.type ?? message] }),
  });
  const pid = await server.start();
  return { pid, busy, waiting: () => call(pid, 'wait') };
}

test('mailbox.limit: a call to a full mailbox fails at once, overloaded, and nothing is queued', async () => {
  const { pid, busy, waiting } = await startBusy({ lengthMax: 2 });
  const first = waiting();
  await Promise.resolve();
  cast(pid, 'add');
  cast(pid, 'add');
  await assert.rejects(call(pid, 'get'), (error: KernelError) => error.code === 'overloaded' && error.message.includes('mailbox full'));
  busy.open();
  assert.equal(await first, 'done');
  await settle();
  assert.equal((await call(pid, 'get')).count, 2);
});

test('mailbox.limit: casts and plain messages over the limit are dropped and counted', async () => {
  const { pid, busy, waiting } = await startBusy({ lengthMax: 3 });
  const overflows = events(mailboxOverflowed);
  const first = waiting();
  await Promise.resolve();
  for (let sent = 0; sent < 5; sent += 1) cast(pid, 'add');
  send(pid, { type: 'plain' });
  assert.deepEqual(overflows.seen.map(({ dropped }) => dropped), [1, 2, 3]);
  assert.equal(processOf(pid)!.dropped, 3);
  busy.open();
  await first;
  await settle();
  assert.deepEqual(await call(pid, 'get'), { count: 3, heard: [] });
});

test('mailbox.limit: with overflow crash the process ends, its callers are told why', async () => {
  const { pid, waiting } = await startBusy({ lengthMax: 1, overflow: 'crash' });
  const first = waiting();
  const refused = assert.rejects(first, (error: KernelError) => error.code === 'exited' && error.reason === 'overloaded');
  await Promise.resolve();
  const ended = exited(pid);
  cast(pid, 'add');
  cast(pid, 'add');
  assert.equal(await ended, 'overloaded');
  await refused;
});

test('mailbox.limit: messages of the system are exempt', async () => {
  const { pid, busy, waiting } = await startBusy({ lengthMax: 3 });
  const partner = await counter.start(0);
  await call(pid, 'watch', partner);
  const first = waiting();
  await Promise.resolve();
  for (let sent = 0; sent < 5; sent += 1) cast(pid, 'add');
  const timer = processOf(pid)!.ports!;
  exit(partner, { reason: 'x' });
  while (timer.owner !== undefined) await new Promise((resolve) => setImmediate(resolve));
  busy.open();
  await first;
  await settle();
  assert.deepEqual(await call(pid, 'get'), { count: 3, heard: ['EXIT', 'DOWN', 'timer'] });
});

test('mailbox.limit: what the start says goes before what the behaviour says', async () => {
  const server = genServer({ init: () => 0, mailbox: { lengthMax: 10, overflow: 'crash' } });
  const pid = await server.start(undefined, { mailbox: { lengthMax: 5, overflow: 'drop' } });
  assert.equal(processOf(pid)!.mailboxLengthMax, 5);
  assert.equal(processOf(pid)!.crashOnOverflow, false);
  assert.equal(processOf(await server.start())!.mailboxLengthMax, 10);
});
