// `npm test` can fail: each file of tests/fixtures/tests-bad fails in its own way, and ends.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestEvent } from 'node:test/reporters';

import { TestReport } from '../tools/test-events.ts';
import { testRun } from '../tools/test-run.ts';

const root = join(import.meta.dirname, 'fixtures/tests-bad');

async function reportOn(...files: string[]): Promise<{ report: TestReport; events: TestEvent[] }> {
  const report = new TestReport();
  const run = { root, filesAtOnce: 1, testTimeoutMs: 300, openGraceMs: 200, silenceGraceMs: 2_700 };
  const starts = files.map((file) => () => testRun({ ...run, files: [file] }));
  return { report, events: await Array.fromAsync(report.join(starts)) };
}

const bad = globSync('*.test.ts', { cwd: root }).filter((file) => file !== 'passes-and-skips.test.ts');

test('there is a fixture for each way to fail', () => {
  assert.deepEqual(bad.toSorted(), ['cannot-load', 'exits-early', 'fails', 'keeps-open', 'loops', 'takes-too-long'].map((name) => `${name}.test.ts`));
});

for (const file of bad) {
  test(`${file} makes the run red`, async () => {
    const { report } = await reportOn(file);
    assert.equal(report.isGreen, false);
    assert.equal(report.count('fail') + report.count('cancelled'), 1);
  });
}

test('what passes is green, a skipped test is known by name and reason', async () => {
  const { report } = await reportOn('passes-and-skips.test.ts');
  assert.equal(report.isGreen, true);
  assert.deepEqual(report.skipped.map(({ name, reason }) => ({ name, reason })), [{ name: 'is skipped', reason: 'needs erl' }]);
});

test('the counts of several runs are summed and told once, before the summary', async () => {
  const { report, events } = await reportOn('passes-and-skips.test.ts', 'fails.test.ts');
  assert.deepEqual([report.count('tests'), report.count('pass'), report.count('fail'), report.count('skipped')], [3, 1, 1, 1]);
  const told = events.filter((event) => event.type === 'test:diagnostic').map((event) => event.data.message);
  assert.deepEqual(told.slice(0, 4), ['tests 3', 'suites 0', 'pass 1', 'fail 1']);
  assert.equal(events.at(-1)?.type, 'test:summary');
});

test('no test at all is not green', () => {
  assert.equal(new TestReport().isGreen, false);
});
