import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createCodeServer, slotKey, slotOf, upgradable, type CodeServer, type Slot } from '../../src/code/index.ts';
import { shop } from './folders.ts';

type Value = { readonly [slotKey]: Slot<unknown> };

const value = (definition: string) => `upgradable({}, ${JSON.stringify(definition)})`;
const head = `import { upgradable } from '@flyball/kernel';\n`;

async function loaded(t: TestContext, text: string): Promise<{ server: CodeServer; live: Record<string, Value> }> {
  const server = createCodeServer();
  const { namespace } = await server.load(shop(t, '1', { 'a.ts': head + text }));
  return { server, live: namespace as Record<string, Value> };
}

const next = (t: TestContext, server: CodeServer, text: string) => server.prepare(shop(t, '2', { 'a.ts': head + text }));

test('exported values get their reference, default exports too', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('c')}; export default ${value('d')}; export const plain = {};`);
  assert.deepEqual(slotOf(live['counter'])?.ref, { module: 'shop/a.ts', export: 'counter' });
  assert.deepEqual(slotOf(live['default'])?.ref, { module: 'shop/a.ts', export: 'default' });
  assert.equal(slotOf(live['plain']), undefined);
  assert.equal(server.slot({ module: 'shop/a.ts', export: 'counter' }), live['counter']![slotKey]);
  assert.equal(server.slot({ module: 'shop/a.ts', export: 'plain' }), undefined);
});

test('old and new values lead to one slot, whose definition the commit replaces', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('one')};`);
  const before = live['counter']!;
  const slot = before[slotKey];
  slot.gated = true;
  const swap = await next(t, server, `export const counter = ${value('two')};`);
  assert.deepEqual(swap.slots.map(({ ref, previous, next }) => ({ ref, previous, next })), [{ ref: { module: 'shop/a.ts', export: 'counter' }, previous: 'one', next: 'two' }]);
  assert.equal(swap.slots[0]!.slot, slot);
  const prepared = swap.namespaceOf('shop/a.ts')['counter'] as Value;
  assert.equal(prepared[slotKey].current, 'two');
  assert.deepEqual([slot.current, slot.generation], ['one', 1]);

  swap.commit();
  assert.equal(live['counter'], prepared);
  for (const held of [before, prepared]) assert.equal(held[slotKey], slot);
  assert.deepEqual([slot.current, slot.generation, slot.gated], ['two', 2, true]);

  swap.rollback();
  assert.equal(live['counter'], before);
  assert.equal(before[slotKey], slot);
  assert.notEqual(prepared[slotKey], slot);
  assert.deepEqual([slot.current, slot.generation, slot.ref], ['one', 1, { module: 'shop/a.ts', export: 'counter' }]);
});

test('a generation names one code for ever, rollback or not', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('one')};`);
  const slot = live['counter']![slotKey];
  (await commit(server, t, 'two')).rollback();
  (await commit(server, t, 'three')).release();
  assert.deepEqual([slot.current, slot.generation], ['three', 3]);
  (await commit(server, t, 'four')).release();
  assert.deepEqual([slot.current, slot.generation], ['four', 4]);
});

async function commit(server: CodeServer, t: TestContext, definition: string) {
  const swap = await next(t, server, `export const counter = ${value(definition)};`);
  swap.commit();
  return swap;
}

test('over many swaps, values of every version lead to the one slot', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('0')};`);
  const held = [live['counter']!];
  for (let n = 1; n <= 5; n++) {
    (await commit(server, t, String(n))).release();
    held.push(live['counter']!);
  }
  assert.equal(new Set(held).size, 6);
  assert.deepEqual([...new Set(held.map((one) => one[slotKey]))].map(({ current, generation }) => [current, generation]), [['5', 6]]);
});

test('a frozen value is led to its slot all the same', async (t) => {
  const { server, live } = await loaded(t, `export const counter = Object.freeze(${value('one')});`);
  const slot = live['counter']![slotKey];
  const swap = await next(t, server, `export const counter = Object.freeze(${value('two')});`);
  swap.commit();
  assert.equal(live['counter']![slotKey], slot);
});

test('of several names the first one counts, and a version may drop it', async (t) => {
  const { server, live } = await loaded(t, `const v = ${value('one')}; export { v as zeta, v as alpha, v as default };`);
  const slot = live['alpha']![slotKey];
  assert.deepEqual(slot.ref, { module: 'shop/a.ts', export: 'alpha' });
  const swap = await next(t, server, `export const zeta = ${value('two')};`);
  assert.deepEqual(swap.slots.map(({ ref }) => ref.export), ['zeta']);
  assert.deepEqual(swap.removedSlots, []);
  swap.commit();
  assert.deepEqual([slot.current, slot.ref], ['two', { module: 'shop/a.ts', export: 'zeta' }]);
  swap.rollback();
  assert.deepEqual([slot.current, slot.ref], ['one', { module: 'shop/a.ts', export: 'alpha' }]);
});

test('what a version has no more is told; it keeps its definition, and finds back later', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('one')};`);
  const before = live['counter']!;
  const slot = before[slotKey];
  const without = await next(t, server, `export const other = ${value('o')};`);
  assert.deepEqual(without.slots, []);
  assert.deepEqual(without.removedSlots.map((removed) => [removed.ref, removed.slot === slot]), [[{ module: 'shop/a.ts', export: 'counter' }, true]]);
  without.commit();
  without.release();
  assert.deepEqual([slot.current, slot.generation], ['one', 1]);
  const back = await commit(server, t, 'three');
  assert.equal(back.slots[0]?.slot, slot);
  assert.deepEqual([before[slotKey].current, slot.generation], ['three', 2]);
});

test('a value that is passed on stays its own module\'s, or the platform\'s', async (t) => {
  const server = createCodeServer();
  const { namespace } = await server.load(shop(t, '1', {
    'main.ts': `export { counter } from './counter.ts'; export { platformValue } from 'thing';`,
    'counter.ts': `${head}export const counter = ${value('one')};`,
    'node_modules/thing/package.json': JSON.stringify({ name: 'thing', exports: './index.js', type: 'module' }),
    'node_modules/thing/index.js': `export const platformValue = globalThis[Symbol.for('flyball.test.value')];`,
  }));
  assert.deepEqual(slotOf(namespace['counter'])?.ref, { module: 'shop/counter.ts', export: 'counter' });
  assert.equal(slotOf(namespace['platformValue'])?.ref, undefined);
  assert.notEqual(slotOf(namespace['platformValue']), undefined);
});

(globalThis as Record<symbol, unknown>)[Symbol.for('flyball.test.value')] = upgradable({}, 'platform');

test('failing and abandoned preparations leave slots alone', async (t) => {
  const { server, live } = await loaded(t, `export const counter = ${value('one')};`);
  const slot = live['counter']![slotKey];
  await assert.rejects(next(t, server, `export const counter = ${value('two')}; throw new Error('no');`), { code: 'code-evaluate' });
  (await next(t, server, `export const counter = ${value('three')};`)).abort();
  assert.deepEqual([slot.current, slot.generation, live['counter']![slotKey] === slot], ['one', 1, true]);
});
