/**
 * Where a clause of a query stands: per passage, how often in the body and in which fields. What
 * these numbers are worth is `ranking.ts`'s matter.
 */
import { fieldBits } from './draft.ts';
import { noTerm, passageCount, positionsOf, postingIn, postingsOf, relatives, termId, termsWithPrefix } from './lookup.ts';
import type { Clause } from './query.ts';
import type { TextIndex } from './text-index.ts';

/** One way to satisfy a clause: these terms in a row. */
export interface Alternative {
  readonly terms: readonly number[];
  /** 1 for what was typed, less for what is only like it. */
  readonly weight: number;
}

export interface Occurrence {
  readonly passage: number;
  readonly bodyCount: number;
  readonly fields: number;
}

const relativeWeight = 0.8;
const prefixWeight = 0.5;
const partWeight = 0.5;
const prefixCharactersMin = 3;
const prefixTermsMax = 40;

/**
 * The ways to satisfy a clause, the first kind that the index knows: as typed (with its inflections,
 * if not quoted); as the beginning of longer words; the parts of a compound on their own. Empty: unknown.
 */
export function alternativesOf(index: TextIndex, clause: Clause): Alternative[] {
  const exact = exactAlternatives(index, clause);
  if (clause.quoted || exact.length > 0) return exact;
  if (clause.parts.length > 1) return clause.parts.flatMap((part) => weakened(index, part));
  return prefixAlternatives(index, clause.parts[0] as string);
}

/** Without guesses: what an exclusion means. */
export function exactAlternatives(index: TextIndex, clause: Clause): Alternative[] {
  const alternatives: Alternative[] = [];
  const terms = clause.parts.map((part) => termId(index, part));
  if (!terms.includes(noTerm) && (terms.length === 1 || hasOccurrence(index, terms))) {
    alternatives.push({ terms, weight: 1 });
  }
  if (clause.quoted) return alternatives;
  const whole = clause.whole === undefined ? noTerm : termId(index, clause.whole);
  if (whole !== noTerm) alternatives.push({ terms: [whole], weight: 1 });
  if (terms.length > 1) return alternatives;
  for (const term of relatives(index, clause.parts[0] as string)) {
    alternatives.push({ terms: [term], weight: relativeWeight });
  }
  return alternatives;
}

function weakened(index: TextIndex, part: string): Alternative[] {
  const alternatives = exactAlternatives(index, { text: part, parts: [part], quoted: false });
  return alternatives.map(({ terms, weight }) => ({ terms, weight: weight * partWeight }));
}

function prefixAlternatives(index: TextIndex, part: string): Alternative[] {
  if (part.length < prefixCharactersMin) return [];
  return termsWithPrefix(index, part, prefixTermsMax).map((term) => ({ terms: [term], weight: prefixWeight }));
}

/** Calls `visit` for each passage with one, in the order of the passages. */
export function eachOccurrence(index: TextIndex, { terms }: Alternative, visit: (found: Occurrence) => void): void {
  const [first] = terms;
  if (first === undefined) return;
  if (terms.length > 1) {
    eachPhrase(index, terms, visit);
    return;
  }
  const { from, to } = postingsOf(index, first);
  for (let posting = from; posting < to; posting += 1) {
    visit({
      passage: index.postingPassage[posting] as number,
      bodyCount: (index.positionStart[posting + 1] as number) - (index.positionStart[posting] as number),
      fields: index.postingFields[posting] as number,
    });
  }
}

function hasOccurrence(index: TextIndex, terms: readonly number[]): boolean {
  let found = false;
  eachPhrase(index, terms, () => {
    found = true;
  });
  return found;
}

/** Only passages of the rarest of the terms are looked into. */
function eachPhrase(index: TextIndex, terms: readonly number[], visit: (found: Occurrence) => void): void {
  const rarest = terms.reduce((a, b) => (passageCount(index, b) < passageCount(index, a) ? b : a));
  const { from, to } = postingsOf(index, rarest);
  for (let at = from; at < to; at += 1) {
    const passage = index.postingPassage[at] as number;
    const postings = terms.map((term) => postingIn(index, term, passage));
    if (postings.includes(-1)) continue;
    const bodyCount = countRuns(postings.map((posting) => positionsOf(index, posting)));
    const fields = postings.reduce((bits, posting) => bits & (index.postingFields[posting] as number), phraseFields);
    if (bodyCount > 0 || fields !== 0) visit({ passage, bodyCount, fields });
  }
}

/**
 * Fields have no positions: all terms in one of them counts as the phrase. That is right often enough in
 * a heading or a path, but not in the outer headings, which every passage of a document shares.
 */
const phraseFields = fieldBits.heading | fieldBits.path;

/** How often the lists have consecutive numbers. Each list is sorted: one pointer a list, which only advances. */
function countRuns(lists: readonly Uint32Array[]): number {
  const pointers = lists.map(() => 0);
  let count = 0;
  for (const start of lists[0] as Uint32Array) {
    let inRow = true;
    for (let at = 1; at < lists.length && inRow; at += 1) {
      const list = lists[at] as Uint32Array;
      let pointer = pointers[at] as number;
      while (pointer < list.length && list[pointer]! < start + at) pointer += 1;
      pointers[at] = pointer;
      inRow = list[pointer] === start + at;
    }
    if (inRow) count += 1;
  }
  return count;
}
