/**
 * Entries in the order of the texts become postings in the order of the terms. All in slices: at five
 * megabytes of text each phase takes tens of milliseconds, which no node may be blocked for.
 */
import { newColumn, push, valuesOf } from './column.ts';
import { compareText } from './document.ts';
import { placeOfBody } from './draft.ts';
import type { Draft } from './draft.ts';

/**
 * Sorted by term, then passage, then position, in columns: the postings of term `t` are
 * `termStart[t] .. termStart[t + 1]`, the positions of posting `p` are
 * `positions[positionStart[p] .. positionStart[p + 1]]`.
 */
export interface Postings {
  readonly termStart: Uint32Array;
  readonly postingPassage: Uint32Array;
  /** The bits of the fields in which the term stands, see `fieldBits`. */
  readonly postingFields: Uint8Array;
  readonly positionStart: Uint32Array;
  readonly positions: Uint32Array;
}

/** Entries between two pauses, about a millisecond. */
const sliceEntries = 50_000;

/** Terms between two pauses. */
const sliceTerms = 2_000;

/** The ids of the terms in their order: a merge sort from the bottom, as a sort at once cannot pause. */
export function* sortTerms(terms: readonly string[]): Generator<void, number[]> {
  const compare = (a: number, b: number): number => compareText(terms[a] as string, terms[b] as string);
  let runs: number[][] = [];
  for (let from = 0; from < terms.length; from += sliceTerms) {
    runs.push(Array.from(terms.slice(from, from + sliceTerms), (_, at) => from + at).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: number[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* mergeRuns(runs[at] as number[], runs[at + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergeRuns(a: readonly number[], b: readonly number[], compare: (a: number, b: number) => number): Generator<void, number[]> {
  const merged: number[] = [];
  let atA = 0;
  let atB = 0;
  while (atA < a.length || atB < b.length) {
    const fromA = atB === b.length || (atA < a.length && compare(a[atA] as number, b[atB] as number) <= 0);
    merged.push((fromA ? a[atA] : b[atB]) as number);
    if (fromA) atA += 1;
    else atB += 1;
    if (merged.length % (4 * sliceTerms) === 0) yield;
  }
  return merged;
}

export interface SortedEntries {
  readonly entryStart: Uint32Array;
  readonly passage: Uint32Array;
  readonly place: Uint32Array;
}

/** A counting sort by term. It is stable, so each term's entries stay in the order of the passages. */
export function* sortEntries(draft: Draft, order: readonly number[]): Generator<void, SortedEntries> {
  const { entryTerm, entryPassage, entryPlace } = draft;
  const rank = new Uint32Array(order.length);
  for (const [at, id] of order.entries()) rank[id] = at;
  const entryStart = new Uint32Array(order.length + 1);
  for (let entry = 0; entry < entryTerm.length; entry += 1) {
    entryStart[rank[entryTerm.values[entry] as number]! + 1]! += 1;
    if (entry % sliceEntries === 0) yield;
  }
  for (let term = 0; term < order.length; term += 1) entryStart[term + 1]! += entryStart[term] as number;
  const next = entryStart.slice();
  const passage = new Uint32Array(entryTerm.length);
  const place = new Uint32Array(entryTerm.length);
  for (let entry = 0; entry < entryTerm.length; entry += 1) {
    const term = rank[entryTerm.values[entry] as number] as number;
    const at = next[term] as number;
    next[term] = at + 1;
    passage[at] = entryPassage.values[entry] as number;
    place[at] = entryPlace.values[entry] as number;
    if (entry % sliceEntries === 0) yield;
  }
  return { entryStart, passage, place };
}

/** Entries of one term and one passage become one posting. */
export function* collectPostings(sorted: SortedEntries): Generator<void, Postings> {
  const termCount = sorted.entryStart.length - 1;
  const termStart = new Uint32Array(termCount + 1);
  const postingPassage = newColumn();
  const postingFields = newColumn();
  const positionStart = newColumn();
  const positions = newColumn();
  for (let term = 0; term < termCount; term += 1) {
    termStart[term] = postingPassage.length;
    let passage = -1;
    for (let entry = sorted.entryStart[term] as number; entry < sorted.entryStart[term + 1]!; entry += 1) {
      if (sorted.passage[entry] !== passage) {
        passage = sorted.passage[entry] as number;
        push(postingPassage, passage);
        push(postingFields, 0);
        push(positionStart, positions.length);
      }
      const place = sorted.place[entry] as number;
      if (place >= placeOfBody) push(positions, place - placeOfBody);
      else postingFields.values[postingFields.length - 1]! |= place;
      if (entry % sliceEntries === 0) yield;
    }
  }
  termStart[termCount] = postingPassage.length;
  push(positionStart, positions.length);
  return {
    termStart,
    postingPassage: valuesOf(postingPassage),
    postingFields: Uint8Array.from(valuesOf(postingFields)),
    positionStart: valuesOf(positionStart),
    positions: valuesOf(positions),
  };
}
