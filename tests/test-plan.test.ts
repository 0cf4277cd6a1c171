import assert from 'node:assert/strict';
import { test } from 'node:test';

import { filesOf, planOf, type Plan } from '../tools/test-plan.ts';

function plan(...args: string[]): Plan {
  const found = planOf(args);
  assert.ok(found.ok);
  return found.plan;
}

const files = [
  'tests/tidy.test.ts',
  'tests/spine/upgrade.test.ts',
  'packages/kernel/test/mailbox.test.ts',
  'packages/kernel/test/memory.soak.test.ts',
  'packages/cli/test/start.e2e.test.ts',
  'examples/01-documents/test/search.test.ts',
];

test('without arguments everything runs but the soak tests', () => {
  assert.deepEqual([...plan().steps], ['lint', 'types', 'unit', 'e2e']);
  assert.deepEqual(filesOf(plan(), files), {
    unit: ['packages/kernel/test/mailbox.test.ts', 'tests/tidy.test.ts'],
    e2e: ['examples/01-documents/test/search.test.ts', 'packages/cli/test/start.e2e.test.ts', 'tests/spine/upgrade.test.ts'],
    soak: [],
  });
});

test('a path leaves lint and types out and keeps the files that hold it', () => {
  assert.deepEqual([...plan('./packages/kernel').steps], ['unit', 'e2e']);
  assert.deepEqual(filesOf(plan('./packages/kernel'), files).unit, ['packages/kernel/test/mailbox.test.ts']);
});

test('--only names the steps', () => {
  assert.deepEqual(filesOf(plan('--only', 'soak'), files), { unit: [], e2e: [], soak: ['packages/kernel/test/memory.soak.test.ts'] });
  assert.deepEqual([...plan('--only', 'lint', '--only', 'unit').steps], ['lint', 'unit']);
});

test('what it does not know is refused by name', () => {
  assert.deepEqual(planOf(['--watch', 'x']), { ok: false, problem: 'unknown option --watch' });
  assert.deepEqual(planOf(['--only']), { ok: false, problem: '--only needs a value' });
  assert.deepEqual(planOf(['--only', 'all']), {
    ok: false,
    problem: '--only all: no such step, there are lint, types, unit, e2e, soak',
  });
});
