import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { editDistance } from '../src/distance.ts';
import { readFolders } from '../src/folder.ts';
import { formatSearch } from '../src/format.ts';
import { parseQuery } from '../src/query.ts';
import { passagesPerDocumentMax, search, searchLimitMax } from '../src/search.ts';
import type { SearchOptions, SearchOutcome, SearchResult } from '../src/search.ts';
import { buildIndex, emptyIndex } from '../src/text-index.ts';
import type { TextIndex } from '../src/text-index.ts';

const handbook = fileURLToPath(new URL('fixtures/handbook', import.meta.url));
let index: TextIndex;

before(async () => {
  index = buildIndex((await readFolders([{ directory: handbook }])).documents);
});

function found(query: string, options?: SearchOptions): Extract<SearchOutcome, { kind: 'found' }> {
  const outcome = search(index, query, options);
  assert.equal(outcome.kind, 'found', JSON.stringify(outcome));
  return outcome as Extract<SearchOutcome, { kind: 'found' }>;
}

function places(query: string, options?: SearchOptions): string[] {
  return found(query, options).results.map(({ path, line }) => `${path}:${line}`);
}

function best(query: string): SearchResult {
  return found(query).results[0] as SearchResult;
}

function marked({ snippet }: SearchResult): string[] {
  return snippet.flatMap(({ text, matches }) => matches.map(([start, end]) => text.slice(start, end)));
}

function indexOf(texts: Readonly<Record<string, string>>): TextIndex {
  return buildIndex(Object.entries(texts).map(([path, text]) => ({ path, text, modifiedAtMs: 0, bytes: text.length })));
}

