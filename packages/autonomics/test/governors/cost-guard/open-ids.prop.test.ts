import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, seededRandom, type Random } from '@flyball/kernel';

import { bytesBound, from, hasId, withNext, withoutId, type OpenIds } from '../../../src/governors/cost-guard/open-ids.ts';

const seed = Number(process.env['FLYBALL_SEED'] ?? freshSeed());

test(`open ids equal a set, in no more bytes than their bound, seed ${seed}`, () => {
  for (let run = 0; run < 50; run += 1) {
    const both: Both = { random: seededRandom(seed + run), model: new Set(), ids: [], next: 1 };
    both.next += both.random.below(2 ** 40);
    const gap = both.random.pick([1, 2, 50, 100_000]);
    for (let step = 0; step < 300; step += 1) {
      change(both, gap);
      compare(both);
    }
    assert.ok([...both.model].every((id) => hasId(both.ids, id)));
  }
});

interface Both {
  readonly random: Random;
  readonly model: Set<number>;
  ids: OpenIds;
  next: number;
}

function change(both: Both, gap: number): void {
  const { random, model } = both;
  const roll = random.next();
  if (roll < 0.6) {
    const id = both.next + random.below(gap);
    both.ids = withNext(both.ids, id);
    both.next = id + 1;
    model.add(id);
    return;
  }
  if (model.size === 0) return;
  const id = random.pick([...model]);
  both.ids = roll < 0.98 ? withoutId(both.ids, id) : from(both.ids, id + 1);
  for (const one of model) if (one === id || (roll >= 0.98 && one < id)) model.delete(one);
}

function compare({ random, model, ids, next }: Both): void {
  const probe = random.next() < 0.5 && model.size > 0 ? random.pick([...model]) : next - 1 - random.below(100);
  assert.equal(hasId(ids, probe), model.has(probe));
  assert.ok(JSON.stringify(ids).length <= bytesBound(ids, next));
  assert.ok(ids.every((word) => Number.isSafeInteger(word) && word > 0));
}
