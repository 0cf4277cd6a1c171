// Faults at the wrong moment: while a supervisor starts, restarts or stops its children.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, exit, genServer, processOf, processTable, supervisor, useClock, type KernelError, type Pid, type Self, type SupervisorProtocol } from '../src/index.ts';
import { childStartFailed } from '../src/supervision/child-process.ts';
import { createVirtualClock, events, exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, gate, type Gate } from './servers.ts';

afterEach(resetKernel);

const statusOf = async (pid: Pid<SupervisorProtocol>, id: string) => (await call(pid, 'whichChildren')).find((child) => child.id === id)!;

test('supervisor.late-exit: the exit of a child that was replaced meanwhile is not an order to stop', async () => {
  for (const strategy of ['one_for_all', 'rest_for_one', 'one_for_one'] as const) {
    const pid = await supervisor({ strategy, intensity: { restarts: 10, periodMs: 1_000 }, children: ['a', 'b', 'c'].map((id) => ({ id, name: `${strategy}_${id}`, start: [counter, 0] as const })) }).start();
    // All three exits wait in its mailbox when it handles the first.
    for (const id of ['a', 'b', 'c']) exit(`${strategy}_${id}`, 'kill');
    await settle();
    assert.equal((await call(pid, 'countChildren')).active, 3, strategy);
  }
});

test('supervisor.late-exit: nor the exit of one that died just before it was terminated', async () => {
  const pid = await supervisor({ children: [{ id: 'a', name: 'a', start: [counter, 0] }, { id: 'b', start: [counter, 0] }] }).start();
  const terminated = call(pid, 'terminateChild', 'a');
  exit('a', 'kill');
  await terminated;
  await settle();
  assert.deepEqual((await call(pid, 'whichChildren')).map(({ pid }) => pid !== undefined), [false, true]);
});

/** Fails its init as long as the switch says so. */
function failing(fault: { on: boolean; starts: number }) {
  return genServer({
    init: () => {
      fault.starts += 1;
      if (fault.on) throw new Error('still broken');
      return fault.starts;
    },
  });
}

test('supervisor.intensity: a child that dies in its init spends it', async () => {
  const fault = { on: false, starts: 0 };
  const pid = await supervisor({ intensity: { restarts: 3, periodMs: 1_000 }, children: [{ id: 'a', name: 'a', start: [failing(fault)] }] }).start();
  const ended = exited(pid);
  fault.on = true;
  exit('a', 'kill');
  assert.equal(await ended, 'shutdown');
  assert.equal(fault.starts, 4);
  assert.equal(processTable.size, 0);
});

test('supervisor_SUITE:hanging_restart_loop: between attempts the supervisor answers, the loop turns, and a stop is heeded', async () => {
  for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
    const fault = { on: false, starts: 0 };
    const pid = await supervisor({ strategy, intensity: { restarts: 10_000_000, periodMs: 100 }, children: [{ id: 'a', name: 'a', start: [failing(fault)] }, { id: 'b', start: [counter, 0] }] }).start();
    fault.on = true;
    exit('a', 'kill');
    let turns = 0;
    while (turns < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
    const status = await statusOf(pid, 'a');
    assert.deepEqual([status.pid, status.restarting], [undefined, true]);
    await assert.rejects(call(pid, 'restartChild', 'a'), (error: KernelError) => error.message.includes('being restarted'));
    await call(pid, 'terminateChild', 'a');
    const { starts } = fault;
    await settle();
    assert.equal(fault.starts, starts);
    fault.on = false;
    assert.notEqual(await call(pid, 'restartChild', 'a'), undefined);
    const ended = exited(pid);
    exit(pid, 'shutdown');
    assert.equal(await ended, 'shutdown');
  }
});

test('supervisor_SUITE:hanging_restart_loop_simple: a child that is being restarted can be terminated by its last pid', async () => {
  const fault = { on: false, starts: 0 };
  const pid = await supervisor({ strategy: 'simple_one_for_one', intensity: { restarts: 10_000_000, periodMs: 100 }, children: [{ id: 'a', start: [failing(fault)] }] }).start();
  const child = (await call(pid, 'startChild', {}))!;
  fault.on = true;
  exit(child, 'kill');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await call(pid, 'countChildren'), { specs: 1, active: 0, supervisors: 0, workers: 1 });
  await call(pid, 'terminateChild', child);
  const { starts } = fault;
  await settle();
  assert.equal(fault.starts, starts);
  assert.deepEqual(await call(pid, 'whichChildren'), []);
});

for (const [strategy, secondAttempt] of [['one_for_all', ['a', 'a', 'b', 'c']], ['rest_for_one', ['b', 'c']]] as const) {
  test(`supervisor_SUITE:${strategy}_other_child_fails_restart: the next attempt takes along whom the strategy says`, async () => {
    const log: string[] = [];
    const faults = { b: 0 };
    const child = genServer({
      init: (id: string, self: Self) => {
        self.trapExit(true);
        if (id === 'b' && faults.b > 0) {
          faults.b -= 1;
          throw new Error('b fails');
        }
        log.push(id);
        return id;
      },
      terminate: (id) => void log.push(id),
    });
    const pid = await supervisor({ strategy, intensity: { restarts: 10, periodMs: 1_000 }, children: ['a', 'b', 'c'].map((id) => ({ id, name: id, start: [child, id] as const })) }).start();
    const failed = events(childStartFailed);
    log.length = 0;
    faults.b = 1;
    exit('a', 'kill');
    await settle();
    assert.equal(failed.seen.length, 1);
    // First attempt: c and b stop, a starts, b fails. In the second, one_for_all stops a again.
    assert.deepEqual(log, ['c', 'b', 'a', ...secondAttempt]);
    assert.equal((await call(pid, 'countChildren')).active, 3);
  });
}