describe('search', () => {
  it('points to the section, with its headings and the lines that say why', () => {
    const result = best('emergency lever');
    assert.deepEqual(
      { path: result.path, title: result.title, trail: result.trail, line: result.line, endLine: result.endLine },
      { path: 'engine.md', title: 'The engine', trail: ['Stopping', 'In an emergency'], line: 18, endLine: 21 },
    );
    assert.deepEqual(marked(result), ['emergency', 'lever']);
    assert.deepEqual(result.snippet.map(({ line }) => line), [18, 19, 20]);
  });

  it('ranks a heading over a mention, and the title over its sections', () => {
    assert.equal(places('hunting')[0], 'guides/governor.md:12');
    assert.equal(places('governor')[0], 'guides/governor.md:1');
    assert.equal(places('looms')[0], 'guides/looms.rst:1');
  });

  it('ranks passages that have all words, and those where they stand together, first', () => {
    const near = indexOf({ 'a.txt': 'hot water and a cold upgrade of it', 'b.txt': 'the hot upgrade of a mill in the', 'c.txt': 'hot hot hot hot in it as well too' });
    const outcome = search(near, 'hot upgrade');
    assert.deepEqual(outcome.kind === 'found' && outcome.results.map(({ path }) => path), ['b.txt', 'a.txt', 'c.txt']);
  });

  it('ranks a passage with all words over one that repeats a rare one', () => {
    const filler = 'the wheel turns by day and by night as long as there is water in the race';
    const texts: Record<string, string> = { 'both.txt': `lime ${filler} ${filler} pump`, 'one.txt': 'lime lime lime lime' };
    for (let at = 0; at < 6; at += 1) texts[`other-${at}.txt`] = filler;
    const outcome = search(indexOf(texts), 'lime pump');
    assert.deepEqual(outcome.kind === 'found' && outcome.results.slice(0, 2).map(({ path }) => path), ['both.txt', 'one.txt']);
  });

  it('shows a match in the middle of its lines', () => {
    const outcome = search(indexOf({ 'a.txt': `${'above\n'.repeat(9)}needle\n${'below\n'.repeat(9)}` }), 'needle');
    assert.deepEqual(outcome.kind === 'found' && outcome.results[0]?.snippet.map(({ line }) => line), [8, 9, 10, 11, 12]);
  });

  it('finds names by their parts, as one word and in any spelling', () => {
    for (const query of ['drainTimeoutMs', 'drain_timeout_ms', 'drain-timeout-ms', 'draintimeoutms', '"drain timeout ms"']) {
      assert.deepEqual(marked(best(query)), ['drainTimeoutMs'], query);
    }
    assert.deepEqual(marked(best('"one for one"')), ['one_for_one']);
    assert.equal(places('timeout')[0], 'engine.md:14');
  });

  it('finds inflections, but the word as typed first', () => {
    const inflected = indexOf({ 'a.txt': 'they restarted it', 'b.txt': 'they restart it' });
    const outcome = search(inflected, 'restart');
    assert.deepEqual(outcome.kind === 'found' && outcome.results.map(({ path }) => path), ['b.txt', 'a.txt']);
    assert.equal(places('adjust')[0], 'guides/governor.md:8');
  });

  it('takes a word that nothing has for the beginning of others', () => {
    assert.deepEqual(marked(best('superv')), ['supervisor']);
  });

  it('finds accents, case and unspaced scripts', () => {
    assert.deepEqual(marked(best('CAFE')), ['café-coloured']);
    assert.deepEqual(marked(best('機械')), ['機械']);
    assert.equal(search(index, '械機').kind === 'found' && marked(best('械機')).includes('機械'), false);
    assert.deepEqual(places('métier'), ['notes/old.txt:1']);
  });

  it('demands quoted phrases, across line ends too', () => {
    assert.deepEqual(places('"governor hunts again"'), ['notes/night.txt:1']);
    assert.deepEqual(places('"too slow friction"'), ['guides/governor.md:12']);
    assert.deepEqual(places('governor "drain cocks"'), ['engine.md:5']);
    assert.equal(search(index, '"hunts governor"').kind, 'no-match');
  });

  it('leaves out what is excluded, phrases too, but takes --flags for words', () => {
    assert.ok(!places('governor -hunting').includes('guides/governor.md:12'));
    assert.ok(!places('boiler -"soft water"').includes('guides/water.adoc:1'));
    assert.equal(places('--pressure-max')[0], 'engine.md:5');
    assert.equal(search(index, '-governor').kind, 'no-words');
  });

  it('ignores the words that hold a question together', () => {
    assert.deepEqual(places('what is the cause of hunting'), places('cause hunting'));
    assert.equal(search(index, 'the').kind, 'found');
  });

  it('is restricted to a document or a folder', () => {
    assert.deepEqual(new Set(places('governor', { path: 'notes' })), new Set(['notes/night.txt:1', 'notes/wide.txt:1']));
    assert.ok(places('thread', { path: './guides/looms.rst' }).every((place) => place.startsWith('guides/looms.rst')));
    assert.deepEqual(places('governor', { path: '.' }), places('governor'));
    const elsewhere = search(index, 'boiler', { path: 'engine.md' });
    assert.deepEqual(elsewhere, { kind: 'no-match', query: 'boiler', unknown: [], elsewhere: 2 });
    assert.deepEqual(search(index, 'boiler', { path: 'guide' }), { kind: 'unknown-path', query: 'boiler', path: 'guide', closest: ['guides', 'guides/governor.md', 'guides/looms.rst', 'guides/water.adoc'] });
  });

  it('suggests what was probably meant, and finds the rest of the query', () => {
    assert.deepEqual(search(index, 'govenor'), { kind: 'no-match', query: 'govenor', unknown: [{ word: 'govenor', suggestions: ['governor', 'governors'] }], elsewhere: 0 });
    const outcome = found('throtle boiler');
    assert.deepEqual(outcome.unknown, [{ word: 'throtle', suggestions: ['throttle'] }]);
    assert.deepEqual(search(index, '"red levver"'), { kind: 'no-match', query: '"red levver"', unknown: [{ word: 'levver', suggestions: ['lever', 'never'] }], elsewhere: 0 });
  });

  it('keeps to its limits, one document does not crowd out the others', () => {
    const texts: Record<string, string> = {};
    for (let at = 0; at < 60; at += 1) texts[`single-${at}.md`] = `# Page\n\nmill ${'word '.repeat(40)}`;
    texts['all.md'] = Array.from({ length: 60 }, (_, at) => `## Mill ${at}\n\nmill\n`).join('\n');
    const many = indexOf(texts);
    const outcome = search(many, 'mill', { limit: 10_000 });
    assert.ok(outcome.kind === 'found');
    assert.equal(outcome.total, 120);
    assert.equal(outcome.results.length, searchLimitMax);
    assert.equal(outcome.results.filter(({ path }) => path === 'all.md').length, passagesPerDocumentMax);
    const alone = search(many, 'mill', { limit: 20, path: 'all.md' });
    assert.equal(alone.kind === 'found' && alone.results.length, 20);
    for (const limit of [0, -5, Number.NaN, 1.9]) assert.ok(search(many, 'mill', { limit }).kind === 'found', String(limit));
    assert.equal(search(many, `${'zzz '.repeat(100_000)}mill`).kind, 'no-match');
  });

  it('answers on an empty set', () => {
    assert.equal(search(emptyIndex(), 'mill').kind, 'no-match');
    assert.equal(search(emptyIndex(), '').kind, 'no-words');
  });

  it('cuts a long line around the match', () => {
    const long = indexOf({ 'a.txt': `${'word '.repeat(5_000)}needle 🙂${' word'.repeat(5_000)}` });
    const outcome = search(long, 'needle');
    assert.ok(outcome.kind === 'found');
    const [line] = (outcome.results[0] as SearchResult).snippet;
    assert.ok(line !== undefined && line.text.length <= 242 && line.text.startsWith('…') && line.text.endsWith('…'));
    assert.deepEqual(marked(outcome.results[0] as SearchResult), ['needle']);
  });
});

