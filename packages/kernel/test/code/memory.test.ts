import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createCodeServer } from '../../src/code/index.ts';
import { shop } from './folders.ts';

const flags = ['--conditions=flyball-source', '--experimental-vm-modules', '--no-compilation-cache', '--expose-gc', '--disable-warning=ExperimentalWarning'];

test('200 swaps, some of them given up or rolled back, keep no memory', async () => {
  const fixture = join(import.meta.dirname, 'fixtures/many-swaps.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, fixture], { timeout: 110_000 });
  const found = JSON.parse(stdout) as { early: number; late: number; lingering: unknown[]; collected: number; now: number; slot: number };
  assert.ok(found.late / found.early <= 1.05, `${found.early} bytes after 20 swaps, ${found.late} after 200`);
  assert.deepEqual([found.now, found.slot], [200, 200]);
  // Two of each swap's modules at least, but for the last swap's.
  assert.ok(found.collected >= 380, `${found.collected} bodies collected`);
  assert.ok(found.lingering.length <= 4, JSON.stringify(found.lingering));
});

test('old code lingers for as long as anything of it can still run, and no longer', async (t) => {
  const collect = globalThis.gc;
  if (collect === undefined) return t.skip('needs --expose-gc');
  const files = (n: number) => ({ 'main.ts': `import { a } from './a.ts'; export const tick = () => () => a;`, 'a.ts': `export const a = ${n}; const own = ${n}; export const later = () => () => own;` });
  const server = createCodeServer();
  const first = shop(t, '1', files(1));
  const closures = [await load()];
  async function load(): Promise<() => number> {
    await server.load(first);
    return (server.namespace('shop/a.ts')['later'] as () => () => number)();
  }
  const settle = async (until: () => boolean): Promise<void> => {
    for (let round = 0; round < 50 && !until(); round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const swap = await server.prepare(shop(t, '2', files(2)));
  swap.commit();
  assert.deepEqual(server.lingering(), [], 'may still be put back');
  swap.release();
  await settle(() => server.lingering().length === 0);
  assert.deepEqual(server.lingering('shop'), [{ id: 'shop/a.ts', version: '1', generation: 1 }]);
  assert.deepEqual(server.lingering('other'), []);
  assert.equal(closures[0]!(), 1);
  closures.pop();
  await settle(() => server.lingering().length === 0);
  assert.deepEqual(server.lingering(), []);
});

test('an importer that lives on in one closure is still rebound, after collections', async (t) => {
  const collect = globalThis.gc;
  if (collect === undefined) return t.skip('needs --expose-gc');
  const server = createCodeServer();
  const version = (n: number) => shop(t, String(n), { 'main.ts': `import { a, b } from './a.ts'; export const tick = () => () => [a, b]; export const v = ${n};`, 'a.ts': `export const a = ${n}; export const b = ${n}; export const only${n} = 1;` });
  await server.load(version(1));
  const tick = (server.namespace('shop/main.ts')['tick'] as () => () => number[])();
  for (let n = 2; n <= 6; n++) {
    const swap = await server.prepare(version(n));
    swap.commit();
    swap.release();
    for (let round = 0; round < 10; round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(tick(), [n, n]);
  }
});
