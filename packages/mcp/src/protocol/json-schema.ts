/**
 * Checks values against a bounded part of JSON Schema 2020-12: what tool inputs given as plain JSON Schema and forms
 * shown to users need. A keyword it cannot check is refused when the schema is compiled, never ignored; there is no
 * `$ref`, so nothing is ever fetched.
 */
import { McpError } from '../errors.ts';
import type { JsonSchema, StandardIssue } from '../standard-schema.ts';
import { isObject } from './json-rpc.ts';

export type Check = (value: unknown) => readonly StandardIssue[];
type Path = readonly PropertyKey[];
type Rule = (value: unknown, path: Path, issues: StandardIssue[]) => void;

/** Bounds the work that a schema can ask for. */
const SCHEMA_DEPTH_MAX = 32;
const ISSUE_COUNT_MAX = 32;

const NOTES = new Set(['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'enumNames']);
const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/** Error: `mcp-bad-schema`, which names the keyword and where it stands. */
export function compileSchema(schema: JsonSchema, where: string): Check {
  const rule = compile(schema, where, 0);
  return (value) => {
    const issues: StandardIssue[] = [];
    rule(value, [], issues);
    return issues;
  };
}

function bad(where: string, what: string): McpError {
  return new McpError('mcp-bad-schema', `${where}: ${what}; give a Standard Schema (for example zod) for this`);
}

function compile(schema: unknown, where: string, depth: number): Rule {
  if (schema === true) return () => {};
  if (schema === false) return (_value, path, issues) => report(issues, path, 'is not allowed');
  if (!isObject(schema)) throw bad(where, 'a schema must be an object or a boolean');
  if (depth > SCHEMA_DEPTH_MAX) throw bad(where, `the schema is deeper than ${SCHEMA_DEPTH_MAX}`);
  const rules: Rule[] = [];
  for (const [keyword, operand] of Object.entries(schema)) {
    if (NOTES.has(keyword) || keyword.startsWith('x-')) continue;
    const make = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (make === undefined) throw bad(where, `the keyword ${keyword} cannot be checked`);
    const rule = make(operand, where, depth, schema);
    if (rule !== undefined) rules.push(rule);
  }
  return (value, path, issues) => {
    for (const rule of rules) rule(value, path, issues);
  };
}

function report(issues: StandardIssue[], path: Path, message: string): void {
  if (issues.length < ISSUE_COUNT_MAX) issues.push({ message, path });
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function hasType(value: unknown, type: string): boolean {
  return type === 'integer' ? Number.isInteger(value) : typeOf(value) === type;
}

type Keyword = (operand: unknown, where: string, depth: number, schema: JsonSchema) => Rule | undefined;

const typeKeyword: Keyword = (operand, where) => {
  const types = Array.isArray(operand) ? operand : [operand];
  if (types.length === 0 || !types.every((type) => TYPES.has(type))) throw bad(where, 'type must name JSON types');
  const expected = types.join(' or ');
  return (value, path, issues) => {
    if (!types.some((type) => hasType(value, type))) report(issues, path, `expected ${expected}, got ${typeOf(value)}`);
  };
};

/** Equality of JSON values, which is what `enum` and `const` compare. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

const enumKeyword: Keyword = (operand, where) => {
  if (!Array.isArray(operand)) throw bad(where, 'enum must be an array');
  const expected = operand.map((item) => JSON.stringify(item)).join(', ');
  return (value, path, issues) => {
    if (!operand.some((item) => same(item, value))) report(issues, path, `expected one of ${expected}`);
  };
};

const properties: Keyword = (operand, where, depth) => {
  if (!isObject(operand)) throw bad(where, 'properties must be an object');
  const rules = Object.entries(operand).map(([name, schema]) => [name, compile(schema, `${where}.${name}`, depth + 1)] as const);
  return (value, path, issues) => {
    if (!isObject(value)) return;
    for (const [name, rule] of rules) if (Object.hasOwn(value, name)) rule(value[name], [...path, name], issues);
  };
};

const required: Keyword = (operand, where) => {
  if (!Array.isArray(operand) || !operand.every((name) => typeof name === 'string')) throw bad(where, 'required must list names');
  return (value, path, issues) => {
    if (!isObject(value)) return;
    for (const name of operand as string[]) if (!Object.hasOwn(value, name)) report(issues, [...path, name], 'is required');
  };
};

const additionalProperties: Keyword = (operand, where, depth, schema) => {
  const known = isObject(schema['properties']) ? schema['properties'] : {};
  const rule = compile(operand, `${where}.*`, depth + 1);
  return (value, path, issues) => {
    if (!isObject(value)) return;
    for (const name of Object.keys(value)) if (!Object.hasOwn(known, name)) rule(value[name], [...path, name], issues);
  };
};

const items: Keyword = (operand, where, depth) => {
  const rule = compile(operand, `${where}[]`, depth + 1);
  return (value, path, issues) => {
    if (!Array.isArray(value)) return;
    for (let index = 0; index < value.length && issues.length < ISSUE_COUNT_MAX; index++) rule(value[index], [...path, index], issues);
  };
};

/** A keyword with a number, for values that have a size. */
function bound(sizeOf: (value: unknown) => number | undefined, holds: (size: number, limit: number) => boolean, words: string): Keyword {
  return (operand, where) => {
    if (typeof operand !== 'number') throw bad(where, 'a bound must be a number');
    return (value, path, issues) => {
      const size = sizeOf(value);
      if (size !== undefined && !holds(size, operand)) report(issues, path, `${words} ${operand}`);
    };
  };
}

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);
const itemCount = (value: unknown) => (Array.isArray(value) ? value.length : undefined);
/** JSON Schema counts code points, not UTF-16 units. */
const length = (value: unknown) => (typeof value === 'string' ? [...value].length : undefined);
const atLeast = (size: number, limit: number) => size >= limit;
const atMost = (size: number, limit: number) => size <= limit;

const pattern: Keyword = (operand, where) => {
  if (typeof operand !== 'string') throw bad(where, 'pattern must be a text');
  let expression: RegExp;
  try {
    expression = new RegExp(operand, 'u');
  } catch (cause) {
    throw new McpError('mcp-bad-schema', `${where}: pattern is no regular expression`, { cause });
  }
  return (value, path, issues) => {
    if (typeof value === 'string' && !expression.test(value)) report(issues, path, `does not match ${operand}`);
  };
};

const FORMATS: { readonly [format: string]: (text: string) => boolean } = {
  email: (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text),
  uri: (text) => URL.canParse(text),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  'date-time': (text) => /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/i.test(text) && !Number.isNaN(Date.parse(text)),
};

/** 2020-12 makes other formats annotations; so they are here. */
const format: Keyword = (operand) => {
  const test = typeof operand === 'string' && Object.hasOwn(FORMATS, operand) ? FORMATS[operand] : undefined;
  if (test === undefined) return undefined;
  return (value, path, issues) => {
    if (typeof value === 'string' && !test(value)) report(issues, path, `is not a valid ${operand}`);
  };
};

/** anyOf, oneOf, allOf: how many of the schemas must hold. */
function composition(enough: (held: number, count: number) => boolean, words: string): Keyword {
  return (operand, where, depth) => {
    if (!Array.isArray(operand) || operand.length === 0) throw bad(where, 'a composition must list schemas');
    const rules = operand.map((schema, index) => compile(schema, `${where}(${index})`, depth + 1));
    return (value, path, issues) => {
      const held = rules.filter((rule) => {
        const own: StandardIssue[] = [];
        rule(value, path, own);
        return own.length === 0;
      }).length;
      if (!enough(held, rules.length)) report(issues, path, words);
    };
  };
}

const KEYWORDS: { readonly [keyword: string]: Keyword } = {
  type: typeKeyword,
  enum: enumKeyword,
  const: (operand, where, depth, schema) => enumKeyword([operand], where, depth, schema),
  properties,
  required,
  additionalProperties,
  items,
  pattern,
  format,
  minimum: bound(number, atLeast, 'must be at least'),
  maximum: bound(number, atMost, 'must be at most'),
  exclusiveMinimum: bound(number, (size, limit) => size > limit, 'must be above'),
  exclusiveMaximum: bound(number, (size, limit) => size < limit, 'must be below'),
  minLength: bound(length, atLeast, 'length must be at least'),
  maxLength: bound(length, atMost, 'length must be at most'),
  minItems: bound(itemCount, atLeast, 'number of items must be at least'),
  maxItems: bound(itemCount, atMost, 'number of items must be at most'),
  anyOf: composition((held) => held >= 1, 'fits none of the allowed forms'),
  oneOf: composition((held) => held === 1, 'must fit exactly one of the allowed forms'),
  allOf: composition((held, count) => held === count, 'does not fit all of the required forms'),
};
