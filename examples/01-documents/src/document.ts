/**
 * What a document is to this application: a text with a name. Every other module takes these
 * values; only `folder.ts` makes them from files.
 */

/** A text file as it was read. `path` is relative, NFC, with forward slashes, and unique in a set. */
export interface Document {
  readonly path: string;
  /** Line ends are `\n`, whatever the file had. */
  readonly text: string;
  readonly modifiedAtMs: number;
  readonly bytes: number;
}

/** A run of a document's lines; both ends belong to it and the first line is 1. */
export interface LineRange {
  readonly line: number;
  readonly endLine: number;
}

/** The lines of a text, without their ends. The newline that ends a file starts no further line. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > 1 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** By code unit, not by locale: the same order on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The path as it is stored, for what a caller may have typed: `./docs\\a.md` is `docs/a.md`. */
export function normalizePath(path: string): string {
  return path.normalize('NFC').replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
}
