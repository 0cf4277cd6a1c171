/**
 * The headings of a text, by its format: Markdown (ATX, setext, one-line HTML headings), AsciiDoc,
 * reStructuredText. Other formats have none. Code blocks and front matter are not searched for
 * headings: a shell comment looks like one.
 */

export interface Heading {
  /** Where it begins, from 1. */
  readonly line: number;
  /** How many lines it takes: two if it is underlined. */
  readonly lines: number;
  /** 1 is the document's title. */
  readonly level: number;
  /** Without markup. */
  readonly text: string;
}

export interface Outline {
  readonly headings: readonly Heading[];
  /** `title:` of the front matter, else the first heading if it opens the text or is of level 1. */
  readonly title?: string;
}

/** A longer line is text: it keeps the patterns below linear in the size of a hostile file. */
const headingCharactersMax = 400;

interface Cursor {
  readonly lines: readonly string[];
  readonly at: number;
}

type HeadingReader = (cursor: Cursor) => Heading | undefined;

export function outlineOf(path: string, lines: readonly string[]): Outline {
  const format = formatOf(path);
  if (format === undefined) return { headings: [] };
  const frontMatter = frontMatterOf(lines);
  const read = format === 'restructured' ? restructuredReader() : format === 'asciidoc' ? readAsciiDoc : readMarkdown;
  const headings = scan(lines, frontMatter.lines, { fence: fencePattern(format), read });
  const title = frontMatter.title ?? headings.find((heading) => heading.level === 1)?.text ?? headings[0]?.text;
  return title === undefined ? { headings } : { headings, title };
}

type Format = 'markdown' | 'asciidoc' | 'restructured';

function formatOf(path: string): Format | undefined {
  if (/\.(?:md|markdown|mdown|mkd|mdx)$/i.test(path)) return 'markdown';
  if (/\.(?:adoc|asciidoc|asc)$/i.test(path)) return 'asciidoc';
  if (/\.(?:rst|rest)$/i.test(path)) return 'restructured';
  return undefined;
}

/** Lines taken by YAML front matter at the top, and its title. Unclosed front matter is text. */
function frontMatterOf(lines: readonly string[]): { readonly lines: number; readonly title?: string } {
  if (lines[0] !== '---') return { lines: 0 };
  const end = lines.findIndex((line, at) => at > 0 && (line === '---' || line === '...'));
  if (end === -1) return { lines: 0 };
  for (const line of lines.slice(1, end)) {
    if (line.length > headingCharactersMax) continue;
    const title = /^title:\s*(["']?)(.+?)\1\s*$/i.exec(line)?.[2];
    if (title !== undefined) return { lines: end + 1, title };
  }
  return { lines: end + 1 };
}

function fencePattern(format: Format): RegExp | undefined {
  if (format === 'markdown') return /^ {0,3}(?:[-*+] +|\d+[.)] +)?(`{3,}|~{3,})/;
  return format === 'asciidoc' ? /^(-{4,}|\.{4,}|\/{4,}|`{3})/ : undefined;
}

function scan(
  lines: readonly string[],
  from: number,
  { fence, read }: { readonly fence: RegExp | undefined; readonly read: HeadingReader },
): Heading[] {
  const headings: Heading[] = [];
  let open: string | undefined;
  for (let at = from; at < lines.length; at += 1) {
    const line = lines[at] as string;
    if (open !== undefined) {
      if (closes(line, open)) open = undefined;
      continue;
    }
    open = fence?.exec(line)?.[1];
    if (open !== undefined || line.length > headingCharactersMax) continue;
    const heading = read({ lines, at });
    if (heading === undefined) continue;
    headings.push(heading);
    at += heading.lines - 1;
  }
  return headings;
}

/** CommonMark 4.5: a fence is closed by at least as many of the same character, alone on the line. */
function closes(line: string, open: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= open.length && trimmed === (open[0] as string).repeat(trimmed.length);
}

function readMarkdown({ lines, at }: Cursor): Heading | undefined {
  const line = lines[at] as string;
  const atx = /^ {0,3}(#{1,6})(?=[ \t]|$)/.exec(line);
  if (atx !== null) {
    const text = line.slice(atx[0].length).trim().replace(/(?:^|[ \t])#+$/, '');
    return heading({ at, level: (atx[1] as string).length, text: plain(text) });
  }
  const html = /^\s*<h([1-6])\b[^>]*>(.*?)<\/h\1>\s*$/i.exec(line);
  if (html !== null) return heading({ at, level: Number(html[1]), text: plain(html[2] as string) });
  return readSetext({ lines, at });
}

/** Only one line of text, after a blank one: a paragraph above `---` is far more often just that. */
function readSetext({ lines, at }: Cursor): Heading | undefined {
  const underline = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(lines[at + 1] ?? '')?.[1];
  if (underline === undefined || !isBlank(lines[at - 1])) return undefined;
  const line = lines[at] as string;
  if (!/^ {0,3}[^\s>#|*+-]/.test(line)) return undefined;
  return heading({ at, lines: 2, level: underline.startsWith('=') ? 1 : 2, text: plain(line) });
}

function readAsciiDoc({ lines, at }: Cursor): Heading | undefined {
  const match = /^(={1,6}|#{1,6})[ \t]+(\S.*)$/.exec(lines[at] as string);
  if (match === null) return undefined;
  return heading({ at, level: (match[1] as string).length, text: plain(match[2] as string) });
}

/** The underlines of reStructuredText get their level from the order in which they first appear. */
function restructuredReader(): HeadingReader {
  const seen: string[] = [];
  return ({ lines, at }) => {
    const text = (lines[at] as string).trimEnd();
    const underline = /^([!-/:-@[-`{-~])\1+\s*$/.exec(lines[at + 1] ?? '');
    if (text === '' || underline === null || isRule(text)) return undefined;
    if (underline[0].trimEnd().length < text.length) return undefined;
    const overlined = isRule(lines[at - 1] ?? '') && lines[at - 1]?.trimEnd() === underline[0].trimEnd();
    const style = `${underline[1] as string}${overlined ? 'over' : ''}`;
    if (!seen.includes(style)) seen.push(style);
    return heading({ at, lines: 2, level: seen.indexOf(style) + 1, text: plain(text) });
  };
}

function isRule(line: string): boolean {
  return /^([!-/:-@[-`{-~])\1+\s*$/.test(line);
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || line.trim() === '';
}

function heading(fields: { at: number; level: number; text: string; lines?: number }): Heading | undefined {
  if (fields.text === '') return undefined;
  return { line: fields.at + 1, lines: fields.lines ?? 1, level: fields.level, text: fields.text };
}

/** What a reader sees of a line of markup: link texts, no emphasis, no code marks, no tags. */
function plain(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/[*`]+|\{#[^}]*\}/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
