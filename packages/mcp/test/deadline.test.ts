import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { useClock } from '@flyball/kernel';
import { createVirtualClock } from '@flyball/kernel/testing';
import { Deadline } from '../src/serving/deadline.ts';

function virtualTime(context: TestContext): (ms: number) => Promise<void> {
  const clock = createVirtualClock();
  const before = useClock(clock);
  context.after(() => useClock(before));
  return (ms) => clock.advance(ms);
}

test('it expires once its time has passed', async (context) => {
  const advance = virtualTime(context);
  let expired = 0;
  new Deadline(1_000, () => (expired += 1)).start();
  await advance(999);
  assert.equal(expired, 0);
  await advance(1);
  assert.equal(expired, 1);
});

test('a question that is asked before the tool first waits holds it from the start', async (context) => {
  const advance = virtualTime(context);
  let expired = 0;
  const deadline = new Deadline(1_000, () => (expired += 1));
  deadline.hold();
  deadline.start();
  await advance(60_000);
  assert.equal(expired, 0);
  deadline.release();
  await advance(1_000);
  assert.equal(expired, 1);
});

test('time before a question counts, time of two questions at once does not', async (context) => {
  const advance = virtualTime(context);
  let expired = 0;
  const deadline = new Deadline(1_000, () => (expired += 1));
  deadline.start();
  await advance(400);
  deadline.hold();
  deadline.hold();
  await advance(5_000);
  deadline.release();
  await advance(5_000);
  deadline.release();
  await advance(599);
  assert.equal(expired, 0);
  await advance(1);
  assert.equal(expired, 1);
});

test('stopped, it never expires', async (context) => {
  const advance = virtualTime(context);
  let expired = 0;
  const deadline = new Deadline(1_000, () => (expired += 1));
  deadline.start();
  deadline.stop();
  await advance(10_000);
  assert.equal(expired, 0);
});
