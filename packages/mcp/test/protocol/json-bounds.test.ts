import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitsBounds } from '../../src/protocol/json-bounds.ts';

const bounds = { depthMax: 3, charactersMax: 100 };

test('what fits is let through, to the last level and character', () => {
  for (const value of [{}, { elicitation: { form: {} } }, [[[]]], 'x'.repeat(98), { a: 'x'.repeat(90) }, null, 7]) assert.equal(fitsBounds(value, bounds), true, JSON.stringify(value));
});

test('what is too deep or too long is not, wherever the excess is', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`) as unknown;
  for (const value of [[[[[]]]], deep, 'x'.repeat(99), { ['x'.repeat(100)]: 1 }, { a: 'x'.repeat(50), b: 'x'.repeat(50) }, Array.from({ length: 60 }, () => 1)]) assert.equal(fitsBounds(value, bounds), false);
});
