import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Document } from '../src/document.ts';
import { formatRead } from '../src/format.ts';
import { read, readCharactersMax, readLinesMax } from '../src/read.ts';

function document(path: string, text: string): Document {
  return { path, text, modifiedAtMs: 5, bytes: text.length };
}

const documents = [
  document('README.md', 'one\ntwo\nthree\n'),
  document('docs/how-to/upgrade.md', 'x'),
  document('docs/über.md', 'x'),
  document('long.txt', 'line\n'.repeat(readLinesMax * 2 + 5)),
  document('wide.txt', `${'x'.repeat(readCharactersMax + 7)}\nlast`),
  document('heavy.txt', `${'x'.repeat(30_000)}\n`.repeat(5)),
  document('empty.txt', ''),
];

describe('read', () => {
  it('gives the whole document or the lines asked for', () => {
    assert.deepEqual(read(documents, 'README.md'), { kind: 'read', path: 'README.md', startLine: 1, endLine: 3, totalLines: 3, modifiedAtMs: 5, lines: ['one', 'two', 'three'] });
    const part = read(documents, 'README.md', { startLine: 2, endLine: 2 });
    assert.deepEqual(part.kind === 'read' && part.lines, ['two']);
    const clamped = read(documents, 'README.md', { startLine: 3, endLine: 99 });
    assert.deepEqual(clamped.kind === 'read' && [clamped.endLine, clamped.lines], [3, ['three']]);
    const empty = read(documents, 'empty.txt');
    assert.deepEqual(empty.kind === 'read' && [empty.totalLines, empty.lines], [1, ['']]);
  });

  it('takes the path in the ways people write it', () => {
    for (const path of ['./README.md', '/README.md', '././README.md', 'docs\\how-to\\upgrade.md', 'docs/u\u0308ber.md']) {
      assert.equal(read(documents, path).kind, 'read', path);
    }
  });

  it('knows no path but those of its documents', () => {
    for (const path of ['../README.md', 'docs/../README.md', '/etc/passwd', 'README.md/', '', '.', 'docs', '\0', '__proto__', 'docs/how-to/..\\..\\README.md']) {
      const outcome = read(documents, path);
      if (path === 'README.md/') assert.equal(outcome.kind, 'read');
      else assert.equal(outcome.kind, 'unknown-path', path);
    }
  });

  it('names the closest paths for one it does not know', () => {
    const closest = (path: string): readonly string[] => {
      const outcome = read(documents, path);
      return outcome.kind === 'unknown-path' ? outcome.closest : [];
    };
    assert.equal(closest('readme.md')[0], 'README.md');
    assert.equal(closest('upgrade.md')[0], 'docs/how-to/upgrade.md');
    assert.equal(closest('docs/upgrades.md')[0], 'docs/how-to/upgrade.md');
    assert.deepEqual(closest('quite-another-thing.md'), []);
  });

  it('refuses a range that is none, with the lines there are', () => {
    for (const range of [{ startLine: 4 }, { startLine: 0 }, { startLine: -1 }, { startLine: 3, endLine: 2 }, { endLine: 0 }]) {
      const outcome = read(documents, 'README.md', range);
      assert.ok(outcome.kind === 'out-of-range' && outcome.totalLines === 3, JSON.stringify(range));
    }
  });

  it('gives a long document in parts that join to the whole', () => {
    for (const path of ['long.txt', 'heavy.txt']) {
      const all: string[] = [];
      let next: number | undefined = 1;
      for (let parts = 0; next !== undefined; parts += 1) {
        assert.ok(parts < 10);
        const outcome = read(documents, path, { startLine: next });
        assert.ok(outcome.kind === 'read');
        assert.ok(outcome.lines.length <= readLinesMax && outcome.lines.join('\n').length <= readCharactersMax);
        all.push(...outcome.lines);
        next = outcome.nextLine;
      }
      assert.equal(`${all.join('\n')}\n`, documents.find((candidate) => candidate.path === path)?.text);
    }
  });

  it('cuts a line that is too long for any answer, says so and goes on after it', () => {
    const outcome = read(documents, 'wide.txt');
    assert.ok(outcome.kind === 'read');
    assert.deepEqual([outcome.lines.length, outcome.charactersCut, outcome.nextLine], [1, 7, 2]);
  });
});

describe('formatRead', () => {
  it('numbers the lines', () => {
    assert.equal(formatRead(read(documents, 'README.md', { startLine: 2 })).text, 'README.md, lines 2-3 of 3\n\n2  two\n3  three');
    assert.deepEqual(formatRead(read(documents, 'README.md', { startLine: 2 })).structured['text'], 'two\nthree');
  });

  it('says how to go on, and what went wrong', () => {
    assert.match(formatRead(read(documents, 'wide.txt')).text, /The line goes on for 7 characters.*\n\nMore: read on with startLine 2\.$/s);
    const unknown = formatRead(read(documents, 'upgrade.md'));
    assert.deepEqual([unknown.text, unknown.isError], ['There is no document upgrade.md. Did you mean docs/how-to/upgrade.md?', true]);
    assert.match(formatRead(read(documents, 'zzzzzzzzz')).text, /7 documents can be read/);
    assert.equal(formatRead(read(documents, 'README.md', { startLine: 9 })).text, 'README.md has lines 1 to 3; 9 to 3 is not a range of them.');
  });
});
