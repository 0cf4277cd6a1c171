/**
 * The few lines of a passage that show best why it was found, with what matched. Reads the text of
 * the passages that are shown, not the index: a dozen short texts a search.
 */
import type { LineRange } from './document.ts';
import { analyzeWord, eachWord } from './words.ts';

export interface SnippetLine {
  /** Number in the document, from 1. */
  readonly line: number;
  /** Cut around the matches if it is long; `…` stands for what was left out. */
  readonly text: string;
  /** Offsets of what matched in `text`: start, end (exclusive), in UTF-16 code units. */
  readonly matches: readonly (readonly [number, number])[];
}

/** Terms in a row, and what finding them is worth. */
export interface SnippetTarget {
  readonly terms: readonly string[];
  /** Targets of one clause share its number: the second adds little. */
  readonly clause: number;
  readonly weight: number;
}

export const snippetLinesMax = 5;
export const snippetLineCharactersMax = 240;
/** Further into a passage nothing is marked: a file of one huge line must not stop the node. */
const markedCharactersMax = 50_000;

export function snippetOf(lines: readonly string[], range: LineRange, targets: readonly SnippetTarget[]): SnippetLine[] {
  const marks = marksIn(lines, range, targets);
  const first = bestWindow(range, marks);
  const shown: SnippetLine[] = [];
  for (let line = first; line <= Math.min(range.endLine, first + snippetLinesMax - 1); line += 1) {
    shown.push(cutLine(lines, line, marks.filter((mark) => mark.line === line)));
  }
  return trimBlank(shown);
}

interface Mark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly clause: number;
  readonly weight: number;
}

interface Place {
  readonly term: string;
  /** The term of the compound that begins here, if one does. */
  readonly whole: string | undefined;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

function marksIn(lines: readonly string[], range: LineRange, targets: readonly SnippetTarget[]): Mark[] {
  const byFirst = new Map<string, SnippetTarget[]>();
  for (const target of targets) {
    const [first] = target.terms;
    if (first !== undefined) byFirst.set(first, [...(byFirst.get(first) ?? []), target]);
  }
  const places = placesIn(lines, range);
  const marks: Mark[] = [];
  for (const [at, { term, whole }] of places.entries()) {
    const candidates = [...(byFirst.get(term) ?? []), ...(whole === undefined ? [] : (byFirst.get(whole) ?? []))];
    for (const target of candidates) marks.push(...marksAt(places, at, target));
  }
  return marks;
}

/** The words of the passage one position each, as they were indexed. */
function placesIn(lines: readonly string[], { line: from, endLine }: LineRange): Place[] {
  const places: Place[] = [];
  let characters = 0;
  for (let line = from; line <= endLine && characters < markedCharactersMax; line += 1) {
    const text = (lines[line - 1] as string).slice(0, markedCharactersMax);
    characters += text.length;
    eachWord(text, (word, start) => {
      const { parts, whole } = analyzeWord(word);
      for (const [at, term] of parts.entries()) {
        places.push({ term, whole: at === 0 ? whole : undefined, line, start, end: start + word.length });
      }
    });
  }
  return places;
}

/** A phrase may go on in the next line: one mark a line. */
function marksAt(places: readonly Place[], at: number, { terms, clause, weight }: SnippetTarget): Mark[] {
  if (terms.length > 1 && terms.some((term, offset) => places[at + offset]?.term !== term)) return [];
  const marks: Mark[] = [];
  for (const { line, start, end } of places.slice(at, at + terms.length)) {
    const last = marks[marks.length - 1];
    if (last !== undefined && last.line === line) marks[marks.length - 1] = { ...last, end };
    else marks.push({ line, start, end, clause, weight });
  }
  return marks;
}

/** The first line of the window that shows the most of the query, its matches in the middle. */
function bestWindow({ line: from, endLine }: LineRange, marks: readonly Mark[]): number {
  const last = Math.max(from, endLine - snippetLinesMax + 1);
  let best = from;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let first = from; first <= last; first += 1) {
    const value = windowValue(first, marks);
    if (value <= bestValue) continue;
    best = first;
    bestValue = value;
  }
  return best;
}

function windowValue(first: number, marks: readonly Mark[]): number {
  const inside = marks.filter(({ line }) => line >= first && line < first + snippetLinesMax);
  if (inside.length === 0) return 0;
  const byClause: number[] = [];
  let repeated = 0;
  let offCentre = 0;
  for (const { clause, weight, line } of inside) {
    if (byClause[clause] !== undefined) repeated += weight;
    byClause[clause] = Math.max(byClause[clause] ?? 0, weight);
    offCentre += Math.abs(line - first - (snippetLinesMax - 1) / 2);
  }
  const distinct = byClause.reduce((sum, weight) => sum + weight, 0);
  return distinct + 0.1 * Math.min(repeated, distinct) - (0.001 * offCentre) / inside.length;
}

function cutLine(lines: readonly string[], line: number, marks: readonly Mark[]): SnippetLine {
  const text = lines[line - 1] as string;
  const ranges = mergeRanges(marks.map(({ start, end }) => [start, end] as const));
  if (text.length <= snippetLineCharactersMax) return { line, text, matches: ranges };
  const middle = ranges[0] === undefined ? 0 : Math.floor((ranges[0][0] + ranges[0][1]) / 2);
  const from = wordStart(text, Math.min(middle - snippetLineCharactersMax / 3, text.length - snippetLineCharactersMax));
  const to = wholeCharacter(text, Math.min(text.length, from + snippetLineCharactersMax));
  const before = from > 0 ? '…' : '';
  const shift = before.length - from;
  const matches = ranges
    .filter(([start, end]) => end > from && start < to)
    .map(([start, end]) => [Math.max(start, from) + shift, Math.min(end, to) + shift] as const);
  return { line, text: `${before}${text.slice(from, to)}${to < text.length ? '…' : ''}`, matches };
}

function mergeRanges(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const merged: (readonly [number, number])[] = [];
  for (const range of [...ranges].sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const last = merged[merged.length - 1];
    if (last === undefined || range[0] >= last[1]) merged.push(range);
    else if (range[1] > last[1]) merged[merged.length - 1] = [last[0], range[1]];
  }
  return merged;
}

/** A place to begin near `at`: after a blank if there is one within the next few characters. */
function wordStart(text: string, at: number): number {
  if (at <= 0) return 0;
  const from = wholeCharacter(text, Math.floor(at));
  const blank = text.slice(from, from + 20).indexOf(' ');
  return blank === -1 ? from : from + blank + 1;
}

/** Never between the two halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function trimBlank(shown: SnippetLine[]): SnippetLine[] {
  const filled = shown.filter(({ text }) => text.trim() !== '');
  const first = shown.indexOf(filled[0] as SnippetLine);
  const last = shown.indexOf(filled[filled.length - 1] as SnippetLine);
  return filled.length === 0 ? [] : shown.slice(first, last + 1);
}
