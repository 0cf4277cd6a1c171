// Canonical JSON (RFC 8785), and the refusal of what JSON would drop or change without a word: undefined,
// functions, symbols, NaN, infinities, BigInt, Dates, Maps, other objects with a class, holes, lone surrogates.
// Called for each receipt on the thread of its author, so it is written for speed: one pass, no path kept; only
// when it fails does a second pass find out where. `canonicalize` is the oracle of its property tests.
import { LedgerError } from '../errors.ts';

/** Deeper nesting is refused: it is a circle or no receipt. */
export const jsonDepthMax = 64;

/** The canonical text; throws `bad-receipt` naming the path of what has no place in JSON. -0 becomes 0, as the RFC says. */
export function canonicalJson(value: unknown): string {
  const text = write(value, 0);
  if (text === undefined) throw new LedgerError('bad-receipt', explain(value, '$', 0) ?? 'the value changed while it was written');
  return text;
}

/** Whether `text`, which parses to `value`, is its canonical form. Most text is told by the built-in writer and a look at the order of names. */
export function isCanonical(text: string, value: unknown): boolean {
  // An escape in hex may stand for a lone surrogate, which the built-in writer lets pass. It comes last: it has no limit
  // of depth but the stack's.
  const isSurelyOurs = hasSortedNames(value, 0) && !text.includes('\\u') && JSON.stringify(value) === text;
  return isSurelyOurs || write(value, 0) === text;
}

function hasSortedNames(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === jsonDepthMax) return false;
  if (Array.isArray(value)) return value.every((item) => hasSortedNames(item, depth + 1));
  let before: string | undefined;
  for (const key in value) {
    if ((before !== undefined && key <= before) || !hasSortedNames((value as Record<string, unknown>)[key], depth + 1)) return false;
    before = key;
  }
  return true;
}

/** undefined: somewhere below is what JSON cannot say. */
function write(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      return Number.isFinite(value) ? `${value}` : undefined;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth === jsonDepthMax) return undefined;
      return Array.isArray(value) ? writeArray(value, depth + 1) : writeObject(value, depth + 1);
    default:
      return undefined;
  }
}

/** Printable ASCII without quote and backslash stands for itself: most text, at half the price of JSON.stringify. */
const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function writeString(text: string): string | undefined {
  if (plainText.test(text)) return `"${text}"`;
  return text.isWellFormed() ? JSON.stringify(text) : undefined;
}

function writeArray(items: readonly unknown[], depth: number): string | undefined {
  if (!isPlainArray(items)) return undefined;
  let text = '[';
  for (let at = 0; at < items.length; at += 1) {
    // A hole reads as undefined and is refused as such.
    const item = write(items[at], depth);
    if (item === undefined) return undefined;
    text += at === 0 ? item : `,${item}`;
  }
  return `${text}]`;
}

function writeObject(fields: object, depth: number): string | undefined {
  if (!isPlainObject(fields)) return undefined;
  const keys = sorted(Object.keys(fields));
  let text = '{';
  for (let at = 0; at < keys.length; at += 1) {
    const name = writeString(keys[at]!);
    const field = write((fields as Record<string, unknown>)[keys[at]!], depth);
    if (field === undefined || name === undefined) return undefined;
    text += at === 0 ? `${name}:${field}` : `,${name}:${field}`;
  }
  return `${text}}`;
}

/** More names than this are few objects' case: there the built-in sort wins. */
const insertionKeysMax = 24;

/** In place, by UTF-16 code units as RFC 8785 (3.2.3) asks; four times as fast as sort() for the few names of a receipt. */
function sorted(keys: string[]): string[] {
  if (keys.length > insertionKeysMax) return keys.sort();
  for (let at = 1; at < keys.length; at += 1) {
    const key = keys[at]!;
    let to = at;
    for (; to > 0 && keys[to - 1]! > key; to -= 1) keys[to] = keys[to - 1]!;
    keys[to] = key;
  }
  return keys;
}

/** JSON keeps an array's items only: what else hangs on it would be lost. */
function isPlainArray(items: readonly unknown[]): boolean {
  return Object.keys(items).length === items.length && Object.getOwnPropertySymbols(items).length === 0 && typeof (items as { toJSON?: unknown }).toJSON !== 'function';
}

/** An object literal, of this realm or another: no class, no symbols, nothing hidden. */
function isPlainObject(fields: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(fields);
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  // Not Reflect.ownKeys, which takes four times as long as both.
  const isOpen = Object.getOwnPropertyNames(fields).length === Object.keys(fields).length && Object.getOwnPropertySymbols(fields).length === 0;
  return isOpen && typeof (fields as { toJSON?: unknown }).toJSON !== 'function';
}

/** The first thing that has no place in JSON, for people: path and what it is. */
function explain(value: unknown, path: string, depth: number): string | undefined {
  if (write(value, depth) !== undefined) return undefined;
  if (typeof value === 'string') return `${path} holds a lone surrogate: it is no Unicode text`;
  if (typeof value === 'number') return `${path} is ${value}: JSON has no such number`;
  if (typeof value !== 'object' || value === null) return `${path} is ${typeof value === 'undefined' ? '' : 'a '}${typeof value}: JSON would drop it; leave the field out or say null`;
  if (depth === jsonDepthMax) return `${path.slice(0, 60)}… is nested deeper than ${jsonDepthMax}, or holds itself`;
  if (Array.isArray(value) ? !isPlainArray(value) : !isPlainObject(value)) return `${path} is ${describe(value)}: JSON would drop or change it; use plain objects and arrays`;
  for (const [key, field] of Object.entries(value)) {
    const inside = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    if (!key.isWellFormed()) return `a name in ${path} holds a lone surrogate: it is no Unicode text`;
    const found = explain(field, inside, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describe(value: object): string {
  if (Array.isArray(value)) return 'an array with holes or further properties';
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== 'Object' ? `of class ${name}` : 'an object with symbols, hidden properties or toJSON';
}
