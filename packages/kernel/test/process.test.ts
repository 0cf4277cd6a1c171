import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, formatPid, genServer, identity, monitorWith, named, parsePid, PidClass, processOf, processTable, registeredNames, reply, send, setProcessLimit, useDistribution, type Distribution, type Down, type Pid } from '../src/index.ts';
import { linksOf } from '../src/process/link.ts';
import { exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, listener } from './servers.ts';

afterEach(resetKernel);

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

test('process.start: a process has a pid of its own and is in the table until it ends', async () => {
  const a = await counter.start(1);
  const b = await counter.start(2);
  assert.notEqual(a.serial, b.serial);
  assert.equal(processTable.size, 2);
  exit(a, 'kill');
  assert.equal(processTable.has(a.serial), false);
  assert.equal(processOf(a), undefined);
});

test('process.start: the limit of processes refuses the next one', async () => {
  setProcessLimit(processTable.size + 1);
  await counter.start(0);
  await assert.rejects(counter.start(0), code('process-limit'));
});

test('process.pid: printed, parsed and copied, it still leads to its process', async () => {
  const pid = await counter.start(7);
  const parsed = parsePid(formatPid(pid))!;
  assert.equal(await call(parsed as typeof pid, 'get'), 7);
  const copied = structuredClone({ ...pid }) as typeof pid;
  assert.equal(await call(copied, 'get'), 7);
  exit(pid, 'kill');
  await assert.rejects(call(parsed as typeof pid, 'get'), code('noproc'));
  const earlier: typeof pid = new PidClass(identity.node, identity.shard, identity.creation + 1, pid.serial);
  await assert.rejects(call(earlier, 'get'), code('noconnection'));
  assert.equal(parsePid('<a.b>'), undefined);
});

test('process.name: a name leads to its process, is unique, and is free when the process ends', async () => {
  const pid = await counter.start(1, { name: 'visits' });
  assert.equal(await call(named<typeof counter>('visits'), 'get'), 1);
  assert.equal(await call('visits', 'get'), 1);
  await assert.rejects(counter.start(2, { name: 'visits' }), code('name-taken'));
  assert.equal(processTable.size, 1);
  exit(pid, 'kill');
  assert.deepEqual(registeredNames(), []);
  await assert.rejects(call(named<typeof counter>('visits'), 'get'), code('noproc'));
  await counter.start(3, { name: 'visits' });
});

test('process.name: a second name is refused, so that none stays taken by a dead process', async () => {
  const pid = await listener.start(undefined, { name: 'first' });
  await assert.rejects(call(pid, 'register', 'second'), code('exited'));
  assert.deepEqual(registeredNames(), []);
});

test('link.exit: an abnormal exit ends the linked process, with the same reason', async () => {
  const a = await listener.start();
  const b = await listener.start();
  await call(a, 'link', b);
  const ended = exited(b);
  exit(a, { reason: 'bad luck' });
  assert.deepEqual(await ended, { reason: 'bad luck' });
});

test('link.exit: a normal end leaves the linked process alone, the link is gone', async () => {
  const a = await listener.start();
  const b = await counter.start(0);
  await call(a, 'link', b);
  assert.equal(await call(b, 'end', 'normal'), 'ending');
  assert.deepEqual(await call(a, 'heard'), []);
  assert.deepEqual(linksOf(processOf(a)!), []);
});

test('link.exit: an unlinked process lives on', async () => {
  const a = await listener.start();
  const b = await listener.start();
  await call(a, 'link', b);
  await call(b, 'unlink', a);
  exit(a, 'kill');
  assert.deepEqual(await call(b, 'heard'), []);
});

