// A process that is killed while its handler awaits is dead at once, and what the handler still
// runs can do nothing any more.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, genServer, monitorWith, Port, openPort, portTable, processOf, processTable, reply, spawnTask, slotKey, type Context, type Down, type KernelError, type Self } from '../src/index.ts';
import { events, resetKernel, settle } from '../src/testing/index.ts';
import { portCloseFailed } from '../src/process/port.ts';
import { counter, gate, listener } from './servers.ts';

afterEach(resetKernel);

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

/** One whose handler hands out its context and then waits. */
async function startPending() {
  const hold = gate();
  let self!: Self;
  const server = genServer({
    init: () => ({ writes: 0 }),
    calls: {
      pend: async (state, _nothing: void, context) => {
        self = context;
        void context.signal;
        await hold.promise;
        return reply('survived', { writes: state.writes + 1 });
      },
    },
  });
  const pid = await server.start(undefined, { name: 'pending' });
  const asked = call(pid, 'pend', undefined, { timeoutMs: Infinity });
  asked.catch(() => {});
  await settle();
  return { pid, asked, hold, self, signal: self.signal };
}

test('death.immediate: at the kill monitors have fired, links are told, the signal aborted, the name is free', async () => {
  const { pid, asked, hold, signal } = await startPending();
  const downs: Down[] = [];
  monitorWith(pid, (down) => downs.push(down));
  const linked = await listener.start();
  await call(linked, 'link', pid);
  exit(pid, 'kill');
  assert.deepEqual(downs.map(({ reason }) => reason), ['killed']);
  assert.equal(signal.aborted, true);
  assert.equal(code('process-dead')(signal.reason), true);
  assert.equal(processOf(linked), undefined);
  assert.equal(processTable.size, 0);
  await counter.start(0, { name: 'pending' });
  await assert.rejects(asked, (error: KernelError) => error.code === 'exited' && error.reason === 'killed');
  hold.open();
  await settle();
  assert.equal(downs.length, 1);
});

test('death.no-operation: each operation of its context throws process-dead', async () => {
  const { pid, self, hold } = await startPending();
  const target = await counter.start(5);
  exit(pid, 'kill');
  const operations: Record<string, () => unknown> = {
    cast: () => self.cast(target, 'add', 1),
    send: () => self.send(target, 'x'),
    call: () => self.call(target, 'get'),
    link: () => self.link(target),
    unlink: () => self.unlink(target),
    monitor: () => self.monitor(target),
    demonitor: () => self.demonitor(1),
    exit: () => self.exit(target, 'kill'),
    trapExit: () => self.trapExit(true),
    register: () => self.register('ghost'),
    unregister: () => self.unregister(),
    sendAfter: () => self.sendAfter(1, 'x'),
    cancelTimer: () => self.cancelTimer(1),
    closePort: () => self.closePort(1),
    givePort: () => self.givePort(1, target),
    answer: () => self.answer(1, 'x'),
    caller: () => self.caller,
  };
  for (const [name, operate] of Object.entries(operations)) assert.throws(operate, code('process-dead'), name);
  await assert.rejects(self.start(counter, 0), code('process-dead'));
  const covered = new Set([...Object.keys(operations), 'start', 'constructor', 'pid', 'alive', 'signal']);
  const all = Object.getOwnPropertyNames(Object.getPrototypeOf(self)).filter((name) => !covered.has(name));
  assert.deepEqual(all, [], 'operations of the context that this test does not know');
  assert.equal(self.alive, false);
  assert.equal(await call(target, 'get'), 5);
  hold.open();
});

test('death.no-operation: an answer that arrives later rejects with process-dead', async () => {
  const held = gate();
  const slow = await genServer({ init: () => 0, calls: { ask: async () => { await held.promise; return reply('late'); } } }).start();
  let outcome: unknown;
  const asking = genServer({
    init: () => 0,
    calls: {
      go: async (_state, _nothing: void, self) => {
        outcome = await self.call(slow, 'ask').catch((error: unknown) => error);
        return reply(true);
      },
    },
  });
  const pid = await asking.start();
  call(pid, 'go').catch(() => {});
  await settle();
  exit(pid, 'kill');
  held.open();
  await settle();
  assert.equal(code('process-dead')(outcome), true);
});

