// Which modules a file asks for: the input of the rules about directions.
import { tokensOf, type Token } from './tokens.ts';

export type Import = { readonly specifier: string; readonly line: number };

/** Static and dynamic imports, re-exports, `require('…')` and `import.meta.resolve('…')`; only literal specifiers. */
export function importsOf(text: string): Import[] {
  const tokens = tokensOf(text);
  const found: Import[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'string' && isSpecifier(tokens, at)) found.push({ specifier: token.text, line: token.line });
  }
  return found;
}

function isSpecifier(tokens: readonly Token[], at: number): boolean {
  const before = (distance: number) => tokens[at - distance]?.text;
  if (before(1) === 'import') return true;
  if (before(1) === 'from') return before(2) === '}' || before(2) === '*' || tokens[at - 2]?.kind === 'word';
  if (before(1) !== '(') return false;
  return before(2) === 'import' || before(2) === 'require' || (before(2) === 'resolve' && before(4) === 'meta');
}
