/**
 * Lines of one document. Only what was indexed can be read: the path is looked up in the set and
 * never given to the file system, so no `..` leads anywhere.
 */
import { closestPaths } from './closest.ts';
import { linesOf, normalizePath } from './document.ts';
import type { Document } from './document.ts';

export interface ReadOptions {
  /** From 1, which is the default. */
  readonly startLine?: number;
  /** Belongs to what is read; default and maximum: the last line. */
  readonly endLine?: number;
}

/** One answer holds at most so much; `nextLine` says where to go on. */
export const readLinesMax = 1_000;
export const readCharactersMax = 65_536;

export type ReadOutcome =
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly startLine: number;
      readonly endLine: number;
      readonly totalLines: number;
      readonly modifiedAtMs: number;
      readonly lines: readonly string[];
      /** Absent if all that was asked for is here. */
      readonly nextLine?: number;
      /** Characters of the last line that are left out: it alone is longer than an answer may be. */
      readonly charactersCut?: number;
    }
  | { readonly kind: 'unknown-path'; readonly path: string; readonly closest: readonly string[]; readonly documentCount: number }
  | {
      readonly kind: 'out-of-range';
      readonly path: string;
      readonly startLine: number;
      readonly endLine: number;
      readonly totalLines: number;
    };

/** The lines from `startLine` to `endLine`; an end beyond the last line means the last line. */
export function read(documents: readonly Document[], path: string, options: ReadOptions = {}): ReadOutcome {
  const wanted = normalizePath(path);
  const document = documents.find((candidate) => candidate.path === wanted);
  if (document === undefined) {
    const closest = closestPaths(documents.map((candidate) => candidate.path), wanted);
    return { kind: 'unknown-path', path, closest, documentCount: documents.length };
  }
  const all = linesOf(document.text);
  const startLine = wholeLine(options.startLine, 1);
  const endLine = Math.min(all.length, wholeLine(options.endLine, all.length));
  if (startLine < 1 || startLine > endLine) {
    const asked = wholeLine(options.endLine, all.length);
    return { kind: 'out-of-range', path: document.path, startLine, endLine: asked, totalLines: all.length };
  }
  return { kind: 'read', path: document.path, totalLines: all.length, modifiedAtMs: document.modifiedAtMs, ...pageOf(all, startLine, endLine) };
}

function wholeLine(line: number | undefined, otherwise: number): number {
  return line === undefined || Number.isNaN(line) ? otherwise : Math.trunc(line);
}

interface Page {
  readonly startLine: number;
  readonly endLine: number;
  readonly lines: readonly string[];
  readonly nextLine?: number;
  readonly charactersCut?: number;
}

/** At least one line, if need be a part of it. */
function pageOf(all: readonly string[], startLine: number, endLine: number): Page {
  const lines: string[] = [];
  let characters = 0;
  for (let line = startLine; line <= endLine && lines.length < readLinesMax; line += 1) {
    const text = all[line - 1] as string;
    characters += text.length + 1;
    if (characters > readCharactersMax && lines.length > 0) break;
    lines.push(text);
  }
  const last = startLine + lines.length - 1;
  const rest = last < endLine ? { nextLine: last + 1 } : {};
  const only = lines[0] as string;
  if (only.length <= readCharactersMax) return { startLine, endLine: last, lines, ...rest };
  const kept = only.slice(0, readCharactersMax).toWellFormed();
  return { startLine, endLine: last, lines: [kept], charactersCut: only.length - kept.length, ...rest };
}
