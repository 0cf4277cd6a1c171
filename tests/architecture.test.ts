// Folder = package = box of the design: which box may import which is a table in
// tools/house/architecture-rules.ts, and this holds the code to it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { architectureProblems, layers } from '../tools/house/architecture-rules.ts';
import { importsOf } from '../tools/house/imports.ts';
import { describeProblems, readSources } from '../tools/house/sources.ts';

const root = join(import.meta.dirname, '..');

test('every import of this checkout goes in a direction that the design allows', () => {
  const sources = readSources(root);
  assert.ok(sources.some(({ path }) => path === 'packages/kernel/src/index.ts'), 'the sources were found');
  assert.equal(describeProblems(architectureProblems(sources)), '');
});

test('the table of layers has no circle', () => {
  const depthOf = (box: string, below: readonly string[] = []): number => {
    assert.ok(!below.includes(box), `${[...below, box].join(' → ')} is a circle`);
    return 1 + Math.max(0, ...(layers[box] ?? assert.fail(`${box} is not in the table`)).map((next) => depthOf(next, [...below, box])));
  };
  assert.equal(depthOf('kernel'), 1);
  for (const box of Object.keys(layers)) assert.ok(depthOf(box) <= 4, box);
});

test('a checkout that breaks each rule is caught at each place, and nowhere else', () => {
  const problems = architectureProblems(readSources(join(root, 'tests/fixtures/architecture-bad')));
  assert.deepEqual(problems.map(({ rule, path, line }) => `${rule} ${path}:${line}`).toSorted(), [
    'deep-import packages/mcp/src/session.ts:1',
    'direction packages/kernel/package.json:1',
    'direction packages/kernel/src/index.ts:5',
    'direction packages/kernel/test/own.test.ts:2',
    'direction packages/mcp/src/session.ts:3',
    'environment packages/kernel/src/own.ts:1',
    'kernel-builtins-only packages/kernel/package.json:1',
    'kernel-builtins-only packages/kernel/src/index.ts:4',
    'kernel-builtins-only packages/kernel/src/index.ts:5',
    'lockstep packages/cli/package.json:1',
    'lockstep packages/mcp/package.json:1',
    'package-name packages/cli/package.json:1',
    'relative-out-of-package examples/01-deep/src/deep.ts:1',
    'relative-out-of-package packages/kernel/src/index.ts:8',
    'testing-in-source packages/mcp/src/session.ts:2',
    'undeclared-dependency packages/mcp/src/session.ts:3',
    'undeclared-dependency packages/mcp/src/session.ts:6',
    'unknown-box packages/stranger/package.json:1',
    'unused-dependency packages/ledger/package.json:1',
  ]);
});

test('imports are found in every form, and not in comments, strings and templates', () => {
  const text = [
    "import './side-effect.ts';",
    "import type { A } from 'a';",
    "export * from 'b'; export { c as d } from \"c\";",
    "const lazy = await import('d'); const old = require('e'); import.meta.resolve('f');",
    "// import 'comment'",
    "const text = \"import 'string'\"; const pattern = /import 'pattern'/; const ratio = 4 / 2 / 1;",
    "const code = `import 'template' ${await import('g')} import 'after'`;",
    "Array.from('not-an-import'); from('neither');",
  ].join('\n');
  assert.deepEqual(
    importsOf(text).map(({ specifier, line }) => `${specifier}:${line}`),
    ['./side-effect.ts:1', 'a:2', 'b:3', 'c:3', 'd:4', 'e:4', 'f:4', 'g:7'],
  );
});
