import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCodeServer, type CodeServer, type PrepareOptions, type PreparedSwap } from '../../src/code/index.ts';
import { kinds, shop, type Files } from './folders.ts';
import type { TestContext } from 'node:test';

type Namespace = Readonly<Record<string, any>>; // oxlint-disable-line typescript/no-explicit-any -- exports of modules written below

interface Pair {
  server: CodeServer;
  /** Live exports of version 1's entry. */
  live: Namespace;
  swap: PreparedSwap;
  second: Files;
}

/** Loads the first version and prepares the second, which has the files given and the others of the first. */
async function prepared(t: TestContext, first: Files, changes: Files, options?: PrepareOptions & { without?: string[] }): Promise<Pair> {
  const server = createCodeServer();
  const live = (await server.load(shop(t, '1', first))).namespace;
  const second = Object.fromEntries(Object.entries({ ...first, ...changes }).filter(([path]) => !options?.without?.includes(path)));
  return { server, live, swap: await server.prepare(shop(t, '2', second), options), second };
}

test('an importer that did not change sees the new code from the commit on, without being evaluated again', async (t) => {
  const { server, live, swap } = await prepared(t, {
    'main.ts': `import { price, tax } from './price.ts'; export const evaluated = {}; export const total = () => price + tax(price);`,
    'price.ts': `export const price = 100; export function tax(p: number) { return p * 0.1; }`,
  }, { 'price.ts': `export const price = 200; export function tax(p: number) { return p * 0.2; }` });
  const { evaluated } = live;
  assert.equal(live['total'](), 110);
  assert.deepEqual(kinds(swap), { 'shop/main.ts': 'unchanged', 'shop/price.ts': 'changed' });
  assert.equal(swap.namespaceOf('shop/price.ts')['price'], 200);
  assert.throws(() => swap.namespaceOf('shop/none.ts'), { code: 'code-unknown-module' });
  swap.commit();
  assert.equal(live['total'](), 240);
  assert.equal(live['evaluated'], evaluated);
  assert.deepEqual(server.modules('shop').map(({ id, version, generation }) => [id, version, generation]).sort(), [['shop/main.ts', '1', 1], ['shop/price.ts', '2', 2]]);
  assert.equal(server.application('shop').version, '2');
});

test('a new body sees the new versions of what it imports while it is evaluated; the running ones see the old', async (t) => {
  const { live, swap } = await prepared(t, {
    'main.ts': `import { a } from './a.ts'; export const atTop = a; export const now = () => a;`,
    'a.ts': `export const a = 1;`,
  }, { 'main.ts': `import { a } from './a.ts'; export const atTop = a * 10; export const now = () => a;`, 'a.ts': `export const a = 2;` });
  assert.equal(swap.namespaceOf('shop/main.ts')['atTop'], 20);
  assert.deepEqual([live['atTop'], live['now']()], [1, 1]);
  const oldNow = live['now'];
  swap.commit();
  assert.deepEqual([live['atTop'], live['now']()], [20, 2]);
  assert.equal(oldNow(), 2, 'old code that still runs calls the new code');
});

test('rollback puts everything back in one tick, and the next version can come', async (t) => {
  const first = { 'main.ts': `import { a } from './a.ts'; export const now = () => a;`, 'a.ts': `export const a = 1;` };
  const { server, live, swap } = await prepared(t, first, { 'a.ts': `export const a = 2; export const more = 1;` });
  swap.commit();
  assert.equal(live['now'](), 2);
  swap.rollback();
  assert.equal(live['now'](), 1);
  assert.equal(server.application('shop').version, '1');
  assert.deepEqual(Object.keys(server.namespace('shop/a.ts')), ['a']);
  assert.throws(() => swap.rollback(), { code: 'code-swap-state' });
  const next = await server.prepare(shop(t, '3', { ...first, 'a.ts': `export const a = 3;` }));
  next.commit();
  next.release();
  assert.equal(live['now'](), 3);
  assert.throws(() => next.rollback(), { code: 'code-swap-state' });
  assert.deepEqual(server.modules('shop').find(({ id }) => id === 'shop/a.ts')?.generation, 3, 'a generation is not given twice');
});

test('what a version exports more is there for importers of that version', async (t) => {
  const { server, live, swap } = await prepared(t, {
    'main.ts': `import { a } from './a.ts'; export const now = () => [a];`,
    'a.ts': `export const a = 1;`,
  }, { 'main.ts': `import { a, b } from './a.ts'; export const now = () => [a, b]; export const extra = true;`, 'a.ts': `export const a = 2; export const b = 3;` });
  swap.commit();
  assert.deepEqual(live['now'](), [2, 3]);
  assert.equal('extra' in live, false, 'names are fixed when an importer links');
  assert.equal(server.namespace('shop/main.ts')['extra'], true);
});

