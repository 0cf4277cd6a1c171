// JSON.parse for what strangers wrote. V8's own takes one name for another where names hold escapes: after
// JSON.parse('{"a":1,"\\\\":2}'), JSON.parse('{"a":1,"\\"":2}') has the names a and \ (Node 24 to 26, github.com/nodejs/node
// issue 63785): so who sends one text could change what another one's says. Text with such a name is read by a plain and
// slow reader, all else by V8. `parse-json.test.ts` tells when V8 is right again. Pure.

/** JSON's data as TypeScript sees it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Text with escapes in names may be nested so deep. */
export const escapedJsonDepthMax = 1_000;

/** As JSON.parse: throws SyntaxError; of names that come twice the last counts. Nesting beyond the limit is an error too. */
export function parseJson(text: string): Json {
  if (!mayHaveEscapedName(text)) return JSON.parse(text) as Json;
  const input: Input = { text, at: 0, depth: 0 };
  const value = parseValue(input);
  skipSpace(input);
  if (input.at < text.length) throw unexpected(input);
  return value;
}

const quote = 0x22;
const backslash = 0x5c;

/** Whether a string that holds a backslash is followed by a colon; of what is no JSON it may say either. */
function mayHaveEscapedName(text: string): boolean {
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    const input: Input = { text, at: endOfString(text, at), depth: 0 };
    if (passes(input, ':')) return true;
    ({ at } = input);
  }
  return false;
}

/** From within a string to after its closing quote, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash) at += 1;
  }
  return text.length;
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
  if (input.depth === escapedJsonDepthMax) throw new SyntaxError(`JSON nested deeper than ${escapedJsonDepthMax}`);
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

function parseString(input: Input): string {
  const start = input.at;
  input.at = endOfString(input.text, start + 1);
  // A string alone has no names that V8 could mistake: it checks and decodes.
  return JSON.parse(input.text.slice(start, input.at)) as string;
}

const scalar = /[^\s,\]}]+/y;

function parseScalar(input: Input): Json {
  scalar.lastIndex = input.at;
  const found = scalar.exec(input.text)?.[0];
  if (found === undefined) throw unexpected(input);
  input.at += found.length;
  return JSON.parse(found) as Json;
}