test('link.dead: linking to a dead process counts as its exit, noproc', async () => {
  const dead = await counter.start(0);
  exit(dead, 'kill');
  const plain = await listener.start();
  const ended = exited(plain);
  await assert.rejects(call(plain, 'link', dead), code('exited'));
  assert.equal(await ended, 'noproc');
  const trapping = await listener.start({ trapExit: true });
  await call(trapping, 'link', dead);
  assert.deepEqual(await call(trapping, 'heard'), [{ type: 'EXIT', pid: dead, reason: 'noproc' }]);
});

test('exit.trap: a process that traps exits gets them as messages, normal ones too', async () => {
  const trapping = await listener.start({ trapExit: true });
  const crashing = await counter.start(0);
  const ending = await counter.start(0);
  await call(trapping, 'link', crashing);
  await call(trapping, 'link', ending);
  exit(crashing, { reason: 'x' });
  await call(ending, 'end', 'normal');
  assert.deepEqual(await call(trapping, 'heard'), [
    { type: 'EXIT', pid: crashing, reason: { reason: 'x' } },
    { type: 'EXIT', pid: ending, reason: 'normal' },
  ]);
});

test('exit.kill: kill cannot be trapped and reaches others as killed', async () => {
  const target = await listener.start({ trapExit: true });
  const linked = await listener.start({ trapExit: true });
  await call(linked, 'link', target);
  const ended = exited(target);
  exit(target, 'kill');
  assert.equal(await ended, 'killed');
  assert.deepEqual(await call(linked, 'heard'), [{ type: 'EXIT', pid: target, reason: 'killed' }]);
});

test('exit.kill: the reason kill of a partner that ended so by itself is trapped', async () => {
  const trapping = await listener.start({ trapExit: true });
  const ending = await counter.start(0);
  await call(trapping, 'link', ending);
  await call(ending, 'end', 'kill');
  assert.deepEqual(await call(trapping, 'heard'), [{ type: 'EXIT', pid: ending, reason: 'kill' }]);
});

test('exit.signal: normal from another process is ignored, any other reason ends it', async () => {
  const sender = await listener.start();
  const target = await counter.start(5);
  await call(sender, 'exit', { to: target, reason: 'normal' });
  assert.equal(await call(target, 'get'), 5);
  const ended = exited(target);
  await call(sender, 'exit', { to: target, reason: { shutdown: 'enough' } });
  assert.deepEqual(await ended, { shutdown: 'enough' });
});

test('monitor.down: a monitor fires once, with the reason, and not after demonitor', async () => {
  const watcher = await listener.start();
  const target = await counter.start(0);
  const ref = await call(watcher, 'monitor', target);
  const taken = await call(watcher, 'monitor', target);
  await call(watcher, 'demonitor', taken);
  exit(target, { reason: 'gone' });
  assert.deepEqual(await call(watcher, 'heard'), [{ type: 'DOWN', ref, pid: target, reason: { reason: 'gone' } }]);
  assert.equal(processOf(watcher)!.monitoring!.size, 0);
});

test('monitor.down: of a dead process comes at once, noproc; of an unreachable one noconnection', async () => {
  const watcher = await listener.start();
  const target = await counter.start(0);
  exit(target, 'kill');
  const ref = await call(watcher, 'monitor', target);
  const elsewhere = new PidClass('other@host', 3, 1, 1);
  const refElsewhere = await call(watcher, 'monitor', elsewhere);
  assert.deepEqual(await call(watcher, 'heard'), [
    { type: 'DOWN', ref, pid: target, reason: 'noproc' },
    { type: 'DOWN', ref: refElsewhere, pid: elsewhere, reason: 'noconnection' },
  ]);
});

test('monitor.down: those of a dead watcher leave nothing at the target', async () => {
  const watcher = await listener.start();
  const target = await counter.start(0);
  await call(watcher, 'monitor', target);
  exit(watcher, 'kill');
  assert.equal(processOf(target)!.monitors, undefined);
});

