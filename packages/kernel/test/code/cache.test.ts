import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCodeServer } from '../../src/code/index.ts';
import { folder, shop } from './folders.ts';

const files = { 'main.ts': `import { b } from './b.js'; export const a: number = b;`, 'b.js': `export const b = 1;` };

function cached(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('texts without types are kept by hash and used by the next start', async (t) => {
  const cacheDirectory = join(folder(t), 'not/yet/there');
  await createCodeServer({ cacheDirectory }).load(shop(t, '1', files));
  const [file, ...others] = cached(cacheDirectory);
  assert.deepEqual(others, []);
  // A text that only the cache can have given.
  const text = readFileSync(file!, 'utf8').slice(65).replace('a         = b', 'a         = 7');
  const { hash } = await import('node:crypto');
  writeFileSync(file!, `${hash('sha256', text)}\n${text}`);
  const { namespace } = await createCodeServer({ cacheDirectory }).load(shop(t, '1', files));
  assert.equal(namespace['a'], 7);
});

test('a broken file of the cache counts as absent and is replaced', async (t) => {
  const cacheDirectory = folder(t);
  await createCodeServer({ cacheDirectory }).load(shop(t, '1', files));
  const [file] = cached(cacheDirectory);
  const good = readFileSync(file!, 'utf8');
  for (const broken of [good.slice(0, -3), '', good.replace('= b', '= 9')]) {
    writeFileSync(file!, broken);
    const { namespace } = await createCodeServer({ cacheDirectory }).load(shop(t, '1', files));
    assert.equal(namespace['a'], 1);
    assert.equal(readFileSync(file!, 'utf8'), good);
  }
});

test('a cache that cannot be written does not matter', async (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  chmodSync(file, 0o400);
  const { namespace } = await createCodeServer({ cacheDirectory: join(file, 'under') }).load(shop(t, '1', files));
  assert.equal(namespace['a'], 1);
  assert.equal(statSync(file).size, 0);
});

test('a swap uses and fills it as well', async (t) => {
  const cacheDirectory = folder(t);
  const server = createCodeServer({ cacheDirectory });
  await server.load(shop(t, '1', files));
  const swap = await server.prepare(shop(t, '2', { ...files, 'main.ts': `export const a: number = 2;` }));
  swap.commit();
  assert.equal(cached(cacheDirectory).length, 2);
});
