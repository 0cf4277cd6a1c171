import assert from 'node:assert/strict';
import { it } from 'node:test';
import { freshSeed, seededRandom } from '@flyball/kernel';
import type { Random } from '@flyball/kernel';
import { linesOf } from '../src/document.ts';
import type { Document } from '../src/document.ts';
import { formatRead, formatSearch } from '../src/format.ts';
import { cutDocument } from '../src/passages.ts';
import { read } from '../src/read.ts';
import { search } from '../src/search.ts';
import { buildIndex, buildIndexInSlices } from '../src/text-index.ts';
import { analyzeWord, wordsOf } from '../src/words.ts';
import { arbitraryPath, arbitraryText } from './arbitrary-text.ts';

const rounds = 60;

function property(name: string, check: (random: Random) => void | Promise<void>): void {
  it(name, async (t) => {
    const seed = Number(process.env['FLYBALL_TEST_SEED'] ?? freshSeed());
    t.diagnostic(`FLYBALL_TEST_SEED=${seed}`);
    for (let round = 0; round < rounds; round += 1) {
      try {
        await check(seededRandom(seed + round));
      } catch (cause) {
        throw new Error(`round ${round} of FLYBALL_TEST_SEED=${seed}`, { cause });
      }
    }
  });
}

function arbitraryDocuments(random: Random): Document[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const text = arbitraryText(random, 80);
    return { path: arbitraryPath(random), text, modifiedAtMs: 0, bytes: text.length };
  });
}

property('passages cover each line of any text once, in order', (random) => {
  const text = arbitraryText(random, 200);
  const { passages } = cutDocument({ path: arbitraryPath(random), text });
  let line = 1;
  for (const passage of passages) {
    assert.equal(passage.line, line);
    assert.ok(passage.endLine >= passage.line);
    line = passage.endLine + 1;
  }
  assert.equal(line, linesOf(text).length + 1);
});

property('every word of any text is found where it stands', (random) => {
  const index = buildIndex(arbitraryDocuments(random));
  for (const document of index.documents) {
    for (const [at, text] of linesOf(document.text).entries()) {
      for (const word of wordsOf(text)) {
        if (analyzeWord(word.text).parts.length === 0) continue;
        const found = search(index, word.text, { path: document.path, limit: 50 });
        assert.equal(found.kind, 'found', JSON.stringify(word.text));
        const there = found.kind === 'found' && found.results.some(({ line, endLine }) => line <= at + 1 && at + 1 <= endLine);
        assert.ok(there || (found.kind === 'found' && found.total > 50), `${JSON.stringify(word.text)} in line ${at + 1} of ${document.path}`);
      }
    }
  }
});

property('any query gives an answer that can be shown, within the bounds of its document', (random) => {
  const index = buildIndex(arbitraryDocuments(random));
  for (let queries = 0; queries < 20; queries += 1) {
    const path = random.below(3) === 0 ? { path: arbitraryText(random, 2) } : {};
    const outcome = search(index, arbitraryText(random, 8), { ...path, limit: random.below(12) });
    const { text, structured } = formatSearch(outcome);
    assert.ok(text.length > 0);
    assert.deepEqual(JSON.parse(JSON.stringify(structured)), structured);
    if (outcome.kind !== 'found') continue;
    for (const { path: found, line, endLine, snippet, score } of outcome.results) {
      const read1 = read(index.documents, found, { startLine: line, endLine });
      assert.equal(read1.kind, 'read');
      assert.ok(formatRead(read1).text.length > 0);
      assert.ok(score >= 0 && Number.isFinite(score));
      for (const shown of snippet) {
        assert.ok(shown.line >= line && shown.line <= endLine);
        let from = 0;
        for (const [start, end] of shown.matches) {
          assert.ok(from <= start && start < end && end <= shown.text.length);
          from = end;
        }
      }
    }
  }
});

property('an index is plain data, and the same whether built at once or in slices', async (random) => {
  const documents = arbitraryDocuments(random);
  const index = buildIndex(documents);
  assert.deepEqual(structuredClone(index), index);
  let pauses = 0;
  const sliced = await buildIndexInSlices([...documents].reverse(), async () => {
    pauses += 1;
  });
  const paths = documents.map(({ path }) => path);
  if (new Set(paths).size === paths.length) assert.deepEqual(sliced, index);
  assert.ok(pauses > 0);
});

it('sorts a vocabulary of any size', () => {
  const random = seededRandom(7);
  for (const size of [0, 1, 1_999, 2_000, 2_001, 9_500]) {
    const terms = Array.from(new Set(Array.from({ length: size }, () => `t${random.below(1_000_000).toString(36)}`)));
    const text = terms.join(' ');
    assert.deepEqual(buildIndex([{ path: 'dir', text, modifiedAtMs: 0, bytes: text.length }]).terms, [...terms, 'dir'].sort());
  }
});
