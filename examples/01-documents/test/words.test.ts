import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stem } from '../src/stem.ts';
import { analyzeWord, termCharactersMax, wordsOf } from '../src/words.ts';

describe('words', () => {
  const texts = (text: string): string[] => wordsOf(text).map((word) => word.text);

  it('keeps names in one piece and leaves punctuation out', () => {
    assert.deepEqual(texts("Don't call one_for_one, shutdownTimeoutMs or hand-over (v1.2.3)."), [
      "Don't", 'call', 'one_for_one', 'shutdownTimeoutMs', 'or', 'hand-over', 'v1.2.3',
    ]);
  });

  it('takes two hyphens for a dash and a slash for an end', () => {
    assert.deepEqual(texts('word--word docs/how-to --flag'), ['word', 'word', 'docs', 'how-to', 'flag']);
  });

  it('makes each character of an unspaced script a word', () => {
    assert.deepEqual(texts('Node東京ไทย'), ['Node', '東', '京', 'ไ', 'ท', 'ย']);
  });

  it('gives offsets into the text', () => {
    const text = 'a “naïve” Übung';
    for (const word of wordsOf(text)) assert.equal(text.slice(word.start, word.end), word.text);
  });
});

describe('terms', () => {
  const cases: readonly (readonly [string, readonly string[], string?])[] = [
    ['plain', ['plain']],
    ['Upper', ['upper']],
    ['shutdownTimeoutMs', ['shutdown', 'timeout', 'ms'], 'shutdowntimeoutms'],
    ['HTTPServer', ['http', 'server'], 'httpserver'],
    ['one_for_one', ['one', 'for', 'one'], 'oneforone'],
    ['hand-over', ['hand', 'over'], 'handover'],
    ['sha256', ['sha256']],
    ['2026-07-28', ['2026', '07', '28'], '20260728'],
    ['café', ['cafe']],
    ['cafe\u0301', ['cafe']],
    ['ﬁle', ['file']],
    ['ＦＵＬＬ', ['full']],
    ['İstanbul', ['istanbul']],
    ['ещё', ['еще']],
    ['कि', ['कि']],
    ['\u0301', []],
  ];
  for (const [word, parts, whole] of cases) {
    it(`of ${JSON.stringify(word)} are ${parts.join(' ')}`, () => {
      assert.deepEqual(analyzeWord(word), whole === undefined ? { parts } : { parts, whole });
    });
  }

  it('are cut at the same length wherever they come from', () => {
    assert.deepEqual(analyzeWord('x'.repeat(5_000)), { parts: ['x'.repeat(termCharactersMax)] });
  });

  it('are found in time in a word that never ends', () => {
    const hostile = [`a${'\u0301'.repeat(500_000)}`, 'aB'.repeat(500_000), 'a.'.repeat(500_000)];
    for (const word of hostile) {
      const { length } = analyzeWord(word).parts;
      assert.ok(length > 0 && length <= 1_000, String(length));
    }
  });
});

describe('stem', () => {
  const families: readonly (readonly string[])[] = [
    ['restart', 'restarts', 'restarted', 'restarting'],
    ['stop', 'stops', 'stopped', 'stopping'],
    ['release', 'releases', 'released', 'releasing'],
    ['policy', 'policies'],
    ['class', 'classes'],
    ['authorize', 'authorizes', 'authorized', 'authorizing', 'authorization'],
    ['configure', 'configures', 'configured', 'configuration'],
    ['exact', 'exactly'],
    ['apply', 'applies', 'applied', 'applying'],
  ];
  for (const family of families) {
    it(`is one for ${family.join(', ')}`, () => {
      assert.equal(new Set(family.map(stem)).size, 1, family.map(stem).join(' '));
    });
  }

  it('keeps apart what only looks alike', () => {
    for (const [a, b] of [['string', 'strs'], ['need', 'ne'], ['status', 'statu'], ['station', 'st'], ['create', 'cre'], ['supply', 'sup']]) {
      assert.notEqual(stem(a as string), stem(b as string), `${a} ${b}`);
    }
  });

  it('shares all but its last character with the word, which the index relies on', () => {
    for (const family of families) {
      for (const word of family) assert.ok(word.startsWith(stem(word).slice(0, -1)), word);
    }
  });
});
