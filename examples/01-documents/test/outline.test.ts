import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { linesOf } from '../src/document.ts';
import { outlineOf } from '../src/outline.ts';
import { cutDocument, passageLinesMax } from '../src/passages.ts';

function headings(path: string, text: string): string[] {
  return outlineOf(path, linesOf(text)).headings.map(({ line, level, text: title }) => `${line}:${level} ${title}`);
}

describe('outline of Markdown', () => {
  it('has ATX, setext and HTML headings without their markup', () => {
    const text = '# A `b` **c** [d](e) ##\n\nSet\n===\n\nLess\n---\n\n<h3 align="center">H <b>T</b></h3>\n#no\n####### no\n## ';
    assert.deepEqual(headings('a.md', text), ['1:1 A b c d', '3:1 Set', '6:2 Less', '9:3 H T']);
  });

  it('has none from code, front matter or a paragraph above a rule', () => {
    const text = '---\ntitle: T\n# no\n---\n````\n# no\n```\n# no\n````\n- ```sh\n  # no\n  ```\ntext\nmore\n---\n# Yes';
    assert.deepEqual(headings('a.md', text), ['16:1 Yes']);
    assert.equal(outlineOf('a.md', linesOf(text)).title, 'T');
  });

  it('takes time linear in a hostile line', () => {
    const lines = [`#${' '.repeat(1_000_000)}x`, `<h1 ${'<h1 '.repeat(250_000)}`, `${'['.repeat(1_000_000)}`, '='.repeat(1_000_000)];
    for (const path of ['a.md', 'a.rst', 'a.adoc']) assert.deepEqual(headings(path, `---\ntitle: ${' '.repeat(9_999)}\n---\n${lines.join('\n')}`), []);
  });
});

describe('outline of other formats', () => {
  it('of reStructuredText takes levels from the order of the underlines', () => {
    const text = '=====\nTitle\n=====\n\nPart\n----\n\nDetail\n~~~~~~\n\nPart two\n--------\n\nToo long for it\n---\n';
    assert.deepEqual(headings('a.rst', text), ['2:1 Title', '5:2 Part', '8:3 Detail', '11:2 Part two']);
  });

  it('of AsciiDoc counts the signs and skips listings', () => {
    assert.deepEqual(headings('a.adoc', '= T\n\n----\n= no\n----\n== S\n==no'), ['1:1 T', '6:2 S']);
  });

  it('of plain text is empty', () => {
    assert.deepEqual(headings('a.txt', '# no\nno\n===\n'), []);
  });
});

describe('passages', () => {
  const cut = (text: string): string[] => {
    return cutDocument({ path: 'dir/a.md', text }).passages.map(({ line, endLine, trail }) => `${line}-${endLine} ${trail.join(' > ')}`);
  };

  it('are the sections with their headings, the title not repeated', () => {
    assert.deepEqual(cut('# T\n\nintro\n\n## A\na\n### B\nb\n## C\nc\n'), ['1-4 ', '5-6 A', '7-8 A > B', '9-10 C']);
  });

  it('join a heading without text to the section it opens', () => {
    assert.deepEqual(cut('# T\n\n## A\n\n### B\nb\n'), ['1-6 A > B']);
  });

  it('are cut at a blank line when a section is long', () => {
    const text = `# T\n${'x\n'.repeat(29)}\n${'y\n'.repeat(30)}`;
    assert.deepEqual(cut(text), ['1-31 ', '32-61 ']);
    assert.ok(cutDocument({ path: 'a.md', text: 'x\n'.repeat(1_000) }).passages.every((p) => p.endLine - p.line < passageLinesMax));
  });

  it('of an empty or blank text and of headings alone lose nothing', () => {
    assert.deepEqual(cut(''), ['1-1 ']);
    assert.deepEqual(cut('\n\n'), ['1-2 ']);
    assert.deepEqual(cut('# T\n## A\n## B'), ['1-3 B']);
  });

  it('take the name of the file for a title if there is no other', () => {
    assert.equal(cutDocument({ path: 'dir/a.md', text: 'x' }).title, 'a.md');
  });
});