test('a later swap reaches importers that were linked at any version', async (t) => {
  const version = (n: number, more = '') => `export const n = ${n}; export const old = () => n; ${more}`;
  const first = { 'main.ts': `import { n } from './n.ts'; import { two } from './two.ts'; export const seen = () => [n, two()];`, 'n.ts': version(1), 'two.ts': `export const two = () => 0;` };
  const { server, live, swap } = await prepared(t, first, { 'n.ts': version(2, 'export const b = 2;'), 'two.ts': `import { n, b } from './n.ts'; export const two = () => n * 100 + b;` });
  swap.commit();
  swap.release();
  assert.deepEqual(live['seen'](), [2, 202]);
  const two = server.namespace('shop/two.ts');
  const next = await server.prepare(shop(t, '3', { ...first, 'n.ts': version(3, 'export const b = 5; export const c = 0;'), 'two.ts': `import { n, b } from './n.ts'; export const two = () => n * 100 + b;` }));
  assert.deepEqual(kinds(next), { 'shop/main.ts': 'unchanged', 'shop/n.ts': 'changed', 'shop/two.ts': 'unchanged' });
  next.commit();
  assert.deepEqual(live['seen'](), [3, 305]);
  assert.equal((two['two'] as () => number)(), 305);
});

test('a name that was dropped is undefined to old code, and refused where unchanged code imports it', async (t) => {
  const first = { 'main.ts': `import { a, b } from './a.ts'; export const now = () => [a, b];`, 'a.ts': `export const a = 1; export const b = 1;` };
  const { server, live, swap } = await prepared(t, first, { 'main.ts': `import { a } from './a.ts'; export const now = () => [a];`, 'a.ts': `export const a = 2;` });
  const oldNow = live['now'];
  swap.commit();
  assert.deepEqual(oldNow(), [2, undefined]);
  swap.rollback();
  assert.deepEqual(oldNow(), [1, 1]);
  const broken = shop(t, '3', { ...first, 'a.ts': `export const a = 3;` });
  await assert.rejects(server.prepare(broken), { code: 'code-link', file: join(broken.directory, 'main.ts'), line: 1, message: /'\.\/a\.ts' does not provide an export named 'b'/ });
  assert.deepEqual(live['now'](), [1, 1]);
});

test('modules come and go', async (t) => {
  const { server, live, swap } = await prepared(t, {
    'main.ts': `import { a } from './a.ts'; export const now = () => a();`,
    'a.ts': `export const a = () => 'a';`,
  }, { 'main.ts': `import { b } from './b.ts'; export const now = () => b();`, 'b.ts': `export const b = () => 'b';` }, { without: ['a.ts'] });
  const oldNow = live['now'];
  assert.deepEqual(kinds(swap), { 'shop/main.ts': 'changed', 'shop/b.ts': 'added', 'shop/a.ts': 'deleted' });
  swap.commit();
  assert.equal(live['now'](), 'b');
  assert.equal(oldNow(), 'a', 'old code ends with what it began with');
  assert.deepEqual(server.modules('shop').map(({ id }) => id).sort(), ['shop/b.ts', 'shop/main.ts']);
  swap.rollback();
  assert.equal(live['now'](), 'a');
});

test('an importer of all names is evaluated again when the names change, and only then', async (t) => {
  const first = {
    'main.ts': `import * as parts from './all.ts'; export const names = () => Object.keys(parts);`,
    'all.ts': `export * from './parts.ts';`,
    'parts.ts': `export const a = 1;`,
  };
  const { server, live, swap } = await prepared(t, first, { 'parts.ts': `export const a = 2;` });
  assert.deepEqual(kinds(swap), { 'shop/main.ts': 'unchanged', 'shop/all.ts': 'unchanged', 'shop/parts.ts': 'changed' });
  swap.commit();
  swap.release();
  assert.equal(server.namespace('shop/all.ts')['a'], 2, 'what is passed on is the new value');
  const next = await server.prepare(shop(t, '3', { ...first, 'parts.ts': `export const a = 3; export const b = 3;` }));
  assert.deepEqual(kinds(next), { 'shop/main.ts': 'changed', 'shop/all.ts': 'changed', 'shop/parts.ts': 'changed' });
  next.commit();
  assert.deepEqual(live['names'](), ['a', 'b']);
});

test('values passed on through several modules that did not change are renewed, whatever their order', async (t) => {
  const { live, swap } = await prepared(t, {
    'main.ts': `import { x } from './one.ts'; import { z } from './two.ts'; export const now = () => [x, z];`,
    'one.ts': `export { y as x } from './two.ts'; export const w = 1;`,
    'two.ts': `export { w as z } from './one.ts'; export { v as y } from './origin.ts';`,
    'origin.ts': `export const v = 1;`,
  }, { 'origin.ts': `export const v = 2;` });
  assert.deepEqual(live['now'](), [1, 1]);
  swap.commit();
  assert.deepEqual(live['now'](), [2, 1]);
});

test('one of the modules that import each other changes, and its names with it', async (t) => {
  const first = {
    'a.ts': `import * as b from './b.ts'; export const a = 1; export const names = () => Object.keys(b);`,
    'b.ts': `import { a } from './a.ts'; export const b = () => a;`,
  };
  const { server, live, swap } = await prepared(t, first, { 'b.ts': `import { a } from './a.ts'; export const b = () => a; export const c = 1;` });
  assert.deepEqual(kinds(swap), { 'shop/a.ts': 'changed', 'shop/b.ts': 'changed' });
  swap.commit();
  assert.deepEqual(live['names'](), ['b', 'c']);
  const broken = shop(t, '3', { ...first, 'b.ts': `\nimport { gone } from './a.ts'; export const b = gone;` });
  await assert.rejects(server.prepare(broken), { code: 'code-link', file: join(broken.directory, 'b.ts'), line: 2 });
});

