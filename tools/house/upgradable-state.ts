// Finds state that a module keeps at its top level. In a module that can be upgraded live such state is
// lost with the old version (decision 3): it belongs to a process or a table.
import type { Token } from './tokens.ts';

/** Where a position stands: what is evaluated when the module is, or only when something is called. */
type Level = { readonly isCalled: boolean; isArrow: boolean };

const containers = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array', 'Int8Array', 'Uint8Array', 'Int32Array', 'Uint32Array', 'Float64Array', 'ArrayBuffer', 'SharedArrayBuffer']);
/** What stands before a brace that opens an object and not a body. */
const beforeObject = new Set(['(', '[', ',', '=', ':', '?', '|', '&', 'return', 'default', 'as', 'satisfies', '${']);
const opening = new Set(['{', '(', '[', '${']);
const closing = new Set(['}', ')', ']']);

/** The tokens that make such state: `let`, `var`, an emptied container, a container made with `new`. */
export function mutableState(tokens: readonly Token[]): Token[] {
  const levels: Level[] = [{ isCalled: false, isArrow: false }];
  const found: Token[] = [];
  for (const [at, token] of tokens.entries()) {
    const level = levels.at(-1)!;
    const isCode = token.kind === 'mark' || token.kind === 'word';
    if (isCode && !level.isCalled && !level.isArrow && isState(tokens, at, levels.length === 1)) found.push(token);
    if (token.kind !== 'mark') continue;
    if (opening.has(token.text)) levels.push(opened(tokens, at, level));
    else if (closing.has(token.text) && levels.length > 1) levels.pop();
    else if (token.text === '=>') level.isArrow = true;
    else if (token.text === ';' || token.text === ',') level.isArrow = false;
  }
  return found;
}

function opened(tokens: readonly Token[], at: number, around: Level): Level {
  const before = tokens[at - 1]?.text ?? ';';
  const isBody = tokens[at]!.text === '{' && !beforeObject.has(before);
  return { isCalled: around.isCalled || around.isArrow || isBody, isArrow: false };
}

function isState(tokens: readonly Token[], at: number, isTopLevel: boolean): boolean {
  const [text, next, afterNext] = [tokens[at]!.text, tokens[at + 1]?.text, tokens[at + 2]?.text];
  if (text === 'let' || text === 'var') return isTopLevel;
  if (text === 'new') return containers.has(next ?? '');
  const isValue = isTopLevel && text === '=';
  return isValue && ((next === '[' && afterNext === ']') || (next === '{' && afterNext === '}'));
}