/** Waits in its init until its gate opens. */
function slowStarter(holds: Gate[]) {
  return genServer({
    init: async () => {
      const hold = gate();
      holds.push(hold);
      await hold.promise;
      return 0;
    },
  });
}

test('supervisor.async-init: a child killed in it fails the start at once', async () => {
  const holds: Gate[] = [];
  const starting = supervisor({ children: [{ id: 'a', start: [counter, 0] }, { id: 'slow', name: 'slow', start: [slowStarter(holds)] }] }).start();
  const failed = assert.rejects(starting, (error: KernelError) => error.code === 'start-failed');
  await settle();
  exit('slow', 'kill');
  await failed;
  assert.equal(processTable.size, 0);
  holds[0]!.open();
  await settle();
  assert.equal(processTable.size, 0);
});

test('supervisor.async-init: in a restart, killed, it spends intensity and is tried again', async () => {
  const holds: Gate[] = [];
  const starting = supervisor({ intensity: { restarts: 5, periodMs: 1_000 }, children: [{ id: 'slow', name: 'slow', start: [slowStarter(holds)] }, { id: 'b', name: 'b', start: [counter, 0] }] }).start();
  await settle();
  holds[0]!.open();
  const pid = await starting;
  exit('slow', 'kill');
  await settle();
  // A sibling dies meanwhile: its exit waits.
  exit('b', 'kill');
  exit('slow', 'kill');
  await settle();
  holds[2]!.open();
  await settle();
  assert.equal((await call(pid, 'countChildren')).active, 2);
  assert.equal(holds.length, 3);
});

test('supervisor.async-init: killed during it, the supervisor leaves no process behind and starts no more', async () => {
  const holds: Gate[] = [];
  const starting = supervisor({ children: [{ id: 'slow', start: [slowStarter(holds)] }, { id: 'next', start: [counter, 0] }] }).start(undefined, { name: 'top' });
  const failed = assert.rejects(starting, (error: KernelError) => error.code === 'start-failed' && error.reason === 'killed');
  await settle();
  exit('top', 'kill');
  await failed;
  holds[0]!.open();
  await settle();
  assert.equal(processTable.size, 0);
});

test('supervisor.async-init: nor where the child traps exits and survives the kill until its init is through', async () => {
  const hold = gate();
  const trapping = genServer({
    init: async (_nothing: void, self: Self) => {
      self.trapExit(true);
      await hold.promise;
      return 0;
    },
  });
  const starting = supervisor({ children: [{ id: 'slow', start: [trapping] }, { id: 'next', start: [counter, 0] }] }).start(undefined, { name: 'top' });
  starting.catch(() => {});
  await settle();
  exit('top', 'kill');
  await settle();
  hold.open();
  await settle();
  assert.equal(processTable.size, 0);
});

test('supervisor_SUITE:sup_stop_race: a child that dies while the supervisor stops is not waited for', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const hold = gate();
  const slow = genServer({ init: (_nothing: void, self: Self) => self.trapExit(true), terminate: () => hold.promise });
  const pid = await supervisor({ children: [{ id: 'a', name: 'a', start: [counter, 0] }, { id: 'slow', name: 'slow', start: [slow], shutdown: 'infinity' }] }).start();
  const ended = exited(pid);
  exit(pid, 'shutdown');
  await settle();
  exit('a', { reason: 'crash' });
  exit('slow', 'kill');
  assert.equal(await ended, 'shutdown');
  assert.equal(processTable.size, 0);
  hold.open();
});

test('supervisor.killed: its children, and theirs, die with it', async () => {
  const lower = supervisor({ children: [{ id: 'x', start: [counter, 0] }, { id: 'y', start: [counter, 0] }] });
  const pid = await supervisor({ children: [{ id: 'lower', start: [lower] }, { id: 'z', start: [counter, 0] }] }).start();
  exit(pid, 'kill');
  await settle();
  assert.equal(processTable.size, 0);
});

test('supervisor.restart-storm: thousands of crashes in a moment are all answered', async () => {
  const ids = Array.from({ length: 2_000 }, (_, at) => `child-${at}`);
  const pid = await supervisor({ intensity: { restarts: 1_000_000, periodMs: 1_000 }, children: ids.map((id) => ({ id, name: id, start: [counter, 0] as const })) }).start();
  for (let round = 0; round < 3; round += 1) {
    for (const id of ids) exit(id, 'kill');
    await settle();
  }
  assert.equal((await call(pid, 'countChildren')).active, ids.length);
  assert.equal(processOf(pid)!.mailboxLength, 0);
});
