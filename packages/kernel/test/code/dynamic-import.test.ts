import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as kernel from '@flyball/kernel';
import { createCodeServer, slotOf } from '../../src/code/index.ts';
import { kinds, shop } from './folders.ts';

type Load = () => Promise<Record<string, unknown>>;

test('import() goes through the facades, once for all importers, and natively for packages', async (t) => {
  const server = createCodeServer();
  const { namespace } = await server.load(shop(t, '1', {
    'main.ts': `import { s } from './shared.ts'; export { s }; export const late = () => import('./late.ts'); export const native = () => import('@flyball/kernel');`,
    'late.ts': `import { s } from './shared.ts'; export const same = () => s; export const token = {};`,
    'shared.ts': `export const s = {};`,
  }));
  const [one, two] = await Promise.all([(namespace['late'] as Load)(), (namespace['late'] as Load)()]);
  assert.equal(one, two);
  assert.equal((one!['same'] as () => unknown)(), namespace['s']);
  assert.equal(await (namespace['native'] as Load)(), kernel);
  assert.deepEqual(server.modules('shop').map(({ id }) => id).sort(), ['shop/late.ts', 'shop/main.ts', 'shop/shared.ts']);
});

test('what was imported dynamically is swapped with the rest, held namespaces included', async (t) => {
  const server = createCodeServer();
  const files = { 'main.ts': `export const late = () => import('./late.ts');`, 'late.ts': `import { upgradable } from '@flyball/kernel'; export const v = 1; export const u = upgradable({}, 1);` };
  const { namespace } = await server.load(shop(t, '1', files));
  const held = await (namespace['late'] as Load)();
  const slot = slotOf(held['u'])!;
  assert.deepEqual(slot.ref, { module: 'shop/late.ts', export: 'u' });
  const swap = await server.prepare(shop(t, '2', { ...files, 'late.ts': files['late.ts'].replaceAll('1', '2') }));
  assert.deepEqual(kinds(swap), { 'shop/main.ts': 'unchanged', 'shop/late.ts': 'changed' });
  swap.commit();
  assert.equal(held['v'], 2);
  assert.deepEqual([slot.current, slotOf(held['u']) === slot], [2, true]);
  assert.equal((await (namespace['late'] as Load)())['v'], 2);
  const three = await server.prepare(shop(t, '3', { 'main.ts': files['main.ts'] }));
  assert.deepEqual(kinds(three), { 'shop/main.ts': 'unchanged', 'shop/late.ts': 'deleted' });
  three.commit();
  await assert.rejects((namespace['late'] as Load)(), { code: 'code-not-found' });
});

test('a module imported between prepare and commit is of the old version until it is imported again', async (t) => {
  const server = createCodeServer();
  const files = (n: number) => ({ 'main.ts': `export const late = () => import('./late.ts'); export const n = ${n};`, 'late.ts': `export const v = ${n};` });
  const { namespace } = await server.load(shop(t, '1', files(1)));
  const late = namespace['late'] as Load;
  const swap = await server.prepare(shop(t, '2', files(2)));
  const held = await late();
  assert.equal(held['v'], 1);
  swap.commit();
  assert.equal((await late())['v'], 2);
  assert.equal(held['v'], 2, 'old facades are bound to it too');
});

test('import() at the top level of a new body belongs to the new version', async (t) => {
  const server = createCodeServer();
  const files = (n: number) => ({ 'main.ts': `export const top = (await import('./late.ts')).v; export const late = () => import('./late.ts'); export const n = ${n};`, 'late.ts': `export const v = ${n};` });
  const { namespace } = await server.load(shop(t, '1', files(1)));
  const held = await (namespace['late'] as Load)();
  const swap = await server.prepare(shop(t, '2', files(2)));
  assert.equal(swap.namespaceOf('shop/main.ts')['top'], 2);
  assert.equal(held['v'], 1);
  assert.equal((await (namespace['late'] as Load)())['v'], 1);
  swap.commit();
  assert.deepEqual([held['v'], namespace['top']], [2, 2]);
});

test('one that failed can be imported again once repaired', async (t) => {
  const server = createCodeServer();
  const key = Symbol.for('flyball.test.repaired');
  const { namespace } = await server.load(shop(t, '1', {
    'main.ts': `export const late = () => import('./late.ts');`,
    'late.ts': `import './dep.ts'; if (!globalThis[Symbol.for('flyball.test.repaired')]) throw new Error('not yet'); export const v = 1;`,
    'dep.ts': `export const d = 1;`,
  }));
  const late = namespace['late'] as Load;
  const failures = await Promise.allSettled([late(), late()]);
  assert.deepEqual(failures.map((one) => one.status === 'rejected' && (one.reason as { code: string }).code), ['code-evaluate', 'code-evaluate']);
  (globalThis as Record<symbol, unknown>)[key] = true;
  t.after(() => delete (globalThis as Record<symbol, unknown>)[key]);
  assert.equal((await late())['v'], 1);
});

test('two at once that share what they import evaluate it once', async (t) => {
  const server = createCodeServer();
  const { namespace } = await server.load(shop(t, '1', {
    'main.ts': `export const both = () => Promise.all([import('./x.ts'), import('./y.ts')]);`,
    'x.ts': `import { shared } from './shared.ts'; export const s = shared;`,
    'y.ts': `import { shared } from './shared.ts'; export const s = shared;`,
    'shared.ts': `export let shared; await new Promise((done) => setImmediate(done)); shared = {};`,
  }));
  const [x, y] = await (namespace['both'] as () => Promise<Record<string, unknown>[]>)();
  assert.equal(typeof x!['s'], 'object');
  assert.equal(x!['s'], y!['s']);
});
