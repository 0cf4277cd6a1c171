import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@flyball/kernel';
import { EventQueue } from '../../src/simulation/event-queue.ts';

test('events come in order of time, those of one moment in the order in which they were added', () => {
  const queue = new EventQueue();
  queue.add(20, 0, 1);
  queue.add(10, 0, 2);
  queue.add(20, 0, 3);
  queue.add(10, 0, 4);
  queue.add(0, 0, 5);
  const order: number[] = [];
  for (let event = queue.next(); event !== undefined; event = queue.next()) order.push(event.index);
  assert.deepEqual(order, [5, 2, 4, 1, 3]);
  assert.equal(queue.next(), undefined);
});

test('with additions in between it equals a sorted list', () => {
  const random = seededRandom(7);
  const queue = new EventQueue();
  const waiting: { atMs: number; index: number }[] = [];
  for (let step = 0; step < 5_000; step++) {
    if (random.next() < 0.6) {
      const entry = { atMs: random.below(50), index: step };
      queue.add(entry.atMs, 0, step);
      waiting.push(entry);
      continue;
    }
    waiting.sort((a, b) => a.atMs - b.atMs || a.index - b.index);
    assert.equal(queue.next()?.index, waiting.shift()?.index);
  }
  assert.equal(queue.length, waiting.length);
});