describe('formatSearch', () => {
  it('shows place, headings and numbered lines with marks', () => {
    assert.equal(
      formatSearch(found('emergency lever', { limit: 1 })).text.replace(/score [\d.]+/, 'score S'),
      [
        '1 passage for: emergency lever',
        '',
        '1. engine.md:18-21  The engine › Stopping › In an emergency  (score S)',
        '   18  ### In an «emergency»',
        '   19',
        '   20  Pull the red «lever». The one_for_one supervisor of each loom restarts it later.',
      ].join('\n'),
    );
  });

  it('says what to try when nothing was found', () => {
    assert.equal(formatSearch(search(index, 'govenor')).text, 'Nothing matches: govenor\nNot in any document: govenor. Did you mean governor, governors?');
    assert.match(formatSearch(search(index, 'boiler', { path: 'engine.md' })).text, /Outside of that path 2 passages would match/);
    assert.equal(formatSearch(search(index, '-x')).isError, true);
    assert.equal(formatSearch(search(index, 'govenor')).isError, false);
    assert.match(formatSearch(search(index, 'x', { path: 'guides/loom.rst' })).text, /Did you mean guides\/looms\.rst/);
  });
});

describe('parseQuery', () => {
  const parsed = (text: string): unknown => {
    const { wanted, excluded } = parseQuery(text);
    const show = ({ parts, quoted }: { parts: readonly string[]; quoted: boolean }): string => (quoted ? `"${parts.join(' ')}"` : parts.join('+'));
    return [wanted.map(show), excluded.map(show)];
  };
  const cases: readonly (readonly [string, unknown])[] = [
    ['hot Hot "hot"', [['hot', '"hot"'], []]],
    ['"a b', [['"a b"'], []]],
    ['-"a b" c', [['c'], ['"a b"']]],
    ['a-b -c --d - "" "-"', [['a+b', 'd'], ['c']]],
    ['docs/how-to', [['docs', 'how+to'], []]],
    ['東京 node', [['東+京', 'node'], []]],
    ['', [[], []]],
  ];
  for (const [text, expected] of cases) it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parsed(text), expected));
});

describe('editDistance', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ['mill', 'mill', 0], ['mill', 'mil', 1], ['mill', 'mlil', 1], ['mill', 'kiln', 2], ['governor', 'govenror', 1], ['governor', 'gvoenror', 2], ['', 'ab', 2], ['abc', 'xyz', 3], ['a', 'bcdef', 5],
  ];
  for (const [a, b, distance] of cases) {
    it(`of ${a} and ${b} is ${distance}, or more than asked for`, () => {
      for (let most = 0; most <= 6; most += 1) {
        const expected = distance <= most ? distance : most + 1;
        assert.deepEqual([editDistance(a, b, most), editDistance(b, a, most)], [expected, expected]);
      }
    });
  }
});
