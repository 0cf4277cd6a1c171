import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom } from '@flyball/kernel';

import { bytesBound, from, hasId, withNext, withoutId, type OpenIds } from '../../../src/governors/cost-guard/open-ids.ts';

const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());

test(`open ids equal a set, in no more bytes than their bound, seed ${seed}`, () => {
  for (let run = 0; run < 50; run += 1) {
    const random = seededRandom(seed + run);
    const model = new Set<number>();
    let ids: OpenIds = [];
    let next = 1 + random.below(2 ** 40);
    const gap = random.pick([1, 2, 50, 100_000]);
    for (let step = 0; step < 300; step += 1) {
      const roll = random.next();
      if (roll < 0.6) {
        next += random.below(gap);
        ids = withNext(ids, next);
        model.add(next);
        next += 1;
      } else if (roll < 0.98 && model.size > 0) {
        const id = random.pick([...model]);
        ids = withoutId(ids, id);
        model.delete(id);
      } else if (roll >= 0.98 && model.size > 0) {
        const before = random.pick([...model]) + random.below(3);
        ids = from(ids, before);
        for (const id of model) if (id < before) model.delete(id);
      }
      const probe = random.next() < 0.5 && model.size > 0 ? random.pick([...model]) : next - 1 - random.below(100);
      assert.equal(hasId(ids, probe), model.has(probe));
      assert.ok(JSON.stringify(ids).length <= bytesBound(ids, next));
      assert.ok(ids.every((word) => Number.isSafeInteger(word) && word > 0));
    }
    assert.ok([...model].every((id) => hasId(ids, id)));
  }
});
