import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Priority } from '../../src/control/admission-control.ts';
import { initialShedding, offered, totalOf, type SheddingState } from '../../src/control/shedding.ts';

function run(count: number, next: (index: number) => { priority: Priority; share: number; limit: number | null }): { state: SheddingState; falls: boolean[] } {
  const falls: boolean[] = [];
  let state = initialShedding;
  for (let index = 0; index < count; index += 1) {
    const after = offered(state, next(index));
    falls.push(totalOf(after.shed) > totalOf(state.shed));
    state = after;
  }
  return { state, falls };
}

test('the share that is shed is the share that was asked for, to within one request', () => {
  for (const share of [0.01, 0.1, 0.33, 0.5, 0.77, 0.99]) {
    const { falls } = run(10_000, () => ({ priority: 4, share, limit: null }));
    for (const count of [100, 1_000, 10_000]) {
      const shed = falls.slice(0, count).filter(Boolean).length;
      assert.ok(Math.abs(shed - share * count) <= 2, `${shed} of ${count} for ${share}`);
    }
  }
});

test('who asks in a rhythm is shed as often as everybody else', () => {
  for (const period of [2, 3, 5, 10]) {
    const { falls } = run(40_000, () => ({ priority: 3, share: 0.5, limit: null }));
    for (let phase = 0; phase < period; phase += 1) {
      const mine = falls.filter((_, index) => index % period === phase);
      const share = mine.filter(Boolean).length / mine.length;
      // Four standard deviations of fair coins; error diffusion without its hash would give 0 or 1 for period 2.
      assert.ok(Math.abs(share - 0.5) < 4 * Math.sqrt(0.25 / mine.length), `phase ${phase} of ${period}: ${share}`);
    }
  }
});

test('not one more than the limit is shed, whatever is asked for and however long it was calm before', () => {
  const { falls } = run(20_000, (index) => ({ priority: 4, share: index < 10_000 ? 0 : 1, limit: 0.5 }));
  for (let from = 10_000; from < 20_000; from += 97) {
    const shed = falls.slice(from, from + 100).filter(Boolean).length;
    assert.ok(shed <= 50 + 8, `${shed} of 100 shed from ${from} on`);
  }
  assert.ok(falls.filter(Boolean).length >= 4_999, 'and no less than it allows');
});

test('the limit is used up on the lower priorities first', () => {
  const { state } = run(10_000, (index) => ({ priority: (index % 5) as Priority, share: 1, limit: 0.5 }));
  assert.equal(state.shed[0], 0);
  assert.ok(state.shed[4]! > state.shed[1]!, `${state.shed}`);
  assert.ok(totalOf(state.shed) <= 5_000);
});
