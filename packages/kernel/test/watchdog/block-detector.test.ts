import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDetector, observe, type Detector, type Verdict } from '../../src/watchdog/block-detector.ts';

/** Feeds ticks `[ms, beats]`; returns the verdicts. */
function verdicts(ticks: readonly (readonly [number, number])[]): Verdict[] {
  let detector: Detector = newDetector(1_000, 0);
  return ticks.map(([ms, beats]) => {
    const observed = observe(detector, { ms, beats });
    ({ detector } = observed);
    return observed.verdict;
  });
}

const kinds = (ticks: readonly (readonly [number, number])[]) => verdicts(ticks).map(({ kind }) => kind);

test('a main thread that answers each ping is alive', () => {
  assert.deepEqual(kinds([[250, 1], [500, 2], [750, 3], [1_000, 4]]), ['alive', 'alive', 'alive', 'alive']);
});

test('silence for blockedAfterMs is a block, its end a recovery', () => {
  assert.deepEqual(verdicts([[250, 1], [500, 1], [750, 1], [1_000, 1], [1_250, 1], [1_500, 1], [1_750, 2], [2_000, 3]]), [
    { kind: 'alive' }, { kind: 'silent' }, { kind: 'silent' }, { kind: 'silent' }, { kind: 'blocked', blockedMs: 1_000 },
    { kind: 'silent' }, { kind: 'recovered', blockedMs: 1_250 }, { kind: 'alive' },
  ]);
});

test('a silence shorter than that is none', () => {
  assert.deepEqual(kinds([[250, 1], [500, 1], [750, 1], [1_000, 1], [1_249, 2]]), ['alive', 'silent', 'silent', 'silent', 'alive']);
});

test('the same block is reported again after ten seconds and not before', () => {
  const ticks = Array.from({ length: 90 }, (_, at) => [(at + 1) * 250, 1] as const);
  const blocked = verdicts(ticks).filter((verdict) => verdict.kind === 'blocked');
  assert.deepEqual(blocked.map(({ blockedMs }) => blockedMs), [1_000, 11_000, 21_000]);
});

test('time in which the watcher did not run either is not held against the main thread', () => {
  assert.deepEqual(kinds([[250, 1], [60_000, 1], [60_250, 2]]), ['alive', 'silent', 'alive']);
});
