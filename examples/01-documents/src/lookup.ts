/** Questions to the index that ranking is made of. Each takes a binary search and the postings it visits. */
import type { TextIndex } from './text-index.ts';
import { stem } from './stem.ts';

export const noTerm = -1;

/** Where `text` is among the sorted terms, or where it would be. */
function lowerBound(terms: readonly string[], text: string): number {
  let low = 0;
  let high = terms.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((terms[middle] as string) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function termId(index: TextIndex, term: string): number {
  const at = lowerBound(index.terms, term);
  return index.terms[at] === term ? at : noTerm;
}

/** Ids of the terms that begin so, in alphabetical order. */
export function termsWithPrefix(index: TextIndex, prefix: string, countMax: number): number[] {
  const ids: number[] = [];
  for (let at = lowerBound(index.terms, prefix); ids.length < countMax; at += 1) {
    if (!(index.terms[at]?.startsWith(prefix) ?? false)) break;
    ids.push(at);
  }
  return ids;
}

/** Ids of the other terms with the same stem. They share all but the stem's last character. */
export function relatives(index: TextIndex, term: string): number[] {
  const wanted = stem(term);
  const prefix = wanted.slice(0, -1);
  if (prefix.length < 2) return [];
  const ids: number[] = [];
  for (let at = lowerBound(index.terms, prefix); index.terms[at]?.startsWith(prefix) === true; at += 1) {
    const other = index.terms[at] as string;
    if (other !== term && stem(other) === wanted) ids.push(at);
  }
  return ids;
}

/** The range of a term's postings. */
export function postingsOf(index: TextIndex, term: number): { readonly from: number; readonly to: number } {
  return { from: index.termStart[term] as number, to: index.termStart[term + 1] as number };
}

/** In how many passages a term stands. */
export function passageCount(index: TextIndex, term: number): number {
  const { from, to } = postingsOf(index, term);
  return to - from;
}

/** A term's posting in a passage, or -1. */
export function postingIn(index: TextIndex, term: number, passage: number): number {
  const { from, to } = postingsOf(index, term);
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (index.postingPassage[middle]! < passage) low = middle + 1;
    else high = middle;
  }
  return low < to && index.postingPassage[low] === passage ? low : -1;
}

/** Where a term stands in the body of a passage. A view: not to be kept or changed. */
export function positionsOf(index: TextIndex, posting: number): Uint32Array {
  return index.positions.subarray(index.positionStart[posting], index.positionStart[posting + 1]);
}
