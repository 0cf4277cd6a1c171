import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveSpecifier, starredSpecifiers } from '../../src/code/resolve.ts';

const resolve = (specifier: string, importer = 'src/main.ts') => resolveSpecifier(specifier, importer, '/app');

test('relative and absolute paths inside the directory are modules', () => {
  assert.deepEqual(resolve('./a.ts'), { kind: 'module', path: 'src/a.ts' });
  assert.deepEqual(resolve('../lib/b.mjs'), { kind: 'module', path: 'lib/b.mjs' });
  assert.deepEqual(resolve('/app/c.json'), { kind: 'module', path: 'c.json' });
  assert.deepEqual(resolve('file:///app/d%20e.ts'), { kind: 'module', path: 'd e.ts' });
});

test('packages, Node and kinds of files that only Node can load are native', () => {
  for (const specifier of ['zod', '@flyball/kernel', 'node:fs', 'fs', '#internal']) assert.deepEqual(resolve(specifier), { kind: 'native', specifier });
  assert.deepEqual(resolve('./legacy.cjs'), { kind: 'native', specifier: 'file:///app/src/legacy.cjs' });
  assert.deepEqual(resolve('../node_modules/x/index.js'), { kind: 'native', specifier: 'file:///app/node_modules/x/index.js' });
  assert.deepEqual(resolve('file:///elsewhere/a.ts'), { kind: 'native', specifier: 'file:///elsewhere/a.ts' });
});

test('a relative path out of the directory is refused', () => {
  assert.throws(() => resolve('../../other/a.ts'), { code: 'code-link', file: '/app/src/main.ts', message: /"\.\.\/\.\.\/other\/a\.ts", which is outside/ });
});

test('a folder whose name begins with two dots is inside', () => {
  assert.deepEqual(resolve('./..hidden/a.ts', 'main.ts'), { kind: 'module', path: '..hidden/a.ts' });
});

test('star imports and exports are found in all their forms, and nothing else is', () => {
  const text = `
    import * as a from './a.ts';
    import b, * as $b from "./b.ts";
    export * from './c.ts';
    export * as "d d" from './d.ts';
    import /* all */ * /* of */ as // it
      e from './e.ts'; export*from'./f.ts'
    import { g } from './g.ts';
    export { h } from './h.ts';
    const i = 2 * 3; import('./i.ts');
  `;
  assert.deepEqual(starredSpecifiers(text), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
});
