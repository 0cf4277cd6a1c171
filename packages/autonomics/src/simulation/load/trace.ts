// A recorded load: a CSV whose columns the user names, read as numbers over time. Pure; the file is the
// caller's. Times count from the first row, so that a trace of last year runs like one of today.
import { TraceError } from '../errors.ts';
import { parseCsv, type CsvRecord } from './csv.ts';

export type TimeUnit = 's' | 'ms';

export interface TraceOptions {
  readonly timeColumn: string;
  /** What numbers in the time column count; ISO 8601 dates need none. */
  readonly timeUnit: TimeUnit;
  /** Signal → column of the file. */
  readonly columns: Readonly<Record<string, string>>;
  /** Which of the signals are words; the others are numbers. */
  readonly words?: readonly string[];
}

export interface Trace {
  readonly atMs: Float64Array;
  /** Where each row stands in the file. */
  readonly lines: readonly number[];
  readonly signals: Readonly<Record<string, Float64Array>>;
  readonly words: Readonly<Record<string, readonly string[]>>;
  readonly durationMs: number;
}

/** Throws TraceError: an unknown column, a value that is no number or negative, a time before the row above. */
export function readTrace(text: string, { timeColumn, timeUnit, columns, words: asWords = [] }: TraceOptions): Trace {
  const { header, records } = parseCsv(text);
  const timeAt = columnAt(header, timeColumn);
  const times = records.map((record) => readTime(record, timeAt, { column: timeColumn, timeUnit }));
  const signals: Record<string, Float64Array> = {};
  const words: Record<string, readonly string[]> = {};
  for (const [signal, column] of Object.entries(columns)) {
    const at = columnAt(header, column);
    if (asWords.includes(signal)) words[signal] = records.map((record) => readWord(record, at, column));
    else signals[signal] = Float64Array.from(records, (record) => readAmount(record, at, column));
  }
  const atMs = Float64Array.from(times, (time) => time - times[0]!);
  checkOrder(atMs, records, timeColumn);
  return { atMs, lines: records.map(({ line }) => line), signals, words, durationMs: atMs.at(-1)! };
}

function columnAt(header: readonly string[], name: string): number {
  const at = header.indexOf(name);
  if (at < 0) throw new TraceError(1, `there is no column "${name}"; the file has ${header.map((one) => `"${one}"`).join(', ')}.`);
  return at;
}

function readTime({ line, fields }: CsvRecord, at: number, { column, timeUnit }: { column: string; timeUnit: TimeUnit }): number {
  const text = fields[at]!.trim();
  const number = numberOf(text);
  if (Number.isFinite(number)) return timeUnit === 's' ? number * 1_000 : number;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(withZone(text)) : NaN;
  if (Number.isFinite(time)) return time;
  throw new TraceError(line, `column "${column}": "${text}" is no time; allowed are numbers (${timeUnit}) and ISO 8601 dates.`);
}

/** Without a zone a date means another moment on each machine; here it is UTC. */
function withZone(text: string): string {
  const iso = text.replace(' ', 'T');
  return !iso.includes('T') || /(?:Z|[+-]\d{2}:?\d{2})$/i.test(iso) ? iso : `${iso}Z`;
}

function readAmount({ line, fields }: CsvRecord, at: number, column: string): number {
  const text = fields[at]!.trim();
  const number = numberOf(text);
  if (!Number.isFinite(number)) throw new TraceError(line, `column "${column}": "${text}" is not a number.`);
  if (number < 0) throw new TraceError(line, `column "${column}": ${text} is negative; counts, costs and durations are not.`);
  return number;
}

function readWord({ line, fields }: CsvRecord, at: number, column: string): string {
  const text = fields[at]!.trim();
  if (text === '') throw new TraceError(line, `column "${column}" is empty; a word is needed.`);
  return text;
}

function numberOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}

function checkOrder(atMs: Float64Array, records: readonly CsvRecord[], column: string): void {
  for (let row = 1; row < atMs.length; row++) {
    if (atMs[row]! < atMs[row - 1]!) {
      const { line } = records[row]!;
      throw new TraceError(line, `column "${column}" goes back by ${(atMs[row - 1]! - atMs[row]!) / 1_000} s against line ${records[row - 1]!.line}; sort the file by time.`);
    }
  }
}
