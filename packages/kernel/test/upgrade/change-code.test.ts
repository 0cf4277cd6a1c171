// Code changed under running processes, without a code server: what waits, what changes, what is put back.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { call, changeCode, genServer, lingeringProcesses, monitorWith, named, processNamed, reply, slotKey, spawnTask, supervisor, type Behaviour, type ChildSpec, type CodeSwap, type Definition, type KernelError, type Slot } from '../../src/index.ts';
import { resetKernel } from '../../src/testing/index.ts';
import { gate } from '../servers.ts';

afterEach(resetKernel);

const slotOf = (behaviour: unknown): Slot<Definition> => (behaviour as Behaviour)[slotKey];

interface TestSwap extends CodeSwap {
  readonly steps: string[];
}

/** Puts the definition of the second of each pair in the place of the first's. */
function swapOf(...pairs: readonly (readonly [now: unknown, next: unknown])[]): TestSwap {
  const slots = pairs.map(([now, next]) => ({ slot: slotOf(now), next: slotOf(next).current, before: slotOf(now).current }));
  const steps: string[] = [];
  return {
    slots,
    steps,
    commit: () => {
      steps.push('commit');
      for (const { slot, next } of slots) slot.current = next;
    },
    rollback: () => {
      steps.push('rollback');
      for (const { slot, before } of slots) slot.current = before;
    },
    release: () => void steps.push('release'),
  };
}

