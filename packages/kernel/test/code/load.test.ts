import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as kernel from '@flyball/kernel';
import { createCodeServer } from '../../src/code/index.ts';
import { folder, shop, write } from './folders.ts';

test('evaluates each module once, imports first, and answers the exports of the entry', async (t) => {
  const application = shop(t, '1', {
    'main.ts': `import { b } from './lib/b.ts'; import { log } from './lib/log.js'; log.push('main'); export const sum: number = b + 1; export default 'main'; export { log };`,
    'lib/b.ts': `import { log } from './log.js'; log.push('b'); export const b: number = 41;`,
    'lib/log.js': `export const log = [];`,
  });
  const server = createCodeServer();
  const loaded = await server.load(application);
  assert.deepEqual({ ...loaded.namespace }, { sum: 42, default: 'main', log: ['b', 'main'] });
  assert.deepEqual(loaded.modules.map(({ id }) => id).sort(), ['shop/lib/b.ts', 'shop/lib/log.js', 'shop/main.ts']);
  assert.deepEqual(server.modules('shop').map(({ generation, version }) => [generation, version]), [[1, '1'], [1, '1'], [1, '1']]);
  assert.equal(server.application('shop').version, '1');
});

test('packages are the instances that the platform uses, wherever the application lies', async (t) => {
  const application = shop(t, '1', {
    'main.ts': `import { Slot } from '@flyball/kernel'; import fs, { readFileSync } from 'node:fs'; export { Slot, readFileSync, fs };`,
  });
  const { namespace } = await createCodeServer().load(application);
  assert.equal(namespace['Slot'], kernel.Slot);
  assert.equal(namespace['readFileSync'], readFileSync);
  assert.equal((namespace['fs'] as typeof import('node:fs')).readFileSync, readFileSync);
});

test('other packages come from beside the application, under the conditions of the process', async (t) => {
  const application = shop(t, '1', { 'main.ts': `import { where } from 'thing'; import legacy from './legacy.cjs'; export { where, legacy };` });
  write(application.directory, {
    'node_modules/thing/package.json': JSON.stringify({ name: 'thing', exports: { 'flyball-source': './source.js', require: './require.cjs', default: './default.js' }, type: 'module' }),
    'node_modules/thing/source.js': `export const where = 'source';`,
    'node_modules/thing/default.js': `export const where = 'default';`,
    'node_modules/thing/require.cjs': `exports.where = 'require';`,
    'legacy.cjs': `module.exports = { legacy: true };`,
  });
  const { namespace } = await createCodeServer().load(application);
  write(application.directory, { 'native.mjs': `export { where } from 'thing';` });
  const native = await import(join(application.directory, 'native.mjs')) as { where: string };
  assert.notEqual(native.where, 'require');
  assert.deepEqual({ ...namespace }, { where: native.where, legacy: { legacy: true } });
});

test('a copy of a platform package beside the application is passed over', async (t) => {
  const application = shop(t, '1', { 'main.ts': `export { Slot } from '@flyball/kernel';` });
  write(application.directory, {
    'node_modules/@flyball/kernel/package.json': JSON.stringify({ name: '@flyball/kernel', exports: './index.js', type: 'module' }),
    'node_modules/@flyball/kernel/index.js': `export const Slot = 'another';`,
  });
  const { namespace } = await createCodeServer().load(application);
  assert.equal(namespace['Slot'], kernel.Slot);
});

test('modules that import each other', async (t) => {
  const application = shop(t, '1', {
    'even.ts': `import { odd } from './odd.ts'; export function even(n: number): boolean { return n === 0 || odd(n - 1); } export const started = odd(3);`,
    'odd.ts': `import { even } from './even.ts'; export function odd(n: number): boolean { return n !== 0 && even(n - 1); }\nexport const early = even(2);`,
  });
  const { namespace } = await createCodeServer().load(application);
  assert.equal((namespace['even'] as (n: number) => boolean)(10), true);
  assert.equal(namespace['started'], true);
});

