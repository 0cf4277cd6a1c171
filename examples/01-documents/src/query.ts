/**
 * A query as typed, to clauses: words, "quoted phrases" and -exclusions. `--flag` is a word and not an
 * exclusion: people search for command-line flags.
 */
import { analyzeWord, wordsOf } from './words.ts';
import type { Word } from './words.ts';

/** Words beyond are not looked at. */
export const clausesMax = 32;

/**
 * Words that hold an English sentence together. People and models ask in sentences, and in technical
 * texts "how" and "does" are rare enough to outweigh what the question is about.
 */
const functionWords = (
  'a about an and any are as at be been but by can could did do does for from had has have how i if in into is it its ' +
  'me my no not of on or our shall should so than that the their them then there these they this those to ' +
  'was we were what when where which who why will with would you your'
).split(' ');

export interface Clause {
  /** As typed, without quotes and sign. */
  readonly text: string;
  /** Terms in the order of the text; one for a plain word, several for a compound or a phrase. */
  readonly parts: readonly string[];
  /** The term of a compound as one word: `handover` for `hand-over`. */
  readonly whole?: string;
  /** Quoted: the parts must stand next to each other, spelled so, in every result. */
  readonly quoted: boolean;
}

export interface Query {
  readonly wanted: readonly Clause[];
  readonly excluded: readonly Clause[];
}

export function parseQuery(text: string): Query {
  const wanted: Clause[] = [];
  const excluded: Clause[] = [];
  for (const match of text.matchAll(/(?<![^\s])(-?)"([^"]*)(?:"|$)|[^\s"]+/gu)) {
    const [chunk, sign, phrase] = match;
    if (phrase !== undefined) {
      (sign === '-' ? excluded : wanted).push(...quotedClause(phrase));
    } else if (/^-[\p{L}\p{N}]/u.test(chunk)) {
      excluded.push(...wordClauses(chunk.slice(1)));
    } else {
      wanted.push(...wordClauses(chunk));
    }
  }
  return { wanted: withoutFunctionWords(distinct(wanted)).slice(0, clausesMax), excluded: distinct(excluded).slice(0, clausesMax) };
}

function quotedClause(phrase: string): Clause[] {
  const parts = wordsOf(phrase).flatMap((word) => analyzeWord(word.text).parts);
  return parts.length === 0 ? [] : [{ text: phrase.trim(), parts, quoted: true }];
}

function wordClauses(chunk: string): Clause[] {
  const clauses: Clause[] = [];
  for (const group of touchingGroups(wordsOf(chunk))) {
    const text = group.map((word) => word.text).join('');
    const analyzed = group.map((word) => analyzeWord(word.text));
    const parts = analyzed.flatMap((word) => word.parts);
    if (parts.length === 0) continue;
    const whole = analyzed.length === 1 ? analyzed[0]?.whole : undefined;
    clauses.push({ text, parts, quoted: false, ...(whole === undefined ? {} : { whole }) });
  }
  return clauses;
}

/** Words with nothing between them are characters of an unspaced script: together they are a phrase. */
function touchingGroups(words: readonly Word[]): Word[][] {
  const groups: Word[][] = [];
  for (const word of words) {
    const group = groups[groups.length - 1];
    if (group !== undefined && group[group.length - 1]?.end === word.start) group.push(word);
    else groups.push([word]);
  }
  return groups;
}

/** Unless there is nothing else. */
function withoutFunctionWords(clauses: readonly Clause[]): readonly Clause[] {
  const content = clauses.filter(({ quoted, parts }) => quoted || parts.length > 1 || !functionWords.includes(parts[0] as string));
  return content.length === 0 ? clauses : content;
}

/** A word said twice counts once. */
function distinct(clauses: readonly Clause[]): Clause[] {
  const key = ({ parts, quoted }: Clause): string => `${quoted} ${parts.join(' ')}`;
  return clauses.filter((clause, at) => clauses.findIndex((other) => key(other) === key(clause)) === at);
}
