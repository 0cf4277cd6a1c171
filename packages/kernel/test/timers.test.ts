import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { call, cancelTimer, clock, exit, portTable, startTimer, useClock } from '../src/index.ts';
import { createVirtualClock, resetKernel, settle } from '../src/testing/index.ts';
import { timerBuckets } from '../src/timing/timers.ts';
import { listener } from './servers.ts';

afterEach(resetKernel);

function virtual() {
  const virtualClock = createVirtualClock();
  useClock(virtualClock);
  return virtualClock;
}

test('timers.order: timers fire in the order of their times, never early, each once', async () => {
  const time = virtual();
  const fired: [string, number][] = [];
  for (const [name, delayMs] of [['c', 30], ['a', 10], ['b', 20], ['b2', 20], ['zero', 0]] as const) startTimer(delayMs, () => fired.push([name, time.nowMs()]));
  await time.advance(9);
  assert.deepEqual(fired, [['zero', 1]]);
  await time.advance(100);
  assert.deepEqual(fired.slice(1), [['a', 10], ['b', 20], ['b2', 20], ['c', 30]]);
});

test('timers.cancel: a cancelled timer does not fire; cancelling late says so', async () => {
  const time = virtual();
  let fired = 0;
  const timer = startTimer(10, () => {
    fired += 1;
  });
  const other = startTimer(10, () => {
    fired += 10;
  });
  assert.equal(cancelTimer(timer), true);
  assert.equal(cancelTimer(timer), false);
  await time.advance(10);
  assert.equal(fired, 10);
  assert.equal(cancelTimer(other), false);
});

test('timers.reset: a timer that sets another one in its turn, and one that cancels its neighbour', async () => {
  const time = virtual();
  const fired: number[] = [];
  const neighbour = { timer: startTimer(1_000, () => {}) };
  startTimer(5, () => {
    cancelTimer(neighbour.timer);
    startTimer(0, () => fired.push(time.nowMs()));
  });
  neighbour.timer = startTimer(5, () => fired.push(-1));
  await time.advance(10);
  assert.deepEqual(fired, [6]);
});

test('timers.failure: one that throws takes no other along', async () => {
  const time = virtual();
  const thrown: unknown[] = [];
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error.message));
  try {
    let fired = 0;
    startTimer(5, () => { throw new Error('in a timer'); });
    startTimer(5, () => { fired += 1; });
    startTimer(6, () => { fired += 1; });
    await time.advance(10);
    assert.equal(fired, 2);
    assert.deepEqual(thrown, ['in a timer']);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const each of before) process.on('uncaughtException', each);
  }
});

test('timers.bounded: long timeouts set and cancelled at each millisecond keep no bucket each', async () => {
  const time = virtual();
  const keep = startTimer(3_600_000, () => {});
  for (let round = 0; round < 20_000; round += 1) {
    cancelTimer(startTimer(1_800_000 + round, () => {}));
  }
  assert.ok(timerBuckets() <= 8_200, `${timerBuckets()} buckets`);
  cancelTimer(keep);
  await settle();
  assert.equal(timerBuckets(), 0);
  assert.equal(time.nowMs(), 0);
});

test('timers.bounded: an answered call leaves no timer, and nothing that keeps a program from ending', async () => {
  const pid = await listener.start();
  await call(pid, 'heard');
  await settle();
  assert.equal(timerBuckets(), 0);
});

test('timers.send-after: arrives after its delay, can be cancelled, ends with its process', async () => {
  const time = virtual();
  const pid = await listener.start();
  await call(pid, 'later', { delayMs: 100, message: 'kept' });
  const cancelled = await call(pid, 'later', { delayMs: 50, message: 'cancelled' });
  assert.equal(await call(pid, 'cancel', cancelled), true);
  assert.equal(await call(pid, 'cancel', cancelled), false);
  await time.advance(99);
  assert.deepEqual(await call(pid, 'heard'), []);
  await time.advance(1);
  assert.deepEqual(await call(pid, 'heard'), ['kept']);
  await call(pid, 'later', { delayMs: 100, message: 'never' });
  const open = portTable.size;
  exit(pid, 'kill');
  assert.equal(portTable.size, open - 1);
  await time.advance(1_000);
});

test('timers.clock: under another clock timers keep their remaining time', async () => {
  const fired: string[] = [];
  startTimer(60_000, () => fired.push('long'));
  const time = virtual();
  await time.advance(59_000);
  assert.deepEqual(fired, []);
  await time.advance(1_001);
  assert.deepEqual(fired, ['long']);
  assert.equal(clock(), time);
  assert.equal(time.wallMs(), 1_000_000_060_001);
});

test('timers.system: on the system clock a timer is never early', async () => {
  const startedMs = performance.now();
  const firedMs = await new Promise<number>((resolve) => {
    startTimer(5, () => resolve(performance.now()));
  });
  assert.ok(firedMs - startedMs >= 5, `${firedMs - startedMs} ms`);
});
