/**
 * The search itself: query in, ranked passages with snippets out. Pure: the index is a value. What
 * finds nothing says so with what to try instead; nothing a caller types makes it throw.
 */
import { closestPaths, closestWords } from './closest.ts';
import { linesOf, normalizePath } from './document.ts';
import type { LineRange } from './document.ts';
import type { IndexedDocument, IndexedPassage } from './draft.ts';
import { parseQuery } from './query.ts';
import type { Clause } from './query.ts';
import { rank } from './ranking.ts';
import type { Ranked, Ranking, WeighedClause } from './ranking.ts';
import { snippetOf } from './snippet.ts';
import type { SnippetLine, SnippetTarget } from './snippet.ts';
import type { TextIndex } from './text-index.ts';

export interface SearchOptions {
  /** Results at most: 1 to `searchLimitMax`; what is outside is brought inside. */
  readonly limit?: number;
  /** Only this document, or those in this folder. */
  readonly path?: string;
}

export const searchLimitDefault = 10;
export const searchLimitMax = 50;
/** What is typed beyond is not looked at. */
export const queryCharactersMax = 1_000;
/** More of one document would hide the others; a search within one document is not restricted. */
export const passagesPerDocumentMax = 3;

export interface SearchResult extends LineRange {
  readonly path: string;
  readonly title: string;
  /** Headings above and of the passage, outermost first, without the title. */
  readonly trail: readonly string[];
  /** Comparable within one search only; two decimals. */
  readonly score: number;
  readonly snippet: readonly SnippetLine[];
}

/** A word that stands nowhere, and the closest ones that do. */
export interface UnknownWord {
  readonly word: string;
  readonly suggestions: readonly string[];
}

export type SearchOutcome =
  | {
      readonly kind: 'found';
      readonly query: string;
      readonly results: readonly SearchResult[];
      /** Passages that match, shown or not. */
      readonly total: number;
      readonly unknown: readonly UnknownWord[];
    }
  | {
      readonly kind: 'no-match';
      readonly query: string;
      readonly unknown: readonly UnknownWord[];
      /** Passages that match outside of the path asked for. */
      readonly elsewhere: number;
    }
  | { readonly kind: 'no-words'; readonly query: string }
  | { readonly kind: 'unknown-path'; readonly query: string; readonly path: string; readonly closest: readonly string[] };

export function search(index: TextIndex, text: string, options: SearchOptions = {}): SearchOutcome {
  const query = parseQuery(text.slice(0, queryCharactersMax));
  if (query.wanted.length === 0) return { kind: 'no-words', query: text };
  const scope = scopeOf(index, options.path);
  if (scope.documents === 0) return unknownPath(index, text, options.path ?? '');
  const ranking = rank(index, query, scope.admits);
  const unknown = ranking.unknown.flatMap((clause) => unknownWords(index, clause));
  if (ranking.total === 0) {
    const elsewhere = options.path === undefined ? 0 : rank(index, query, () => true).total;
    return { kind: 'no-match', query: text, unknown, elsewhere };
  }
  const shown = choose(index, ranking.ranked, { limit: limitOf(options.limit), spread: scope.documents > 1 });
  return { kind: 'found', query: text, results: resultsOf(index, ranking, shown), total: ranking.total, unknown };
}

function limitOf(limit = searchLimitDefault): number {
  return Number.isNaN(limit) ? searchLimitDefault : Math.trunc(Math.min(searchLimitMax, Math.max(1, limit)));
}

interface Scope {
  /** How many documents are in it. */
  readonly documents: number;
  readonly admits: (passage: number) => boolean;
}

function scopeOf(index: TextIndex, path: string | undefined): Scope {
  const wanted = normalizePath(path ?? '');
  if (wanted === '' || wanted === '.') return { documents: Math.max(1, index.documents.length), admits: () => true };
  const inside = index.documents.map((document) => document.path === wanted || document.path.startsWith(`${wanted}/`));
  const documents = inside.filter(Boolean).length;
  return { documents, admits: (passage) => inside[(index.passages[passage] as IndexedPassage).document] === true };
}

function unknownPath(index: TextIndex, query: string, path: string): SearchOutcome {
  const paths = index.documents.map((document) => document.path);
  const names = [...new Set([...paths, ...paths.flatMap(foldersOf)])];
  return { kind: 'unknown-path', query, path, closest: closestPaths(names, normalizePath(path)) };
}

function foldersOf(path: string): string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join('/'));
}

/** A phrase is unknown because of its words, or because they stand nowhere together: no suggestion then. */
function unknownWords(index: TextIndex, { text, quoted }: Clause): UnknownWord[] {
  if (!quoted) return [{ word: text, suggestions: closestWords(index, text) }];
  const words = text.split(/\s+/).flatMap((word) => {
    const [clause] = parseQuery(word).wanted;
    const known = clause === undefined || rank(index, { wanted: [clause], excluded: [] }, () => true).total > 0;
    return known ? [] : [{ word, suggestions: closestWords(index, word) }];
  });
  return words.length > 0 ? words : [{ word: `"${text}"`, suggestions: [] }];
}

function choose(index: TextIndex, ranked: readonly Ranked[], { limit, spread }: { limit: number; spread: boolean }): Ranked[] {
  const counts = new Map<number, number>();
  const chosen: Ranked[] = [];
  for (const candidate of ranked) {
    if (chosen.length === limit) break;
    const { document } = index.passages[candidate.passage] as IndexedPassage;
    const count = (counts.get(document) ?? 0) + 1;
    counts.set(document, count);
    if (!spread || count <= passagesPerDocumentMax) chosen.push(candidate);
  }
  return chosen;
}

function resultsOf(index: TextIndex, { clauses }: Ranking, shown: readonly Ranked[]): SearchResult[] {
  const targets = clauses.flatMap((clause, at) => targetsOf(index, clause, at));
  const lines = new Map<number, string[]>();
  return shown.map(({ passage, score }) => {
    const { document: at, trail, line, endLine } = index.passages[passage] as IndexedPassage;
    const document = index.documents[at] as IndexedDocument;
    const text = lines.get(at) ?? linesOf(document.text);
    lines.set(at, text);
    const snippet = snippetOf(text, { line, endLine }, targets);
    return { path: document.path, title: document.title, trail, line, endLine, score: roundScore(score), snippet };
  });
}

function targetsOf(index: TextIndex, { alternatives, weight }: WeighedClause, clause: number): SnippetTarget[] {
  return alternatives.map((alternative) => ({
    terms: alternative.terms.map((term) => index.terms[term] as string),
    clause,
    weight: weight * alternative.weight,
  }));
}

function roundScore(score: number): number {
  return Math.round(score * 100) / 100;
}
