// Splits TypeScript into tokens, as far as the house's own rules need it: comments are gone, and what
// stands in a string or a pattern is not mistaken for code. It decides nothing about grammar (TypeScript 7
// has no JavaScript API to ask), and never fails: unfinished text ends with the file.

export type Token = {
  readonly kind: 'word' | 'string' | 'template' | 'pattern' | 'mark';
  /** A string's text is without its quotes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
};

const blank = /[\s\uFEFF]+/y;
const comment = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y;
const word = /[\w$#\u0080-\uFFFF]+/y;
const quoted = /'(?:[^'\\\n]|\\[^])*'?|"(?:[^"\\\n]|\\[^])*"?/y;
const pattern = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const templateText = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
const mark = /=>|\.\.\.|\?\.|[^]/y;

/** After these words a slash begins a pattern; after other words it divides. */
const beforePattern = new Set(['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'throw', 'new', 'await', 'yield']);

export function tokensOf(text: string): Token[] {
  return new Tokenizer(text).read();
}

class Tokenizer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Token[] {
    this.#readCode();
    return this.#tokens;
  }

  /** Reads to the end of the text, or, inside a template, over the brace that closes its `${`. */
  #readCode(isInTemplate = false): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      if (this.#skip(blank) || this.#skip(comment) || this.#readLiteral()) continue;
      if (this.#take('word', word) !== undefined) continue;
      const found = this.#take('mark', mark);
      if (found === '{') depth += 1;
      if (found === '}') {
        if (isInTemplate && depth === 0) return;
        depth -= 1;
      }
    }
  }

  #readLiteral(): boolean {
    const next = this.#text[this.#at];
    if (next === '`') {
      this.#readTemplate();
      return true;
    }
    if (next === '/' && this.#mayStartPattern()) return this.#take('pattern', pattern) !== undefined;
    const start = this.#line;
    const found = this.#match(quoted);
    if (found === undefined) return false;
    this.#tokens.push({ kind: 'string', text: found.slice(1, -1), line: start });
    return true;
  }

  #readTemplate(): void {
    this.#at += 1;
    while (this.#at < this.#text.length) {
      this.#take('template', templateText);
      const isEnd = this.#text[this.#at] === '`';
      this.#at += isEnd ? 1 : 2;
      if (isEnd) return;
      this.#tokens.push({ kind: 'mark', text: '${', line: this.#line });
      this.#readCode(true);
    }
  }

  #mayStartPattern(): boolean {
    const last = this.#tokens.at(-1);
    if (!last) return true;
    if (last.kind === 'mark') return last.text !== ')' && last.text !== ']';
    return last.kind === 'word' && beforePattern.has(last.text);
  }

  #take(kind: Token['kind'], rule: RegExp): string | undefined {
    const line = this.#line;
    const text = this.#match(rule);
    if (text !== undefined && text !== '') this.#tokens.push({ kind, text, line });
    return text;
  }

  #skip(rule: RegExp): boolean {
    return this.#match(rule) !== undefined;
  }

  #match(rule: RegExp): string | undefined {
    rule.lastIndex = this.#at;
    const found = rule.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    for (let at = found.indexOf('\n'); at >= 0; at = found.indexOf('\n', at + 1)) this.#line += 1;
    return found;
  }
}
