/**
 * Results as text for a reader (a person or a language model) and as data for a program. The text
 * says the same as the data, and what to do next; matches are set in « ».
 */
import type { Folder } from './folder.ts';
import type { ReadOutcome } from './read.ts';
import type { SearchOutcome, SearchResult, UnknownWord } from './search.ts';
import type { SnippetLine } from './snippet.ts';

export interface Formatted {
  readonly text: string;
  /** JSON: what a tool returns as structured content. */
  readonly structured: Record<string, unknown>;
  /** The caller asked for something that cannot be: to be flagged as the tool's error. */
  readonly isError: boolean;
}

export function formatSearch(outcome: SearchOutcome): Formatted {
  if (outcome.kind === 'found') return formatFound(outcome);
  const structured = { ...outcome, results: [], total: 0 };
  return { text: emptySearchText(outcome), structured, isError: outcome.kind === 'no-words' || outcome.kind === 'unknown-path' };
}

function formatFound(outcome: Extract<SearchOutcome, { kind: 'found' }>): Formatted {
  const { results, total, query, unknown } = outcome;
  const shown = results.length < total ? `${results.length} of ${count(total, 'passage')}` : count(total, 'passage');
  const parts = [`${shown} for: ${query}`];
  if (unknown.length > 0) parts.push(unknownText(unknown));
  parts.push(...results.map(resultText));
  return { text: parts.join('\n\n'), structured: { ...outcome, results: results.map(structuredResult) }, isError: false };
}

function structuredResult(result: SearchResult): Record<string, unknown> {
  const snippet = result.snippet.map(({ line, text, matches }) => ({ line, text, matches: matches.map(([start, end]) => ({ start, end })) }));
  return { ...result, snippet };
}

function resultText(result: SearchResult, at: number): string {
  const heading = [result.title, ...result.trail].join(' › ');
  const width = String(result.endLine).length;
  const lines = result.snippet.map((line) => `   ${String(line.line).padStart(width)}  ${markedText(line)}`.trimEnd());
  return [`${at + 1}. ${result.path}:${result.line}-${result.endLine}  ${heading}  (score ${result.score})`, ...lines].join('\n');
}

function markedText({ text, matches }: SnippetLine): string {
  let marked = '';
  let from = 0;
  for (const [start, end] of matches) {
    marked += `${text.slice(from, start)}«${text.slice(start, end)}»`;
    from = end;
  }
  return marked + text.slice(from);
}

function emptySearchText(outcome: Exclude<SearchOutcome, { kind: 'found' }>): string {
  switch (outcome.kind) {
    case 'no-words':
      return 'The query has no word to look for. Give at least one that is not excluded with "-".';
    case 'unknown-path':
      return `There is no document or folder ${outcome.path}.${didYouMean(outcome.closest)}`;
    case 'no-match': {
      const parts = [`Nothing matches: ${outcome.query}`];
      if (outcome.unknown.length > 0) parts.push(unknownText(outcome.unknown));
      if (outcome.elsewhere > 0) parts.push(`Outside of that path ${count(outcome.elsewhere, 'passage')} would match: search without it.`);
      return parts.join('\n');
    }
  }
}

function unknownText(unknown: readonly UnknownWord[]): string {
  return unknown.map(({ word, suggestions }) => `Not in any document: ${word}.${didYouMean(suggestions)}`).join('\n');
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` Did you mean ${names.join(', ')}?`;
}

export function formatRead(outcome: ReadOutcome): Formatted {
  if (outcome.kind !== 'read') return { text: unreadText(outcome), structured: { ...outcome }, isError: true };
  const { path, startLine, endLine, totalLines, lines, nextLine, charactersCut } = outcome;
  const width = String(endLine).length;
  const numbered = lines.map((line, at) => `${String(startLine + at).padStart(width)}  ${line}`.trimEnd());
  const parts = [`${path}, lines ${startLine}-${endLine} of ${totalLines}`, '', ...numbered];
  if (charactersCut !== undefined) parts.push('', `The line goes on for ${count(charactersCut, 'character')}, which are not shown.`);
  if (nextLine !== undefined) parts.push('', `More: read on with startLine ${nextLine}.`);
  return { text: parts.join('\n'), structured: structuredRead(outcome), isError: false };
}

/** The text as one string: that is what a program wants of lines it asked for. */
function structuredRead({ lines, ...rest }: Extract<ReadOutcome, { kind: 'read' }>): Record<string, unknown> {
  return { ...rest, text: lines.join('\n') };
}

function unreadText(outcome: Exclude<ReadOutcome, { kind: 'read' }>): string {
  if (outcome.kind === 'unknown-path') {
    const hint = didYouMean(outcome.closest) || ` ${count(outcome.documentCount, 'document')} can be read: search_documents names them.`;
    return `There is no document ${outcome.path}.${hint}`;
  }
  const { path, startLine, endLine, totalLines } = outcome;
  return `${path} has lines 1 to ${totalLines}; ${startLine} to ${endLine} is not a range of them.`;
}

/** One line for the log or the console: what was read and what was not. */
export function folderSummary({ documents, bytes, skippedCount }: Folder): string {
  const quiet: readonly string[] = ['hidden', 'ignored-directory', 'other-type', 'missing-root', 'linked-directory'];
  const notable = Object.entries(skippedCount).filter(([reason]) => !quiet.includes(reason));
  const skipped = notable.map(([reason, number]) => `${number} ${reason}`).join(', ');
  return `${count(documents.length, 'document')}, ${(bytes / 1e6).toFixed(1)} MB${skipped === '' ? '' : `; skipped: ${skipped}`}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