test('export *, renamed and namespace exports, through several modules', async (t) => {
  const application = shop(t, '1', {
    'main.ts': `export * from './all.ts'; export * as parts from './parts.ts'; export { one as uno, default as dflt } from './parts.ts';`,
    'all.ts': `export * from './parts.ts'; export const three = 3;`,
    'parts.ts': `export const one = 1; export const two = 2; export default 0;`,
  });
  const { namespace } = await createCodeServer().load(application);
  assert.deepEqual({ ...namespace, parts: { ...namespace['parts'] as object } }, { one: 1, two: 2, three: 3, uno: 1, dflt: 0, parts: { one: 1, two: 2, default: 0 } });
});

test('top-level await, import.meta and JSON', async (t) => {
  const application = shop(t, '1', {
    'src/main.ts': `import data from './data.json' with { type: 'json' }; export const value: string = await Promise.resolve('late'); export const { url, filename, dirname } = import.meta; export { data };`,
    'src/data.json': '{ "a": [1] }',
  });
  const { namespace } = await createCodeServer().load(application);
  const file = join(application.directory, 'src/main.ts');
  assert.deepEqual({ ...namespace }, { value: 'late', data: { a: [1] }, url: `file://${file}`, filename: file, dirname: join(application.directory, 'src') });
});

test('a stack names the file and the line of the TypeScript source, under its real path', async (t) => {
  const application = shop(t, '1', { 'main.ts': `interface Gone {\n  a: string;\n}\nexport function fail(_what?: Gone): never {\n  throw new Error('boom');\n}\n` });
  const link = join(folder(t), 'current');
  symlinkSync(application.directory, link);
  const { namespace } = await createCodeServer().load({ ...application, directory: link });
  assert.throws(() => (namespace['fail'] as () => void)(), (error: Error) => {
    assert.match(error.stack!.split('\n')[1]!, new RegExp(`fail \\(file://${application.directory}/main\\.ts:5:9\\)`));
    return true;
  });
});

test('an application is loaded once, and can be loaded again after unload', async (t) => {
  const application = shop(t, '1', { 'main.ts': `export const a = {};` });
  const server = createCodeServer();
  const first = server.load(application);
  await assert.rejects(server.load(application), { code: 'code-loaded' });
  const before = (await first).namespace['a'];
  await assert.rejects(server.load(application), { code: 'code-loaded' });
  server.unload('shop');
  assert.deepEqual(server.modules(), []);
  assert.notEqual((await server.load(application)).namespace['a'], before);
});

test('what is not known is refused by code', async (t) => {
  const server = createCodeServer();
  await assert.rejects(server.prepare(shop(t, '2', { 'a.ts': '' })), { code: 'code-unknown-application' });
  assert.throws(() => server.modules('shop'), { code: 'code-unknown-application' });
  assert.throws(() => server.namespace('shop/a.ts'), { code: 'code-unknown-module' });
  assert.throws(() => server.unload('shop'), { code: 'code-unknown-application' });
  assert.equal(server.slot({ module: 'shop/a.ts', export: 'a' }), undefined);
});

test('a bad application source is refused with the reason', async (t) => {
  const server = createCodeServer();
  const good = shop(t, '1', { 'a.ts': '' });
  for (const wrong of [{ name: 'a/b' }, { name: '' }, { version: '' }, { entry: '../a.ts' }, { entry: '' }, { directory: '/does/not/exist' }]) {
    await assert.rejects(server.load({ ...good, ...wrong }), { code: 'code-bad-application' });
  }
  await server.load({ ...good, name: '@scope/shop', entry: './a.ts' });
  assert.deepEqual(server.modules().map(({ id }) => id), ['@scope/shop/a.ts']);
  assert.deepEqual({ ...server.namespace('@scope/shop/a.ts') }, {});
});
