// JSON.parse for text that holds a backslash. V8's own takes one name for another there: after
// JSON.parse('{"a":1,"\\\\":2}'), JSON.parse('{"a":1,"\\"":2}') has the names a and \ (Node 24 to 26, github.com/nodejs/node
// issue 63785). A verifier must not see receipts that nobody wrote, so this one is plain and slow, and
// `canonical-json.prop.test.ts` tells when V8 is right again. Pure.
import { jsonDepthMax, type Json } from './canonical-json.ts';

/** As JSON.parse: throws SyntaxError; of names that come twice the last counts. Nesting beyond the limit is an error too. */
export function parseJson(text: string): Json {
  if (!text.includes('\\')) return JSON.parse(text) as Json;
  const input: Input = { text, at: 0, depth: 0 };
  const value = parseValue(input);
  skipSpace(input);
  if (input.at < text.length) throw unexpected(input);
  return value;
}

type Input = { readonly text: string; at: number; depth: number };

function unexpected({ text, at }: Input): SyntaxError {
  return new SyntaxError(at < text.length ? `unexpected ${JSON.stringify(text[at])} in JSON at position ${at}` : 'unexpected end of JSON');
}

function skipSpace(input: Input): void {
  while (' \t\n\r'.includes(input.text[input.at] ?? 'x')) input.at += 1;
}

/** Whether the next thing is this character, which then is passed. */
function passes(input: Input, character: string): boolean {
  skipSpace(input);
  if (input.text[input.at] !== character) return false;
  input.at += 1;
  return true;
}

function expects(input: Input, character: string): void {
  if (!passes(input, character)) throw unexpected(input);
}

function parseValue(input: Input): Json {
  skipSpace(input);
  const first = input.text[input.at];
  if (first === '"') return parseString(input);
  if (first !== '{' && first !== '[') return parseScalar(input);
  if (input.depth === jsonDepthMax) throw new SyntaxError(`JSON nested deeper than ${jsonDepthMax}`);
  input.depth += 1;
  input.at += 1;
  const value = first === '{' ? parseObject(input) : parseArray(input);
  input.depth -= 1;
  return value;
}

function parseObject(input: Input): Json {
  const fields: Record<string, Json> = {};
  if (passes(input, '}')) return fields;
  do {
    skipSpace(input);
    if (input.text[input.at] !== '"') throw unexpected(input);
    const name = parseString(input);
    expects(input, ':');
    // Defined, not assigned: __proto__ is a name like others in JSON.
    Object.defineProperty(fields, name, { value: parseValue(input), enumerable: true, configurable: true, writable: true });
  } while (passes(input, ','));
  expects(input, '}');
  return fields;
}

function parseArray(input: Input): Json {
  const items: Json[] = [];
  if (passes(input, ']')) return items;
  do items.push(parseValue(input));
  while (passes(input, ','));
  expects(input, ']');
  return items;
}

const string = /"(?:[^"\\]|\\.)*"/ys;
const scalar = /[^\s,\]}]+/y;

function parseString(input: Input): string {
  // A string alone has no names that V8 could mistake: it checks and decodes.
  return JSON.parse(token(input, string)) as string;
}

function parseScalar(input: Input): Json {
  const text = token(input, scalar);
  return JSON.parse(text) as Json;
}

function token(input: Input, pattern: RegExp): string {
  pattern.lastIndex = input.at;
  const found = pattern.exec(input.text)?.[0];
  if (found === undefined) throw unexpected(input);
  input.at += found.length;
  return found;
}
