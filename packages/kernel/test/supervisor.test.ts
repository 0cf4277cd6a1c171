import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, genServer, ignore, monitorWith, named, processOf, processTable, samePid, send, supervisor, useClock, type ChildSpec, type ExitReason, type Intensity, type KernelError, type Restart, type Self, type Shutdown, type Strategy } from '../src/index.ts';
import { createVirtualClock, exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, gate } from './servers.ts';

afterEach(resetKernel);

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

/** Logs its start and, where it traps exits, its end. */
const logged = genServer({
  init: ({ log, id, trapExit = true }: { log: string[]; id: string; trapExit?: boolean }, self: Self) => {
    self.trapExit(trapExit);
    log.push(`+${id}`);
    return { log, id };
  },
  terminate: (state) => void state.log.push(`-${state.id}`),
});

type CounterPid = Awaited<ReturnType<typeof counter.start>>;

async function startTree(strategy: Strategy, ids: readonly string[], more: { intensity?: Intensity; restart?: Restart | Record<string, Restart>; shutdown?: Shutdown } = {}) {
  const log: string[] = [];
  const { intensity = { restarts: 5, periodMs: 5_000 }, restart = 'permanent', shutdown } = more;
  const children = ids.map((id): ChildSpec => ({
    id, name: id, start: [logged, { log, id }], restart: typeof restart === 'string' ? restart : restart[id] ?? 'permanent', ...(shutdown !== undefined && { shutdown }),
  }));
  const pid = await supervisor({ strategy, intensity, children }).start();
  return { log, pid, children };
}

test('supervisor_SUITE:order_of_children: started in order, stopped in reverse order', async () => {
  const { log, pid } = await startTree('one_for_one', ['a', 'b', 'c']);
  const ended = exited(pid);
  exit(pid, 'shutdown');
  assert.equal(await ended, 'shutdown');
  assert.deepEqual(log, ['+a', '+b', '+c', '-c', '-b', '-a']);
});

test('supervisor_SUITE:one_for_one: only the one that ended is started again', async () => {
  const { log, pid } = await startTree('one_for_one', ['a', 'b', 'c']);
  exit('b', 'kill');
  await settle();
  assert.deepEqual(log.slice(3), ['+b']);
  assert.equal((await call(pid, 'countChildren')).active, 3);
});

test('supervisor_SUITE:one_for_all: the others stop in reverse order, all start in order', async () => {
  const { log } = await startTree('one_for_all', ['a', 'b', 'c']);
  exit('b', 'kill');
  await settle();
  assert.deepEqual(log.slice(3), ['-c', '-a', '+a', '+b', '+c']);
});

test('supervisor_SUITE:rest_for_one: those started after it stop and start with it', async () => {
  const { log } = await startTree('rest_for_one', ['a', 'b', 'c', 'd']);
  exit('b', 'kill');
  await settle();
  assert.deepEqual(log.slice(4), ['-d', '-c', '+b', '+c', '+d']);
});

test('supervisor_SUITE:temporary_bystander: a temporary sibling ends with one_for_all and is forgotten', async () => {
  const { log, pid } = await startTree('one_for_all', ['a', 'b'], { restart: { a: 'temporary' } });
  exit('b', 'kill');
  await settle();
  assert.deepEqual(log.slice(2), ['-a', '+b']);
  assert.deepEqual((await call(pid, 'whichChildren')).map(({ id }) => id), ['b']);
});

for (const [suffix, reason] of [['normal', 'normal'], ['shutdown', 'shutdown'], ['shutdown', { shutdown: 'x' }], ['abnormal', { reason: 'x' }], ['abnormal', 'killed']] as const) {
  for (const restart of ['permanent', 'transient', 'temporary'] as const) {
    const comesBack = restart === 'permanent' || (restart === 'transient' && suffix === 'abnormal');
    test(`supervisor_SUITE:${restart}_${suffix}: ended with ${JSON.stringify(reason)}, it ${comesBack ? 'is started again' : 'stays ended'}`, async () => {
      const pid = await supervisor({ children: [{ id: 'c', name: 'c', start: [counter, 0], restart }] }).start();
      const before = (await call(pid, 'whichChildren'))[0]!.pid!;
      cast('c', 'end', reason);
      await settle();
      const after = await call(pid, 'whichChildren');
      assert.equal(processOf(before), undefined);
      assert.equal(after[0]?.pid !== undefined, comesBack);
      assert.equal(after.length, restart === 'temporary' ? 0 : 1);
    });
  }
}

