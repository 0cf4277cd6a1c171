// Random histories of a random supervision tree. After each step, and at the end, what must always
// hold is checked. Repeat a run with FLYBALL_SEED=<seed>; the seed is printed.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cast, exit, freshSeed, genServer, monitorWith, processOf, processTable, registeredNames, reply, seededRandom, supervisor, useClock, type ChildSpec, type Down, type Pid, type Process, type Random, type Self, type Supervisor, type SupervisorProtocol } from '../src/index.ts';
import { linksOf } from '../src/process/link.ts';
import { processNamed } from '../src/process/registry.ts';
import { createVirtualClock, resetKernel, settle, type VirtualClock } from '../src/testing/index.ts';

afterEach(resetKernel);

interface World {
  readonly random: Random;
  readonly clock: VirtualClock;
  /** Chance that an init fails. */
  failureRate: number;
}

const restarts = ['permanent', 'permanent', 'transient', 'temporary'] as const;
const shutdowns = ['brutal_kill', 'infinity', 0, 20] as const;
const strategies = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;

/** A worker that may be slow to start and to stop, may trap exits, may fail; by chance. */
function workerOf(world: World) {
  const { random } = world;
  const pause = (self: Self): Promise<void> => new Promise((resolve) => {
    // Its own timer would end with it; this one stands for the outside world.
    const cancel = world.clock.wakeAt(world.clock.nowMs() + 1 + random.below(30), resolve);
    self.signal.addEventListener('abort', cancel);
  });
  return genServer({
    init: (_nothing: void, self: Self): number | Promise<number> => {
      if (random.next() < 0.3) self.trapExit(true);
      if (random.next() < 0.5) tryName(self, `process-${random.below(12)}`);
      const fails = random.next() < world.failureRate;
      const finish = (): number => {
        if (fails) throw new Error('init fails');
        return 0;
      };
      return random.next() < 0.25 ? pause(self).then(finish) : finish();
    },
    calls: {
      ask: () => reply('answer'),
      slow: async (_state, _nothing: void, self) => {
        await pause(self);
        return reply('answer');
      },
      crash: (): never => { throw new Error('crash'); },
    },
    casts: { crash: (): never => { throw new Error('crash'); } },
    terminate: (_state, _reason, self) => (random.next() < 0.5 ? undefined : pause(self)),
  });
}

function tryName(self: Self, name: string): void {
  try {
    self.register(name);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'name-taken');
  }
}

function childrenOf(world: World, depth: number): ChildSpec[] {
  const { random } = world;
  return Array.from({ length: 1 + random.below(4) }, (_, at) => {
    const isTree = depth > 0 && random.next() < 0.5;
    return {
      id: `child-${at}`, restart: random.pick(restarts),
      start: [isTree ? treeOf(world, depth - 1) : workerOf(world)],
      ...(!isTree && { shutdown: random.pick(shutdowns) }),
    };
  });
}

function treeOf(world: World, depth: number): Supervisor<void> {
  const flags = { strategy: world.random.pick(strategies), intensity: { restarts: world.random.below(5), periodMs: 1_000 }, children: childrenOf(world, depth) };
  return supervisor(flags);
}

interface Watched {
  readonly pid: Pid;
  readonly downs: Down[];
}

class Observer {
  readonly watched: Watched[] = [];
  readonly #seen = new Set<number>();
  open = 0;