test('with reevaluate "importers", values computed at top level are those of a fresh start', async (t) => {
  const files = { 'main.ts': `import { doubled } from './doubled.ts'; export const tripled = doubled * 1.5; export { free } from './free.ts';`, 'doubled.ts': `import { n } from './n.ts'; export const doubled = n * 2;`, 'n.ts': `export const n = 1;`, 'free.ts': `export const free = {};` };
  const { server, live, swap } = await prepared(t, files, { 'n.ts': `export const n = 2;` });
  const { free } = live;
  swap.commit();
  assert.equal(live['tripled'], 3, 'as in Erlang, only the changed module is loaded');
  const next = await server.prepare(shop(t, '3', { ...files, 'n.ts': `export const n = 3;` }), { reevaluate: 'importers' });
  assert.deepEqual(kinds(next), { 'shop/main.ts': 'changed', 'shop/doubled.ts': 'changed', 'shop/n.ts': 'changed', 'shop/free.ts': 'unchanged' });
  next.commit();
  assert.equal(live['tripled'], 9);
  assert.equal(live['free'], free);
});

test('the same directory, edited in place', async (t) => {
  const application = shop(t, '1', { 'a.ts': `export const a = 1;` });
  const server = createCodeServer();
  const { namespace } = await server.load(application);
  const again = await server.prepare({ ...application, version: '2' });
  assert.deepEqual(kinds(again), { 'shop/a.ts': 'unchanged' });
  again.commit();
  assert.equal(server.application('shop').version, '2');
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(application.directory, 'a.ts'), `export const a = 2;`);
  const edited = await server.prepare({ ...application, version: '3' });
  edited.commit();
  assert.equal(namespace['a'], 2);
});

test('a module that stays reads its own files beside the new version', async (t) => {
  const first = { 'main.ts': `import { a } from './a.ts'; export const where = () => [import.meta.dirname, import.meta.url, a];`, 'a.ts': `export const a = 1;` };
  const server = createCodeServer();
  const one = shop(t, '1', first);
  const two = shop(t, '2', { ...first, 'a.ts': `export const a = 2;` });
  const { namespace } = await server.load(one);
  const where = namespace['where'] as () => unknown[];
  assert.equal(where()[0], one.directory);
  const swap = await server.prepare(two);
  assert.equal(where()[0], one.directory);
  swap.commit();
  assert.deepEqual(where(), [two.directory, `file://${two.directory}/main.ts`, 2]);
  swap.rollback();
  assert.equal(where()[0], one.directory);
});

test('of one application one swap at a time, of several as many', async (t) => {
  const server = createCodeServer();
  const files = { 'a.ts': `export const a = 1;` };
  const [one, two] = [shop(t, '1', files), shop(t, '2', files)];
  await server.load(one);
  await server.load({ ...one, name: 'other' });
  const first = server.prepare(two);
  await assert.rejects(server.prepare(two), { code: 'code-busy' });
  const swap = await first;
  await assert.rejects(server.prepare(two), { code: 'code-busy' });
  assert.throws(() => server.unload('shop'), { code: 'code-busy' });
  const other = await server.prepare({ ...two, name: 'other' });
  other.commit();
  swap.abort();
  assert.throws(() => swap.commit(), { code: 'code-swap-state' });
  const again = await server.prepare(two);
  again.commit();
  again.abort();
  assert.equal(server.application('shop').version, '2', 'abort does nothing to what is committed');
});

test('a swap that was overtaken is refused', async (t) => {
  const server = createCodeServer();
  const version = (n: number) => shop(t, String(n), { 'a.ts': `export const a = ${n};` });
  const { namespace } = await server.load(version(1));
  const two = await server.prepare(version(2));
  two.commit();
  const three = await server.prepare(version(3));
  two.rollback();
  assert.throws(() => three.commit(), { code: 'code-stale' });
  three.abort();
  assert.equal(namespace['a'], 1);
  const four = await server.prepare(version(4));
  four.commit();
  const five = await server.prepare(version(5));
  five.commit();
  assert.throws(() => four.rollback(), { code: 'code-stale' });
  assert.equal(namespace['a'], 5);
});

test('the directory of the earlier version may be gone by then', async (t) => {
  const files = { 'main.ts': `import { a } from './a.ts'; export const now = () => a;`, 'a.ts': `export const a = 1;` };
  const server = createCodeServer();
  const one = shop(t, '1', files);
  const { namespace } = await server.load(one);
  rmSync(one.directory, { recursive: true });
  const swap = await server.prepare(shop(t, '2', { ...files, 'a.ts': `export const a = 2;` }));
  swap.commit();
  assert.equal((namespace['now'] as () => number)(), 2);
});