test('supervisor.intensity: one restart more than allowed within the period ends the supervisor', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const { pid } = await startTree('one_for_one', ['a', 'b'], { intensity: { restarts: 2, periodMs: 1_000 } });
  const ended = exited(pid);
  for (const pauseMs of [600, 600, 600, 600]) {
    exit('a', 'kill');
    await clock.advance(pauseMs);
  }
  assert.notEqual(processOf(pid), undefined);
  exit('a', 'kill');
  exit('b', 'kill');
  await settle();
  assert.equal(await ended, 'shutdown');
  assert.equal(processTable.size, 0);
});

test('supervisor_SUITE:one_for_one_escalation: the supervisor above restarts the one that gave up', async () => {
  const lower = supervisor({ intensity: { restarts: 0, periodMs: 1_000 }, children: [{ id: 'worker', name: 'worker', start: [counter, 0] }, { id: 'sibling', start: [counter, 0] }] });
  const top = await supervisor({ children: [{ id: 'lower', start: [lower] }] }).start();
  const before = (await call(top, 'whichChildren'))[0]!;
  exit('worker', 'kill');
  await settle();
  const after = (await call(top, 'whichChildren'))[0]!;
  assert.equal(before.type, 'supervisor');
  assert.equal(samePid(before.pid!, after.pid!), false);
  assert.equal(await call(named<typeof counter>('worker'), 'get'), 0);
  assert.equal(processTable.size, 4);
});

test('supervisor_SUITE:sup_stop_brutal_kill: the child is killed, its terminate does not run', async () => {
  const { log, pid } = await startTree('one_for_one', ['a'], { shutdown: 'brutal_kill' });
  const reason = exited((await call(pid, 'whichChildren'))[0]!.pid!);
  exit(pid, 'shutdown');
  assert.equal(await reason, 'killed');
  assert.deepEqual(log, ['+a']);
});

/** Its terminate waits for the gate. */
const stubborn = (hold: Promise<void>) => genServer({
  init: (_nothing: void, self: Self) => self.trapExit(true),
  terminate: () => hold,
});

test('supervisor_SUITE:sup_stop_timeout: a child that takes longer than its shutdown is killed', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const hold = gate();
  const pid = await supervisor({ children: [{ id: 'c', start: [stubborn(hold.promise)], shutdown: 1_000 }] }).start();
  const child = exited((await call(pid, 'whichChildren'))[0]!.pid!);
  exit(pid, 'shutdown');
  await clock.advance(999);
  assert.notEqual(processOf(pid), undefined);
  await clock.advance(1);
  assert.equal(await child, 'killed');
  assert.equal(processOf(pid), undefined);
  hold.open();
});

test('supervisor_SUITE:sup_stop_infinity: a child is given all the time it takes', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const hold = gate();
  const pid = await supervisor({ children: [{ id: 'c', start: [stubborn(hold.promise)], shutdown: 'infinity' }] }).start();
  const child = exited((await call(pid, 'whichChildren'))[0]!.pid!);
  exit(pid, 'shutdown');
  await clock.advance(86_400_000);
  assert.notEqual(processOf(pid), undefined);
  hold.open();
  assert.equal(await child, 'shutdown');
  await settle();
  assert.equal(processOf(pid), undefined);
});

test('supervisor_SUITE:sup_start_fail: a child that fails its init fails the start; those before it are stopped', async () => {
  const log: string[] = [];
  const failing = genServer({ init: () => { throw new Error('no'); } });
  const top = supervisor({ children: [{ id: 'a', start: [logged, { log, id: 'a' }] }, { id: 'b', start: [failing] }, { id: 'c', start: [logged, { log, id: 'c' }] }] });
  await assert.rejects(top.start(), (error: KernelError) => error.code === 'start-failed' && JSON.stringify(error.reason).includes('init failed: Error: no'));
  assert.deepEqual(log, ['+a', '-a']);
  assert.equal(processTable.size, 0);
});

test('supervisor_SUITE:sup_start_ignore_child: a child that says ignore keeps its spec, a temporary one does not', async () => {
  const ignoring = genServer({ init: () => ignore() });
  const pid = await supervisor({ children: [{ id: 'a', start: [ignoring] }, { id: 'b', start: [ignoring], restart: 'temporary' }] }).start();
  assert.deepEqual((await call(pid, 'whichChildren')).map(({ id, pid }) => [id, pid]), [['a', undefined]]);
  assert.equal(await call(pid, 'startChild', { id: 'c', start: [ignoring], restart: 'temporary' }), undefined);
  assert.equal(await call(pid, 'startChild', { id: 'd', start: [ignoring] }), undefined);
  assert.deepEqual((await call(pid, 'whichChildren')).map(({ id }) => id), ['a', 'd']);
});

