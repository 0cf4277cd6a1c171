// Comma-separated values as in RFC 4180: a header, quoted fields (a quote doubled inside), CRLF or LF, with or
// without a byte order mark. Every record knows the line on which it begins. Pure.
import { TraceError } from '../errors.ts';

export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvTable {
  readonly header: readonly string[];
  readonly records: readonly CsvRecord[];
}

/** Throws TraceError: nothing in it, a quote that never closes, a record with too few or too many fields. */
export function parseCsv(text: string): CsvTable {
  const [head, ...records] = recordsOf(text.startsWith('\uFEFF') ? text.slice(1) : text);
  if (head === undefined) throw new TraceError(1, 'the file is empty; its first line must name the columns.');
  const header = head.fields.map((name) => name.trim());
  const twice = header.find((name, at) => header.indexOf(name) !== at);
  if (twice !== undefined) throw new TraceError(head.line, `two columns are named "${twice}"; names must differ.`);
  for (const { line, fields } of records) {
    if (fields.length !== header.length) {
      throw new TraceError(line, `${fields.length} fields, but the header names ${header.length} columns (${header.join(', ')}).`);
    }
  }
  if (records.length === 0) throw new TraceError(head.line, 'the header is the only line; there is nothing to replay.');
  return { header, records };
}

function recordsOf(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const record = readRecord(text, at, line);
    // An empty line is no record; spreadsheets and `echo >>` leave them at the end.
    if (record.fields.length > 1 || record.fields[0] !== '') records.push({ line, fields: record.fields });
    at = record.end;
    line = record.nextLine;
  }
  return records;
}

interface ReadRecord {
  readonly fields: string[];
  readonly end: number;
  readonly nextLine: number;
}

function readRecord(text: string, start: number, startLine: number): ReadRecord {
  const fields: string[] = [];
  let at = start;
  let line = startLine;
  for (;;) {
    if (text[at] === '"') {
      const quoted = readQuoted(text, at, line);
      fields.push(quoted.value);
      at = quoted.end;
      line = quoted.line;
    } else {
      const end = endOfPlain(text, at);
      fields.push(text.slice(at, end));
      at = end;
    }
    if (text[at] === ',') at += 1;
    else break;
  }
  if (at < text.length && text[at] !== '\n' && text[at] !== '\r') {
    throw new TraceError(line, `after the closing quote of field ${fields.length} a comma or the end of the line must follow, not "${text[at]}".`);
  }
  if (text[at] === '\r') at += 1;
  if (text[at] === '\n') at += 1;
  return { fields, end: at, nextLine: line + 1 };
}

function endOfPlain(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at += 1;
  return at;
}

function readQuoted(text: string, start: number, startLine: number): { value: string; end: number; line: number } {
  let value = '';
  let line = startLine;
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new TraceError(startLine, 'a quote is opened and never closed.');
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      line += value.split('\n').length - 1;
      return { value, end: quote + 1, line };
    }
    value += '"';
    at = quote + 2;
  }
}