test('monitor.down: taken back twice, it does not tear the list of the others', async () => {
  const target = await counter.start(0);
  const fired: string[] = [];
  const undo = ['a', 'b', 'c'].map((name) => monitorWith(target, () => fired.push(name)));
  undo[1]!();
  undo[0]!();
  undo[1]!();
  undo[2]!();
  exit(target, 'kill');
  assert.deepEqual(fired, []);
});

test('monitor.down: one that takes another back while they fire is heeded; one that throws hides none', async () => {
  const target = await counter.start(0);
  const fired: string[] = [];
  let undoOldest = (): void => {};
  undoOldest = monitorWith(target, () => fired.push('oldest'));
  monitorWith(target, () => fired.push('middle'));
  monitorWith(target, () => {
    fired.push('newest');
    undoOldest();
    throw new Error('a watcher that fails');
  });
  exit(target, 'kill');
  assert.deepEqual(fired, ['newest', 'middle']);
});

test('monitor.remote: demonitor and the watcher\'s death reach the distribution, late news nobody', async () => {
  const log: unknown[] = [];
  const notifiers = new Map<number, (down: Down) => void>();
  const undo = useDistribution({
    monitor: (target: Pid, ref: number, notify: (down: Down) => void) => {
      log.push(['monitor', target.serial]);
      notifiers.set(ref, notify);
    },
    demonitor: (target: Pid) => log.push(['demonitor', target.serial]),
  } as unknown as Distribution);
  try {
    const watcher = await listener.start();
    const remote = (serial: number) => new PidClass('other@host', 1, 1, serial);
    const first = await call(watcher, 'monitor', remote(1));
    await call(watcher, 'demonitor', first);
    notifiers.get(first)!({ type: 'DOWN', ref: first, pid: remote(1), reason: 'noconnection' });
    const second = await call(watcher, 'monitor', remote(2));
    const down: Down = { type: 'DOWN', ref: second, pid: remote(2), reason: 'killed' };
    notifiers.get(second)!(down);
    notifiers.get(second)!(down);
    assert.deepEqual(await call(watcher, 'heard'), [down]);
    await call(watcher, 'monitor', remote(3));
    exit(watcher, 'kill');
    assert.deepEqual(log, [['monitor', 1], ['demonitor', 1], ['monitor', 2], ['monitor', 3], ['demonitor', 3]]);
  } finally {
    undo();
  }
});

test('mailbox.order: messages of one sender arrive in their order', async () => {
  const pid = await listener.start();
  for (let number = 0; number < 1_000; number += 1) send(pid, number);
  assert.deepEqual(await call(pid, 'heard'), Array.from({ length: 1_000 }, (_, at) => at));
});

test('mailbox.dead: what is sent to a dead process is dropped, a call fails', async () => {
  const pid = await counter.start(0);
  exit(pid, 'kill');
  cast(pid, 'add', 1);
  send(pid, 'hello');
  exit(pid, 'kill');
  await assert.rejects(call(pid, 'get'), code('noproc'));
});

test('process.parent: a dead process keeps neither its state nor its parent in memory', async () => {
  const parent = await listener.start();
  const child = await call(parent, 'start_linked');
  const process = processOf(child)!;
  assert.equal(process.parent, processOf(parent));
  exit(child, 'kill');
  assert.deepEqual([process.parent, process.state, process.links, process.monitors, process.head], [undefined, undefined, undefined, undefined, undefined]);
});

test('process.parent: a process that died in the middle of its handler starts nothing more', async () => {
  const proceed = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const starter = genServer({
    init: () => 0,
    calls: {
      go: async (_state, _nothing: void, self) => {
        await proceed.promise;
        await self.start(counter, 0).catch((error: unknown) => errors.push(error));
        return reply(true);
      },
    },
  });
  const pid = await starter.start();
  const asked = call(pid, 'go');
  asked.catch(() => {});
  await settle();
  exit(pid, 'kill');
  proceed.resolve();
  await settle();
  assert.equal(code('process-dead')(errors[0]), true);
  assert.equal(processTable.size, 0);
});