test('supervisor.async-init: children with async inits start one after the other', async () => {
  const log: string[] = [];
  const holds = [gate(), gate()];
  const slow = genServer({
    init: async (number: number) => {
      log.push(`begin ${number}`);
      await holds[number]!.promise;
      log.push(`end ${number}`);
      return number;
    },
  });
  const starting = supervisor({ children: [{ id: 'a', start: [slow, 0] }, { id: 'b', start: [slow, 1] }] }).start();
  await settle();
  assert.deepEqual(log, ['begin 0']);
  holds[0]!.open();
  await settle();
  assert.deepEqual(log, ['begin 0', 'end 0', 'begin 1']);
  holds[1]!.open();
  const pid = await starting;
  assert.deepEqual(await call(pid, 'countChildren'), { specs: 2, active: 2, supervisors: 0, workers: 2 });
});

test('supervisor_SUITE:child_adm: start, terminate, restart, delete, which, count', async () => {
  const pid = await supervisor({ children: [] }).start();
  const child = (await call(pid, 'startChild', { id: 'a', start: [counter, 1] }))!;
  await assert.rejects(call(pid, 'startChild', { id: 'a', start: [counter, 1] }), code('child-running'));
  await assert.rejects(call(pid, 'restartChild', 'a'), code('child-running'));
  await assert.rejects(call(pid, 'deleteChild', 'a'), code('child-running'));
  await call(pid, 'terminateChild', 'a');
  assert.equal(processOf(child), undefined);
  assert.deepEqual(await call(pid, 'whichChildren'), [{ id: 'a', pid: undefined, type: 'worker', restart: 'permanent', restarting: false }]);
  assert.deepEqual(await call(pid, 'countChildren'), { specs: 1, active: 0, supervisors: 0, workers: 1 });
  const again = (await call(pid, 'restartChild', 'a'))! as CounterPid;
  assert.equal(await call(again, 'get'), 1);
  await call(pid, 'terminateChild', again);
  await call(pid, 'deleteChild', 'a');
  for (const name of ['terminateChild', 'restartChild', 'deleteChild'] as const) await assert.rejects(call(pid, name, 'a'), code('unknown-child'));
  assert.deepEqual(await call(pid, 'whichChildren'), []);
  await assert.rejects(call(pid as never, 'nonsense' as never), code('bad-call'));
});

test('supervisor_SUITE:sup_start_child_returns_error: a child that fails to start leaves no spec', async () => {
  const pid = await supervisor({ children: [] }).start();
  const failing = genServer({ init: () => { throw new Error('no'); } });
  const failingLater = genServer({ init: async () => { throw new Error('no'); } });
  for (const behaviour of [failing, failingLater]) await assert.rejects(call(pid, 'startChild', { id: 'a', start: [behaviour] }), code('start-failed'));
  assert.deepEqual(await call(pid, 'whichChildren'), []);
});

test('supervisor_SUITE:sup_start_restart_child_returns_error: the child stays, not running', async () => {
  let fails = false;
  const moody = genServer({ init: () => { if (fails) throw new Error('no'); return 0; } });
  const pid = await supervisor({ children: [{ id: 'a', start: [moody] }] }).start();
  await call(pid, 'terminateChild', 'a');
  fails = true;
  await assert.rejects(call(pid, 'restartChild', 'a'), code('start-failed'));
  assert.equal((await call(pid, 'whichChildren'))[0]!.pid, undefined);
  fails = false;
  assert.notEqual(await call(pid, 'restartChild', 'a'), undefined);
});

test('supervisor_SUITE:do_not_save_child_specs_for_temporary_children: terminated, it is forgotten', async () => {
  const pid = await supervisor({ children: [{ id: 'a', start: [counter, 0], restart: 'temporary' }] }).start();
  await call(pid, 'terminateChild', 'a');
  await assert.rejects(call(pid, 'restartChild', 'a'), code('unknown-child'));
});

