import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notAgain } from '../../src/shard/not-again.ts';

test('the same is logged once in so long, with how often it was told meanwhile; what differs at once', () => {
  const logged = notAgain(30_000);
  assert.deepEqual(logged('full', 0), { more: 0 });
  assert.deepEqual(logged('torn', 1), { more: 0 });
  for (let nowMs = 100; nowMs < 30_000; nowMs += 100) assert.equal(logged('full', nowMs), undefined);
  assert.deepEqual(logged('full', 30_000), { more: 299 });
  assert.equal(logged('full', 59_999), undefined);
  assert.deepEqual(logged('full', 60_000), { more: 1 });
});

test('texts without end are not remembered', () => {
  const logged = notAgain(30_000);
  for (let number = 0; number < 1_000; number += 1) assert.deepEqual(logged(`text ${number}`, 0), { more: 0 });
  assert.deepEqual(logged('text 0', 1), { more: 0 });
});
