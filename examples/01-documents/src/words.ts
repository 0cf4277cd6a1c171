/**
 * Text to words, and words to the terms that are indexed. Indexing, queries and snippets all go
 * through these two functions: that is what makes every indexed word findable.
 *
 * A word is what a reader would select with a double click, with names kept together:
 * `shutdownTimeoutMs`, `one_for_one`, `hand-over`, `sys.config` are one word each. Its terms are its
 * parts and, if there are several, the whole without separators. So `handover` finds "hand-over",
 * and "one for one" finds `one_for_one`, because the parts are neighbours.
 */

/** Longer terms are cut, at indexing and in queries alike: keys and hashes must not fill the vocabulary. */
export const termCharactersMax = 64;

/** What is beyond in one word is not looked at: a name has an end, and a hostile file may have none. */
const wordCharactersMax = 1_000;

export interface AnalyzedWord {
  /** Normalized, in the order of the text; each takes one position. */
  readonly parts: readonly string[];
  /** All parts joined; absent if there is but one. */
  readonly whole?: string;
}

export interface Word {
  readonly text: string;
  /** Offsets in the text given, in UTF-16 code units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
}

/**
 * Scripts written without spaces become one word a character; a query of several such characters is
 * then a phrase, which makes it an exact substring search without a dictionary.
 */
const unspaced = String.raw`[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]`;
const letters = String.raw`[[\p{L}\p{N}\p{M}]--${unspaced}]+`;
/** What keeps a name in one piece: `a_b`, `a__b`, `a-b`, `a.b`, `don't`; two hyphens are a dash. */
const joiner = String.raw`(?:_+|[\-.'’\u2010\u2011])`;
const wordSource = String.raw`${unspaced}\p{M}*|${letters}(?:${joiner}${letters})*`;

/** Calls `visit` with each word and its offset. Allocates nothing else: indexing runs through here. */
export function eachWord(text: string, visit: (word: string, start: number) => void): void {
  const pattern = new RegExp(wordSource, 'gv');
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) visit(match[0], match.index);
}

export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  eachWord(text, (word, start) => words.push({ text: word, start, end: start + word.length }));
  return words;
}

/** The terms of one word. A word of nothing but combining marks has none. */
export function analyzeWord(word: string): AnalyzedWord {
  if (/^[a-z0-9]+$/.test(word)) return { parts: [word.slice(0, termCharactersMax)] };
  const folded: string[] = [];
  for (const part of splitWord(word)) {
    const term = foldTerm(part);
    if (term !== '') folded.push(term);
  }
  const parts = folded.map(cut);
  return parts.length < 2 ? { parts } : { parts, whole: cut(folded.join('')) };
}

/** At separators and where the case changes: `HTTPServer` is HTTP, Server; `sha256` stays one. */
function splitWord(word: string): string[] {
  return word
    .slice(0, wordCharactersMax)
    .normalize('NFKC')
    .split(/[^\p{L}\p{N}\p{M}]+|(?<=[\p{Ll}\p{N}]\p{M}*)(?=\p{Lu})|(?<=\p{Lu}\p{M}*)(?=\p{Lu}\p{M}*\p{Ll})/u);
}

/**
 * Lower case, compatibility forms folded (NFKC), accents of Latin, Greek and Cyrillic dropped. Other
 * scripts keep their marks: there they are vowels.
 */
function foldTerm(part: string): string {
  if (/^[A-Za-z0-9]+$/.test(part)) return part.toLowerCase();
  return part.normalize('NFKD').toLowerCase().replace(/[\u0300-\u036f]/g, '').normalize('NFC');
}

function cut(term: string): string {
  return term.length <= termCharactersMax ? term : term.slice(0, termCharactersMax);
}
