/**
 * The index while it is being built: one entry for each place where a term stands, in the order of the
 * texts. `text-index.ts` alone holds one; `postings.ts` sorts it.
 */
import { newColumn, push } from './column.ts';
import type { Column } from './column.ts';
import type { Document } from './document.ts';
import type { Passage } from './passages.ts';
import { analyzeWord, eachWord } from './words.ts';
import type { AnalyzedWord } from './words.ts';

export interface IndexedDocument extends Document {
  readonly title: string;
  readonly lineCount: number;
}

export interface IndexedPassage extends Passage {
  /** Index into the index's documents. */
  readonly document: number;
}

/** Short texts about a passage, beside its body. The bits tell in which of them a term stands. */
export const fieldBits = { heading: 1, trail: 2, path: 4 } as const;
export type Field = keyof typeof fieldBits;

/** What is known so far; terms are numbered as they come. One entry a place where a term stands. */
export interface Draft {
  readonly documents: IndexedDocument[];
  readonly passages: IndexedPassage[];
  readonly termIds: Map<string, number>;
  readonly terms: string[];
  readonly spellings: string[];
  /** Term ids by word as written: most words repeat, and their analysis is the costly part. */
  readonly analyzed: Map<string, WordIds>;
  readonly entryTerm: Column;
  readonly entryPassage: Column;
  /** A position in the body plus 8, or the bit of a field: what stands first sorts first. */
  readonly entryPlace: Column;
  readonly bodyLength: Column;
  readonly fieldLength: Record<Field, Column>;
}

interface WordIds {
  readonly parts: readonly number[];
  readonly whole: number;
}

const noTerm = -1;
export const placeOfBody = 8;

export function newDraft(): Draft {
  return {
    documents: [],
    passages: [],
    termIds: new Map(),
    terms: [],
    spellings: [],
    analyzed: new Map(),
    entryTerm: newColumn(),
    entryPassage: newColumn(),
    entryPlace: newColumn(),
    bodyLength: newColumn(),
    fieldLength: { heading: newColumn(), trail: newColumn(), path: newColumn() },
  };
}

export function addPassage(draft: Draft, passage: IndexedPassage, text: string): void {
  const at = draft.passages.length;
  draft.passages.push(passage);
  const { title, path } = draft.documents[passage.document] as IndexedDocument;
  const first = draft.passages[at - 1]?.document !== passage.document;
  push(draft.bodyLength, addBody(draft, at, text));
  // The opening passage is what a search for the title should find, so there the title is its heading.
  const own = passage.trail[passage.trail.length - 1] ?? (first ? title : '');
  const outer = passage.trail.length === 0 && first ? '' : [title, ...passage.trail.slice(0, -1)].join(' ');
  push(draft.fieldLength.heading, addField(draft, at, { field: 'heading', text: own }));
  push(draft.fieldLength.trail, addField(draft, at, { field: 'trail', text: outer }));
  push(draft.fieldLength.path, addField(draft, at, { field: 'path', text: path }));
}

/** Returns the number of positions taken. */
function addBody(draft: Draft, passage: number, text: string): number {
  let position = 0;
  eachWord(text, (word) => {
    const { parts, whole } = wordIds(draft, word);
    if (whole !== noTerm) addEntry(draft, passage, whole, placeOfBody + position);
    for (const part of parts) {
      addEntry(draft, passage, part, placeOfBody + position);
      position += 1;
    }
  });
  return position;
}

function addField(draft: Draft, passage: number, { field, text }: { field: Field; text: string }): number {
  let length = 0;
  eachWord(text, (word) => {
    const { parts, whole } = wordIds(draft, word);
    if (whole !== noTerm) addEntry(draft, passage, whole, fieldBits[field]);
    for (const part of parts) addEntry(draft, passage, part, fieldBits[field]);
    length += parts.length;
  });
  return length;
}

function addEntry(draft: Draft, passage: number, term: number, place: number): void {
  push(draft.entryTerm, term);
  push(draft.entryPassage, passage);
  push(draft.entryPlace, place);
}

function wordIds(draft: Draft, word: string): WordIds {
  const known = draft.analyzed.get(word);
  if (known !== undefined) return known;
  const analyzed = analyzeWord(word);
  const ids: WordIds = {
    parts: analyzed.parts.map((part) => termId(draft, part, spellingOf(part, word, analyzed))),
    whole: analyzed.whole === undefined ? noTerm : termId(draft, analyzed.whole, word),
  };
  draft.analyzed.set(word, ids);
  return ids;
}

/** A part of a compound is shown as the term, a word of its own as written, in lower case. */
function spellingOf(part: string, word: string, { whole }: AnalyzedWord): string {
  return whole === undefined ? word.toLowerCase() : part;
}

function termId(draft: Draft, term: string, spelling: string): number {
  const known = draft.termIds.get(term);
  if (known !== undefined) return known;
  const id = draft.terms.length;
  draft.termIds.set(term, id);
  draft.terms.push(term);
  draft.spellings.push(spelling);
  return id;
}
