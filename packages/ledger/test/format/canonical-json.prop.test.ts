// Our canonical JSON against `canonicalize`, and the refusal of all that JSON would drop or change.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freshSeed, parseJson, seededRandom, type Json, type Random } from '@flyball/kernel';
import canonicalize from 'canonicalize';
import { canonicalJson, isCanonical, jsonDepthMax } from '../../src/format/canonical-json.ts';

const given = process.env['FLYBALL_SEED'];
const seed = given === undefined ? freshSeed() : Number(given);

const pieces = ['a', 'B', '"', '\\', '/', '\n', '\u0000', '\u001f', '\u007f', 'é', '€', '\u2028', '😀', '1', '10', '9', '__proto__', 'constructor', '\ufb33', ''];
const numbers = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 123456789012345680000, Number.MAX_SAFE_INTEGER, 5e-324, 1.7976931348623157e308, 4.5, 2e-3];

function text(random: Random): string {
  return Array.from({ length: random.below(4) }, () => random.pick(pieces)).join('');
}

function json(random: Random, depth: number): Json {
  const kind = random.below(depth === 0 ? 4 : 6);
  if (kind === 0) return text(random);
  if (kind === 1) return random.next() < 0.5 ? random.pick(numbers) : (random.next() - 0.5) * 10 ** (random.below(40) - 20);
  if (kind === 2) return random.next() < 0.5;
  if (kind === 3) return null;
  const length = random.below(random.next() < 0.05 ? 40 : 5);
  if (kind === 4) return Array.from({ length }, () => json(random, depth - 1));
  return Object.fromEntries(Array.from({ length }, () => [text(random) + (length > 5 ? random.below(100) : ''), json(random, depth - 1)]));
}

test('what JSON can say comes out as canonicalize has it, and is known as canonical again', () => {
  console.log(`seed ${seed}`);
  const random = seededRandom(seed);
  for (let run = 0; run < 5_000; run += 1) {
    const value = json(random, 4);
    const ours = canonicalJson(value);
    assert.equal(ours, canonicalize(value), `FLYBALL_SEED=${seed}, run ${run}`);
    const parsed = parseJson(ours);
    assert.deepEqual(parsed, withoutMinusZero(value), `FLYBALL_SEED=${seed}, run ${run}`);
    assert.ok(isCanonical(ours, parsed), ours);
  }
});

function withoutMinusZero(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  return Array.isArray(value) ? value.map(withoutMinusZero) : Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutMinusZero(field)]));
}

test('text that says the same in another way is not canonical', () => {
  const others = ['{"b":1,"a":2}', '{ "a":1}', '[1.0]', '[1e2]', '[-0]', '["\\u0061"]', '["\\/"]', '{"a":1,"a":1}', '{"9":1,"10":2}', '[{"b":[],"a":[]}]', '["\\ud800"]', '["\\u001F"]'];
  for (const other of others) assert.ok(!isCanonical(other, parseJson(other)), other);
  for (const canonical of ['{"10":1,"9":2}', '{"\\r":1,"1":2,"\u0080":3,"ö":4,"€":5,"😀":6,"\ufb33":7}', '["\\\\ud800"]', '["\\u001f"]']) assert.ok(isCanonical(canonical, parseJson(canonical)), canonical);
});

const hidden = Object.defineProperty({}, 'secret', { value: 1 });
const circle: unknown[] = [];
circle.push(circle);
class Amount {
  usd = 1;
}
const refused: readonly (readonly [string, unknown, RegExp])[] = [
  ['undefined', { a: [1, { b: undefined }] }, /\$\.a\[1\]\.b is undefined/],
  ['a function', { run: () => 1 }, /\$\.run is a function/],
  ['a symbol', [Symbol('s')], /\$\[0\] is a symbol/],
  ['NaN', { n: Number.NaN }, /\$\.n is NaN/],
  ['an infinity', [-Infinity], /\$\[0\] is -Infinity/],
  ['a BigInt', { n: 1n }, /\$\.n is a bigint/],
  ['a Date', { at: new Date(0) }, /\$\.at is of class Date/],
  ['a Map', { m: new Map() }, /of class Map/],
  ['a Set', new Set(), /of class Set/],
  ['bytes', { b: new Uint8Array(2) }, /of class Uint8Array/],
  ['an object with a class', { a: new Amount() }, /\$\.a is of class Amount/],
  ['a boxed number', { n: Object(1) }, /of class Number/],
  ['a hole', Array(3), /array with holes/],
  ['an array with a name', Object.assign([1], { more: 2 }), /array with holes or further/],
  ['toJSON', { toJSON: () => 'else' }, /toJSON/],
  ['a hidden property', { a: hidden }, /hidden properties/],
  ['a symbol for a name', { [Symbol('s')]: 1 }, /symbols/],
  ['a lone surrogate', { s: 'a\ud800b' }, /\$\.s holds a lone surrogate/],
  ['a lone surrogate in a name', { ['\udc00']: 1 }, /a name in \$ holds a lone surrogate/],
  ['a circle', circle, /deeper than/],
  ['undefined itself', undefined, /\$ is undefined/],
];
for (const [name, value, message] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(() => canonicalJson(value), (error: Error & { code?: string }) => error.code === 'bad-receipt' && message.test(error.message));
  });
}

test('nesting has a limit, and objects without a prototype are plain', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  assert.equal(canonicalJson(nested(jsonDepthMax)).length, 2 * jsonDepthMax + 1);
  assert.throws(() => canonicalJson(nested(jsonDepthMax + 1)), { code: 'bad-receipt' });
  assert.equal(canonicalJson(Object.assign(Object.create(null), { b: 1, a: 2 })), '{"a":2,"b":1}');
});
