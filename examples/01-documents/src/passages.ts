/**
 * A document cut into passages: what is ranked and what a result points to. A passage is a section
 * under one heading; a long one is cut at blank lines. So a result names the forty lines that
 * matter, not a file.
 */
import { linesOf } from './document.ts';
import type { Document, LineRange } from './document.ts';
import { outlineOf } from './outline.ts';
import type { Heading } from './outline.ts';

/** A section longer than this is cut, at the last blank line of its second half if there is one. */
export const passageLinesMax = 40;

export interface Passage extends LineRange {
  /** The headings above and of this passage, outermost first; the document's title is not repeated. */
  readonly trail: readonly string[];
}

export interface CutDocument {
  readonly title: string;
  readonly lines: readonly string[];
  readonly passages: readonly Passage[];
}

export function cutDocument(document: Pick<Document, 'path' | 'text'>): CutDocument {
  const lines = linesOf(document.text);
  const outline = outlineOf(document.path, lines);
  const title = outline.title ?? fileName(document.path);
  const passages = sectionsOf(lines, outline.headings, title).flatMap((section) => cutSection(lines, section));
  return { title, lines, passages };
}

/** One section a heading; what precedes the first one has the title alone. Empty sections vanish. */
function sectionsOf(lines: readonly string[], headings: readonly Heading[], title: string): Passage[] {
  const sections: Passage[] = [];
  const open: Heading[] = [];
  let line = 1;
  let trail: string[] = [];
  let contentFrom = 1;
  const close = (endLine: number): void => {
    // A heading with nothing under it opens the next section: alone it would outrank every answer.
    if (!hasContent(lines, contentFrom, endLine)) return;
    sections.push({ line, endLine, trail });
    line = endLine + 1;
  };
  for (const heading of headings) {
    close(heading.line - 1);
    while (open.length > 0 && (open[open.length - 1] as Heading).level >= heading.level) open.pop();
    open.push(heading);
    trail = withoutTitle(open.map(({ text }) => text), title);
    contentFrom = heading.line + heading.lines;
  }
  close(lines.length);
  if (line <= lines.length) closeRest(sections, { line, endLine: lines.length, trail });
  return sections;
}

/** What is left at the end is headings or blank lines: kept if it says anything at all. */
function closeRest(sections: Passage[], rest: Passage): void {
  const last = sections[sections.length - 1];
  if (rest.trail.length > 0 || last === undefined) sections.push(rest);
  else sections[sections.length - 1] = { ...last, endLine: rest.endLine };
}

function withoutTitle(trail: string[], title: string): string[] {
  return trail[0] === title ? trail.slice(1) : trail;
}

function hasContent(lines: readonly string[], from: number, to: number): boolean {
  for (let line = from; line <= to; line += 1) if ((lines[line - 1] as string).trim() !== '') return true;
  return false;
}

function cutSection(lines: readonly string[], section: Passage): Passage[] {
  const pieces: Passage[] = [];
  let { line } = section;
  while (section.endLine - line + 1 > passageLinesMax) {
    const endLine = cutLine(lines, line);
    pieces.push({ line, endLine, trail: section.trail });
    line = endLine + 1;
  }
  pieces.push({ line, endLine: section.endLine, trail: section.trail });
  return pieces;
}

function cutLine(lines: readonly string[], from: number): number {
  const last = from + passageLinesMax - 1;
  for (let line = last; line > from + passageLinesMax / 2; line -= 1) {
    if ((lines[line - 1] as string).trim() === '') return line;
  }
  return last;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
