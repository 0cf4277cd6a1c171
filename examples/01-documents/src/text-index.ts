/**
 * The inverted index: from a term to the passages and positions where it stands. It is plain data
 * (arrays and typed arrays, a few large ones), so that it can be a process's state, be copied to
 * another shard and outlive an upgrade of this code.
 */
import { valuesOf } from './column.ts';
import { compareText } from './document.ts';
import type { Document } from './document.ts';
import { addPassage, newDraft } from './draft.ts';
import type { Draft, Field, IndexedDocument, IndexedPassage } from './draft.ts';
import { cutDocument } from './passages.ts';
import { collectPostings, sortEntries, sortTerms } from './postings.ts';
import type { Postings } from './postings.ts';

export interface TextIndex extends Postings {
  /** Sorted by path. */
  readonly documents: readonly IndexedDocument[];
  /** Sorted by document, then line. */
  readonly passages: readonly IndexedPassage[];
  /** Sorted by code unit. */
  readonly terms: readonly string[];
  /** A spelling of each term as it stands in a text, for suggestions. */
  readonly spellings: readonly string[];
  /** Words in the body and in each field, by passage. */
  readonly bodyLength: Uint32Array;
  readonly fieldLength: Readonly<Record<Field, Uint32Array>>;
}

export function emptyIndex(): TextIndex {
  return buildIndex([]);
}

/** At once: for tests and small sets. Of two documents with one path the first is taken. */
export function buildIndex(documents: readonly Document[]): TextIndex {
  const steps = indexingSteps(documents);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same in slices, so that the process's node goes on serving: `pause` is awaited after about every
 * 16 KiB of text (1 to 3 ms of work) and between the phases of sorting. A rejecting `pause` gives up.
 */
export async function buildIndexInSlices(
  documents: readonly Document[],
  pause: (progress: IndexingProgress) => Promise<void>,
): Promise<TextIndex> {
  const steps = indexingSteps(documents);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await pause(step.value);
  }
}

export interface IndexingProgress {
  readonly documentsDone: number;
  readonly documentsTotal: number;
}

const sliceCharacters = 16_384;

function* indexingSteps(given: readonly Document[]): Generator<IndexingProgress, TextIndex> {
  const documents = inOrder(given);
  const draft = newDraft();
  let characters = 0;
  for (const [at, document] of documents.entries()) {
    const { title, lines, passages } = cutDocument(document);
    draft.documents.push({ ...document, title, lineCount: lines.length });
    for (const passage of passages) {
      const text = lines.slice(passage.line - 1, passage.endLine).join('\n');
      addPassage(draft, { ...passage, document: at }, text);
      characters += text.length;
      if (characters < sliceCharacters) continue;
      characters = 0;
      yield { documentsDone: at, documentsTotal: documents.length };
    }
  }
  return yield* finish(draft, { documentsDone: documents.length, documentsTotal: documents.length });
}

function inOrder(documents: readonly Document[]): Document[] {
  const sorted = [...documents].sort((a, b) => compareText(a.path, b.path));
  return sorted.filter((document, at) => at === 0 || document.path !== sorted[at - 1]?.path);
}

function* finish(draft: Draft, progress: IndexingProgress): Generator<IndexingProgress, TextIndex> {
  const order = yield* inSlices(sortTerms(draft.terms), progress);
  const sorted = yield* inSlices(sortEntries(draft, order), progress);
  const postings = yield* inSlices(collectPostings(sorted), progress);
  return {
    documents: draft.documents,
    passages: draft.passages,
    terms: order.map((id) => draft.terms[id] as string),
    spellings: order.map((id) => draft.spellings[id] as string),
    ...postings,
    bodyLength: valuesOf(draft.bodyLength),
    fieldLength: {
      heading: valuesOf(draft.fieldLength.heading),
      trail: valuesOf(draft.fieldLength.trail),
      path: valuesOf(draft.fieldLength.path),
    },
  };
}

/** Sorting knows nothing of documents: its pauses report the last progress. */
function* inSlices<Value>(steps: Generator<void, Value>, progress: IndexingProgress): Generator<IndexingProgress, Value> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield progress;
  }
}