function versioned(version: number, wait: () => Promise<unknown> = async () => undefined) {
  return genServer({
    version,
    init: (count: number) => ({ [`v${version}`]: count }) as Record<string, number>,
    calls: {
      read: (state) => reply({ version, state }),
      addSlowly: async (state, by: number) => {
        await wait();
        return reply(version, { [`v${version}`]: state[`v${version}`]! + by });
      },
    },
    codeChange: ({ from, to, state }) => ({ [`v${to}`]: state[`v${from}`] }),
  });
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

test('the state of each process changes with its code, up and down', async () => {
  const one = versioned(1);
  const two = versioned(2);
  const pids = await Promise.all([1, 2].map((count) => one.start(count)));
  const swap = swapOf([one, two]);
  const back = { ...swapOf([one, one]), slots: [{ slot: slotOf(one), next: slotOf(one).current }], commit: swap.rollback };
  assert.equal((await changeCode(swap)).processesChanged, 2);
  assert.deepEqual(await Promise.all(pids.map((pid) => call(pid, 'read'))), [{ version: 2, state: { v2: 1 } }, { version: 2, state: { v2: 2 } }]);
  await changeCode(back);
  assert.deepEqual(await call(pids[0]!, 'read'), { version: 1, state: { v1: 1 } });
});

test('a pending handler finishes on its own state before that is changed', async () => {
  const handler = gate();
  const one = versioned(1, () => handler.promise);
  const pid = await one.start(1);
  const added = call(pid, 'addSlowly', 10);
  const changed = changeCode(swapOf([one, versioned(2)]), { drainTimeoutMs: 1 });
  await turns(5);
  handler.open();
  assert.equal(await added, 1);
  assert.equal((await changed).lingering, 0);
  assert.deepEqual(await call(pid, 'read'), { version: 2, state: { v2: 11 } });
});

test('a handler that does not end refuses the change, and nothing is touched', async () => {
  const handler = gate();
  const one = versioned(1, () => handler.promise);
  const [busy, free] = [await one.start(1), await one.start(2)];
  const added = call(busy, 'addSlowly', 10);
  const swap = swapOf([one, versioned(2)]);
  await assert.rejects(changeCode(swap, { drainTimeoutMs: 1, settleTimeoutMs: 30 }), (error: KernelError) => error.code === 'swap-refused' && /too long/.test(error.message));
  assert.deepEqual(swap.steps, []);
  handler.open();
  assert.equal(await added, 1);
  assert.deepEqual(await call(busy, 'read'), { version: 1, state: { v1: 11 } });
  assert.deepEqual(await call(free, 'read'), { version: 1, state: { v1: 2 } });
});

test('one state that cannot be changed puts all back', async () => {
  const one = versioned(1);
  const two = genServer({
    version: 2,
    init: (count: number) => ({ v2: count }),
    codeChange: ({ state }) => {
      if (state.v1 === 2) throw new Error('two is too much');
      return { v2: state.v1 };
    },
  });
  const pids = await Promise.all([1, 2, 3].map((count) => one.start(count)));
  const swap = swapOf([one, two]);
  await assert.rejects(changeCode(swap), /swap-refused|two is too much/);
  assert.deepEqual(swap.steps, ['commit', 'rollback']);
  assert.deepEqual(await Promise.all(pids.map((pid) => call(pid, 'read'))), [1, 2, 3].map((count) => ({ version: 1, state: { v1: count } })));
});

test('an export that becomes a behaviour of another kind is refused, its version unchanged or not', async () => {
  const one = versioned(1);
  const pid = await one.start(1);
  await assert.rejects(changeCode(swapOf([one, supervisor({ children: [] })])), (error: KernelError) => error.code === 'swap-refused' && /supervisor/.test(error.message));
  assert.deepEqual(await call(pid, 'read'), { version: 1, state: { v1: 1 } });
});

test('a task that began before the change holds it back, one that begins meanwhile runs the new code', async () => {
  const one = versioned(1);
  const two = versioned(2);
  const first = gate();
  const seen: string[] = [];
  const version = (): number => slotOf(one).current.version;
  spawnTask(slotOf(one), async () => {
    await first.promise;
    seen.push(`first ${version()}`);
  });
  const changed = changeCode(swapOf([one, two]), { drainTimeoutMs: 60_000 });
  const second = spawnTask(slotOf(one), () => void seen.push(`second ${version()}`));
  const secondEnded = new Promise((resolve) => void monitorWith(second.pid, resolve));
  await turns(5);
  assert.deepEqual(seen, []);
  first.open();
  await changed;
  await secondEnded;
  assert.deepEqual(seen, ['first 1', 'second 2']);
});

test('a server that a task starts while it is let finish does not stand still', async () => {
  const one = versioned(1);
  const begin = gate();
  const answers: unknown[] = [];
  spawnTask(slotOf(one), async (self) => {
    await begin.promise;
    answers.push(await self.call(await self.start(one, 7), 'read'));
  });
  await turns(1);
  const changed = changeCode(swapOf([one, versioned(2)]), { drainTimeoutMs: 60_000 });
  begin.open();
  await changed;
  assert.deepEqual(answers, [{ version: 1, state: { v1: 7 } }]);
});

test('a task of the new code finds the children of the new code, slow as their start may be', async () => {
  const children = (...names: string[]): ChildSpec[] => names.map((name) => ({ id: name, start: name === 'slow' ? [slow] : [versioned(1), 1], name }));
  const starting = gate();
  const slow = genServer({ init: async () => (await starting.promise, {}) });
  const before = supervisor({ children: children('old') });
  const after = supervisor({ children: children('slow', 'new') });
  const one = versioned(1);
  await before.start(undefined, { name: 'top' });
  const changed = changeCode(swapOf([before, after], [one, versioned(2)]));
  const found: unknown[] = [];
  const task = spawnTask(slotOf(one), () => void found.push(processNamed('old') !== undefined, processNamed('new') !== undefined));
  const ended = new Promise((resolve) => void monitorWith(task.pid, resolve));
  await turns(5);
  assert.deepEqual(found, []);
  starting.open();
  await changed;
  await ended;
  assert.deepEqual(found, [false, true]);
  assert.deepEqual((await call(named<typeof before>('top'), 'whichChildren')).map(({ id }) => id), ['slow', 'new']);
});

test('a child that does not come up does not hold the new code back for ever', async () => {
  const never = genServer({ init: () => new Promise<object>(() => {}) });
  const before = supervisor({ children: [] });
  const after = supervisor({ children: [{ id: 'never', start: [never] }] });
  await before.start();
  const swap = swapOf([before, after]);
  await changeCode(swap, { settleTimeoutMs: 30 });
  assert.deepEqual(swap.steps, ['commit', 'release']);
});

test('a machine that stands still does not use up the patience with running tasks', async () => {
  const one = versioned(1);
  spawnTask(slotOf(one), () => turns(4));
  await turns(1);
  const changed = changeCode(swapOf([one, versioned(2)]), { drainTimeoutMs: 50 });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 80);
  assert.equal((await changed).lingering, 0);
});

test('a task that takes too long ends on the code that it began with, and is listed meanwhile', async () => {
  const one = versioned(1);
  const end = gate();
  const task = spawnTask(slotOf(one), () => end.promise);
  const ended = new Promise((resolve) => void monitorWith(task.pid, resolve));
  await turns(1);
  const generation = slotOf(one).generation;
  const swap = swapOf([one, versioned(2)]);
  const counted = { ...swap, commit: () => {
    swap.commit();
    slotOf(one).generation = generation + 1;
  } };
  assert.equal((await changeCode(counted, { drainTimeoutMs: 10 })).lingering, 1);
  assert.deepEqual(lingeringProcesses(), [task.pid]);
  end.open();
  await ended;
  assert.deepEqual(lingeringProcesses(), []);
});
