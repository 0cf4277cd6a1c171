// `npm run lint` and `npm run types` can fail: each is run over a fixture that is wrong on purpose.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

function runTool(args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('the linter fires on a fixture that breaks the rules we count on', () => {
  // The fixture's configuration is the root's, without the line that leaves fixtures out.
  const fixture = ['-c', 'tests/fixtures/lint-bad/config.json', '--format=unix', 'tests/fixtures/lint-bad'];
  const { status, output } = runTool(['node_modules/oxlint/bin/oxlint', ...fixture]);
  assert.equal(status, 1, output);
  const rules = ['no-unused-vars', 'prefer-const', 'no-debugger', 'eqeqeq', 'no-throw-literal', 'max-lines', 'max-lines-per-function'];
  const plugins = ['typescript(no-explicit-any)', 'unicorn(prefer-node-protocol)', 'unicorn(filename-case)'];
  for (const rule of [...rules.map((name) => `eslint(${name})`), ...plugins]) assert.ok(output.includes(rule), `${rule} in:\n${output}`);
});

test('the compiler refuses what type stripping cannot run, and what does not fit', () => {
  const { status, output } = runTool(['node_modules/typescript/bin/tsc', '-p', 'tests/fixtures/types-bad']);
  assert.notEqual(status, 0);
  const codes = [...output.matchAll(/\((\d+),\d+\): error (TS\d+)/g)].map((found) => `${found[1]} ${found[2]}`);
  assert.deepEqual(codes.toSorted(), ['12 TS1484', '2 TS2305', '4 TS1294', '8 TS2322', '9 TS2322']);
});
