import assert from 'node:assert/strict';
import { test } from 'node:test';
import { componentsOf } from '../../src/code/components.ts';

function components(graph: Record<string, string[]>, ...roots: string[]): string[][] {
  return componentsOf(roots, (path) => graph[path]!);
}

test('what a module imports comes before it, in the order of its imports', () => {
  assert.deepEqual(components({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, 'a'), [['d'], ['b'], ['c'], ['a']]);
});

test('modules that import each other are one component, ordered as ECMAScript evaluates them', () => {
  assert.deepEqual(components({ a: ['b'], b: ['c'], c: ['b', 'd'], d: [] }, 'a'), [['d'], ['c', 'b'], ['a']]);
});

test('a module that imports itself is a component of its own', () => {
  assert.deepEqual(components({ a: ['a'] }, 'a'), [['a']]);
});

test('two circles that meet in one module are one', () => {
  assert.deepEqual(components({ a: ['b', 'c'], b: ['a'], c: ['a'] }, 'a'), [['b', 'c', 'a']]);
});

test('roots that share what they import', () => {
  assert.deepEqual(components({ a: ['c'], b: ['c'], c: [] }, 'a', 'b', 'a'), [['c'], ['a'], ['b']]);
});

test('a chain deeper than the call stack', () => {
  const graph: Record<string, string[]> = {};
  for (let at = 0; at < 50_000; at++) graph[at] = at === 49_999 ? [] : [String(at + 1)];
  const found = components(graph, '0');
  assert.equal(found.length, 50_000);
  assert.deepEqual([found[0], found.at(-1)], [['49999'], ['0']]);
});
