import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TraceError } from '../../src/simulation/errors.ts';
import { parseCsv } from '../../src/simulation/load/csv.ts';
import { readTrace, type TraceOptions } from '../../src/simulation/load/trace.ts';

const options = (columns: Record<string, string>, more: Partial<TraceOptions> = {}): TraceOptions => ({ timeColumn: 'time', timeUnit: 's', columns, ...more });

test('fields may be quoted, hold commas, quotes and line breaks; lines end as they like', () => {
  const { header, records } = parseCsv('\uFEFFa, b\r\n1,"x, ""y"""\n2,"two\nlines"\r\n\n3,\n');
  assert.deepEqual(header, ['a', 'b']);
  assert.deepEqual(records, [
    { line: 2, fields: ['1', 'x, "y"'] },
    { line: 3, fields: ['2', 'two\nlines'] },
    { line: 6, fields: ['3', ''] },
  ]);
});

test('columns are found by their names, times count from the first row', () => {
  const text = 'time,n,bad,who\n100,3,1,a\n100.5,4,0,b\n';
  const { atMs, signals, words, durationMs, lines } = readTrace(text, options({ requests: 'n', errors: 'bad', tool: 'who' }, { words: ['tool'] }));
  assert.deepEqual([[...atMs], durationMs, lines], [[0, 500], 500, [2, 3]]);
  assert.deepEqual([[...signals['requests']!], [...signals['errors']!], words['tool']], [[3, 4], [1, 0], ['a', 'b']]);
});

test('times are seconds, milliseconds or ISO dates, which without a zone are UTC', () => {
  const times = (rows: string, timeUnit: 's' | 'ms' = 's'): number[] => [...readTrace(`time\n${rows}`, options({}, { timeUnit })).atMs];
  assert.deepEqual(times('1e3\n1001.25'), [0, 1_250]);
  assert.deepEqual(times('5\n7', 'ms'), [0, 2]);
  assert.deepEqual(times('2026-11-20T10:00:00Z\n2026-11-20 10:00:01.5\n2026-11-20T11:00:02+01:00'), [0, 1_500, 2_000]);
});

test('what is wrong is said with its line, its column and what is allowed', () => {
  const cases: readonly (readonly [string, Record<string, string>, number, RegExp])[] = [
    ['', {}, 1, /the file is empty/],
    ['time\n', {}, 1, /the header is the only line/],
    ['time,time\n1,2\n', {}, 1, /two columns are named "time"/],
    ['at,n\n1,2\n', {}, 1, /there is no column "time"; the file has "at", "n"/],
    ['time,n\n1,2\n', { requests: 'count' }, 1, /there is no column "count"/],
    ['time,n\n1,2\n2\n', {}, 3, /1 fields, but the header names 2 columns \(time, n\)/],
    ['time,n\n1,2\n2,x\n', { requests: 'n' }, 3, /column "n": "x" is not a number/],
    ['time,n\n1,\n', { requests: 'n' }, 2, /column "n": "" is not a number/],
    ['time,n\n1,-4\n', { requests: 'n' }, 2, /column "n": -4 is negative/],
    ['time,n\nsoon,4\n', {}, 2, /column "time": "soon" is no time; allowed are numbers \(s\) and ISO 8601 dates/],
    ['time,n\n5,1\n9,1\n7,1\n', {}, 4, /goes back by 2 s against line 3; sort the file by time/],
    ['time,n\n1,"2\n2,3\n', {}, 2, /a quote is opened and never closed/],
    ['time,n\n1,"2"3\n', {}, 2, /after the closing quote of field 2 a comma/],
    ['time,n\n1,"a\nb"\n2,0x10\n', { requests: 'n' }, 2, /"a\nb" is not a number/],
  ];
  for (const [text, columns, line, pattern] of cases) {
    assert.throws(() => readTrace(text, options(columns)), (error) => {
      assert.ok(error instanceof TraceError && error.code === 'trace-invalid', String(error));
      assert.equal(error.line, line, error.message);
      assert.match(error.message, pattern);
      return true;
    }, text);
  }
});

test('the line is counted through quoted line breaks before it', () => {
  assert.throws(() => readTrace('time,note,n\n1,"a\nb\nc",1\n2,d,x\n', options({ requests: 'n' })), (error) => error instanceof TraceError && error.line === 5);
});