test('supervisor_SUITE:child_specs: what is wrong with a spec is said', async () => {
  const pid = await supervisor({ children: [] }).start();
  const wrong: [unknown, RegExp][] = [
    [undefined, /is an object/], [{ id: '', start: [counter] }, /needs an id/], [{ id: 'a' }, /start is \[behaviour/], [{ id: 'a', start: [{}] }, /start is \[behaviour/],
    [{ id: 'a', start: [counter], restart: 'always' }, /restart is permanent/], [{ id: 'a', start: [counter], shutdown: -1 }, /shutdown is/], [{ id: 'a', start: [counter], shutdown: 'soon' }, /shutdown is/],
  ];
  for (const [spec, message] of wrong) await assert.rejects(call(pid, 'startChild', spec as ChildSpec), (error: KernelError) => error.code === 'bad-child-spec' && message.test(error.message), String(message));
  const twice = { id: 'a', start: [counter, 0] } as const;
  await assert.rejects(supervisor({ children: [twice, twice] }).start(), (error: KernelError) => /two children/.test(JSON.stringify(error.reason)));
});

test('supervisor_SUITE:sup_flags: wrong flags fail the start', async () => {
  const wrong = [{ strategy: 'all_for_one' }, { intensity: { restarts: -1, periodMs: 1 } }, { intensity: { restarts: 1, periodMs: 0 } }, { strategy: 'simple_one_for_one' }];
  for (const flags of wrong) await assert.rejects(supervisor({ children: [], ...flags } as never).start(), (error: KernelError) => JSON.stringify(error.reason).includes('bad-child-spec'));
});

test('supervisor_SUITE:simple_one_for_one: children of one template, each with its argument', async () => {
  const pid = await supervisor({ strategy: 'simple_one_for_one', intensity: { restarts: 3, periodMs: 1_000 }, children: [{ id: 'template', start: [counter, 0] }] }).start();
  const children: CounterPid[] = [];
  for (let argument = 1; argument <= 3; argument += 1) children.push((await call(pid, 'startChild', { argument }))! as CounterPid);
  assert.deepEqual(await Promise.all(children.map((child) => call(child, 'get'))), [1, 2, 3]);
  exit(children[1]!, 'kill');
  await settle();
  const status = await call(pid, 'whichChildren');
  assert.equal(status.length, 3);
  const restarted = status.find((child) => !children.some((one) => samePid(one, child.pid!)))!.pid! as CounterPid;
  assert.equal(await call(restarted, 'get'), 2);
  await call(pid, 'terminateChild', restarted);
  assert.deepEqual(await call(pid, 'countChildren'), { specs: 1, active: 2, supervisors: 0, workers: 2 });
  await assert.rejects(call(pid, 'terminateChild', 'template'), code('unknown-child'));
});

test('supervisor_SUITE:simple_one_for_one_shutdown: children stop at the same time', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const hold = gate();
  const pid = await supervisor({ strategy: 'simple_one_for_one', children: [{ id: 'c', start: [stubborn(hold.promise)], shutdown: 1_000 }] }).start();
  for (let child = 0; child < 10; child += 1) await call(pid, 'startChild', {});
  exit(pid, 'shutdown');
  await clock.advance(1_000);
  assert.equal(processTable.size, 0);
  hold.open();
});

test('supervisor_SUITE:child_unlink: a child that unlinked itself is stopped with the others', async () => {
  const unlinking = genServer({ init: (_nothing: void, self: Self) => { self.unlink(processOf(self.pid)!.parent!.pid); return 0; } });
  const pid = await supervisor({ children: [{ id: 'a', start: [unlinking] }] }).start();
  const child = (await call(pid, 'whichChildren'))[0]!.pid!;
  await call(pid, 'terminateChild', 'a');
  assert.equal(processOf(child), undefined);
});

test('supervisor.stranger: messages and exits of strangers end no supervisor', async () => {
  const pid = await supervisor({ children: [{ id: 'a', start: [counter, 0] }] }).start();
  const stranger = await genServer({ init: (_nothing: void, self: Self) => self.link(pid) }).start();
  exit(stranger, { reason: 'crash' });
  for (const message of [null, undefined, 'text', { type: 'EXIT' }, { type: 'EXIT', pid: stranger }, { type: 'EXIT', pid: { ...stranger }, reason: 'x' }, { type: 'DOWN' }]) send(pid, message);
  await settle();
  assert.equal((await call(pid, 'countChildren')).active, 1);
  let down: ExitReason | undefined;
  monitorWith(pid, ({ reason }) => {
    down = reason;
  });
  exit(pid, 'normal');
  await settle();
  assert.equal(down, undefined);
  exit(pid, { shutdown: 'operator' });
  await settle();
  assert.deepEqual(down, { shutdown: 'operator' });
});