  watchNew(): void {
    for (const { pid } of processTable.values()) {
      if (this.#seen.has(pid.serial)) continue;
      this.#seen.add(pid.serial);
      const downs: Down[] = [];
      monitorWith(pid, (down) => downs.push(down));
      this.watched.push({ pid, downs });
    }
  }

  ask(pid: Pid, name: string, timeoutMs: number): void {
    this.open += 1;
    const settled = (): void => {
      this.open -= 1;
    };
    call(pid as Pid<{ calls: Record<string, () => unknown>; casts: {} }>, name, undefined, { timeoutMs }).then(settled, settled);
  }
}

function step(world: World, observer: Observer, top: Pid): void {
  const { random } = world;
  const target = random.pick([...processTable.values()]);
  const isSupervisor = target.driver.kind === 'supervisor';
  const actions = [
    () => exit(target.pid, target.pid === top ? 'normal' : 'kill'),
    () => exit(target.pid, target.pid === top ? 'normal' : { reason: 'signal' }),
    () => cast(target.pid as Pid<{ calls: {}; casts: { crash: () => void } }>, 'crash'),
    () => observer.ask(target.pid, isSupervisor ? 'whichChildren' : random.pick(['ask', 'slow', 'crash']), random.pick([1, 10, Infinity])),
    () => void administer(world, observer, target),
  ];
  random.pick(actions)();
}

function administer({ random }: World, observer: Observer, target: Process): void {
  if (target.driver.kind !== 'supervisor') return;
  const name = random.pick(['terminateChild', 'restartChild', 'deleteChild'] as const);
  observer.open += 1;
  const settled = (): void => {
    observer.open -= 1;
  };
  call(target.pid as Pid<SupervisorProtocol>, name, `child-${random.below(4)}`, { timeoutMs: Infinity }).then(settled, settled);
}

function checkInvariants(observer: Observer, top: Pid): void {
  for (const process of processTable.values()) {
    // One that traps exits outlives its parent while it stops.
    if (process.pid !== top && !process.trapExit) assert.ok(process.parent !== undefined && processTable.has(process.parent.pid.serial), `${process.pid} has no live parent`);
    for (const other of linksOf(process)) {
      assert.ok(processTable.has(other.pid.serial), `${process.pid} is linked to the dead ${other.pid}`);
      assert.ok(linksOf(other).includes(process), `the link of ${process.pid} and ${other.pid} has one end`);
    }
    if (process.name !== undefined) assert.equal(processNamed(process.name), process);
  }
  for (const name of registeredNames()) assert.ok(processTable.has(processNamed(name)!.pid.serial), `${name} names a dead process`);
  for (const { pid, downs } of observer.watched) assert.equal(downs.length, processOf(pid) === undefined ? 1 : 0, `downs of ${pid}`);
}

/** Every live child is known to its supervisor, and every child known is alive. */
async function checkTree(top: Pid): Promise<void> {
  const known = new Set<number>([top.serial]);
  const walk = async (pid: Pid): Promise<void> => {
    for (const child of await call(pid as Pid<SupervisorProtocol>, 'whichChildren', undefined, { timeoutMs: Infinity })) {
      if (child.pid === undefined) continue;
      known.add(child.pid.serial);
      if (child.type === 'supervisor') await walk(child.pid);
    }
  };
  await walk(top);
  assert.deepEqual([...processTable.keys()].sort((a, b) => a - b), [...known].sort((a, b) => a - b), 'processes outside the tree, or children that are dead');
}

async function history(seed: number): Promise<void> {
  const clock = createVirtualClock();
  useClock(clock);
  const world: World = { random: seededRandom(seed), clock, failureRate: 0 };
  const lower = treeOf(world, 2);
  const starting = supervisor({ intensity: { restarts: 1_000_000, periodMs: 10 }, children: [{ id: 'lower', start: [lower] }] }).start();
  await clock.advance(10_000);
  const top = await starting;
  const observer = new Observer();
  for (let taken = 0; taken < 60; taken += 1) {
    world.failureRate = world.random.next() < 0.3 ? 0.3 : 0;
    observer.watchNew();
    for (let burst = 1 + world.random.below(4); burst > 0; burst -= 1) step(world, observer, top);
    if (world.random.next() < 0.7) await clock.advance(world.random.below(40));
    checkInvariants(observer, top);
  }
  world.failureRate = 0;
  await clock.advance(100_000);
  checkInvariants(observer, top);
  await checkTree(top);
  assert.equal(observer.open, 0, 'callers that were never answered');
  observer.watchNew();
  exit(top, 'shutdown');
  await clock.advance(100_000);
  assert.equal(processTable.size, 0, 'processes that outlived their tree');
  assert.deepEqual(registeredNames(), []);
  for (const { downs } of observer.watched) assert.equal(downs.length, 1);
  await settle();
}

test('supervision.invariants: no orphan, unique names, links with two ends, monitors that fire once, callers settled', async () => {
  const given = process.env['FLYBALL_SEED'];
  const first = given === undefined ? freshSeed() : Number(given);
  const runs = given === undefined ? 60 : 1;
  for (let run = 0; run < runs; run += 1) {
    const seed = (first + run) % 2 ** 31;
    try {
      await history(seed);
    } catch (error) {
      console.error(`failed with FLYBALL_SEED=${seed}`);
      throw error;
    }
    await resetKernel();
  }
  console.log(`seeds ${first} to ${first + runs - 1}`);
});
