// The governors' suite holds what it promises: its figures by name, a table of ours and the peers, printed seeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import suite from '../governors.bench.ts';
import { compare, comparisonTable } from '../governors/comparison.ts';
import { FIRST_SEED, once, seedsOf, seedText } from '../governors/seeds.ts';
import { targetText } from '../harness/figure.ts';

const PROMISED: Readonly<Record<string, string>> = {
  cost_overspend_pct: '<= 0', cost_used_pct_x1: '>= 99', cost_used_pct_x10: '>= 99', cost_used_pct_x100: '>= 95',
  rollback_false_pct_r02: '<= 0.5', rollback_false_pct_r2: '<= 0.5', rollback_false_pct_r20: '<= 0.1',
  rollback_detect_min_r02: '<= 12', rollback_detect_min_r2: '<= 2', rollback_detect_min_r20: '<= 1',
  rollback_missed_pct_r2: '<= 0.1', rollback_latency_detect_min_r20: '<= 5',
  valve_goodput_pct_of_ideal: '>= 99', valve_p99_ms: '<= 150', valve_flips_per_hour: '<= 6', valve_recovery_s: '<= 5',
  decide_per_s: '>= 500000', state_bytes: '<= 4096',
};

test('every promised figure is there with its target, and no other', () => {
  assert.deepEqual(Object.fromEntries(suite.figures.map(({ name, target }) => [name, targetText(target)])), PROMISED);
});

test('a figure measured twice is the same: it is a simulation', async () => {
  const figure = suite.figures.find(({ name }) => name === 'state_bytes')!;
  const conditions = { pairs: 1, warmUpMs: 0, windowMs: 0, pin: false, quick: true, say: () => undefined };
  const first = await figure.measure(conditions);
  assert.deepEqual(await figure.measure(conditions), first);
  assert.ok(first.kind === 'measured' && first.value > 500 && first.detail.includes(`seeds ${FIRST_SEED}`), JSON.stringify(first));
});

test('quick takes a twentieth of the runs, at least one; what is measured once is kept', () => {
  assert.deepEqual([seedsOf(10_000, true).count, seedsOf(3, true).count, seedsOf(3, false).count], [500, 1, 3]);
  assert.equal(seedText({ from: 5, count: 3 }), '3 runs, seeds 5 to 7');
  let made = 0;
  const kept = once(() => (made += 1));
  assert.deepEqual([kept(true), kept(true), kept(false), made], [1, 1, 2, 2]);
});

test('the table has ours and the peers of a figure, a section for each set of policies', () => {
  assert.equal(compare('f1', [{ name: 'ours', value: 1 }, { name: 'peer', value: undefined }]), 'peer never');
  compare('f2', [{ name: 'ours', value: 2_000 }, { name: 'peer', value: 0.5 }]);
  compare('g', [{ name: 'mine', value: 3 }, { name: 'other', value: 4 }]);
  assert.equal(comparisonTable(), 'policy     f1     f2\nours        1  2,000\npeer    never   0.50\n\npolicy  g\nmine    3\nother   4\n');
});