test('death.no-revival: a handler that ends its own process before its first await stays dead', async () => {
  const downs: Down[] = [];
  const server = genServer({
    init: () => ({ count: 0 }),
    casts: {
      end: async (_state, _nothing: void, self: Self) => {
        self.exit(self.pid, 'kill');
        return { count: 1 };
      },
      end_and_fail: async (_state, _nothing: void, self: Self) => {
        self.exit(self.pid, 'kill');
        throw new Error('after its end');
      },
    },
  });
  for (const name of ['end', 'end_and_fail'] as const) {
    const pid = await server.start();
    const process = processOf(pid)!;
    monitorWith(pid, (down) => downs.push(down));
    cast(pid, name);
    await settle();
    assert.equal(process.exitReason, 'killed');
    assert.equal(process.state, undefined);
    exit(pid, 'kill');
  }
  assert.deepEqual(downs.map(({ reason }) => reason), ['killed', 'killed']);
  assert.equal(processTable.size, 0);
});

test('death.task: a task ends normally when its body does, and as a crash when that throws', async () => {
  const slot = counter[slotKey];
  const reasons: unknown[] = [];
  const hold = gate();
  const bodies: ((context: Context) => void | Promise<void>)[] = [() => {}, async () => await hold.promise, () => { throw new Error('task'); }];
  for (const body of bodies) monitorWith(spawnTask(slot, body).pid, ({ reason }) => reasons.push(typeof reason === 'object' && 'error' in reason ? reason.error.message : reason));
  await settle();
  assert.deepEqual(reasons, ['normal', 'task']);
  hold.open();
  await settle();
  assert.deepEqual(reasons, ['normal', 'task', 'normal']);
});

class LoggedPort extends Port {
  readonly #log: unknown[];
  readonly #failure: Error | undefined;
  constructor(log: unknown[], failure?: Error) {
    super();
    this.#log = log;
    this.#failure = failure;
  }
  close(reason: unknown): void {
    this.#log.push(reason);
    if (this.#failure !== undefined) throw this.#failure;
  }
}

test('port.close: all ports of a process are closed at its exit with the reason, one that fails stops no other', async () => {
  const pid = await listener.start();
  const owner = processOf(pid)!;
  const log: unknown[] = [];
  const failed = events(portCloseFailed);
  const before = portTable.size;
  openPort(new LoggedPort(log), owner);
  openPort(new LoggedPort(log, new Error('cannot close')), owner);
  openPort(new LoggedPort(log), owner);
  const linked = await listener.start();
  await call(linked, 'link', pid);
  exit(pid, { reason: 'over' });
  assert.deepEqual(log, [{ reason: 'over' }, { reason: 'over' }, { reason: 'over' }]);
  assert.equal(portTable.size, before);
  assert.equal((await failed.next()).error instanceof Error, true);
  assert.equal(processOf(linked), undefined);
});

test('port.close: one opened for a process that died meanwhile is closed at once', async () => {
  const pid = await listener.start();
  const owner = processOf(pid)!;
  exit(pid, 'kill');
  const log: unknown[] = [];
  const port = new LoggedPort(log);
  openPort(port, owner);
  assert.deepEqual(log, ['killed']);
  assert.equal(portTable.has(port.id), false);
});

test('port.give: a port given away stays open when its former owner ends', async () => {
  const from = await listener.start();
  const to = await listener.start();
  const timer = await call(from, 'later', { delayMs: 1, message: 'tick' });
  assert.equal(await call(from, 'give', { timer, to }), true);
  exit(from, 'kill');
  while (portTable.has(timer)) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await call(to, 'heard'), ['tick']);
});
