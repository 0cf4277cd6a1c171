/**
 * How long indexing and searching take: 2,000 documents of 2.5 KB with a Zipf-like vocabulary of 30,000
 * words, the same at every run. `node --conditions=flyball-source examples/01-documents/benchmark.ts [DIR]`;
 * with DIR its documents instead.
 */
import { seededRandom } from '@flyball/kernel';
import { buildIndex, buildIndexInSlices, readFolders, search } from './src/index.ts';
import type { Document } from './src/index.ts';

const random = seededRandom(1);
const syllables = ['ra', 'ne', 'to', 'li', 'mo', 'ser', 'ver', 'con', 'str', 'ing', 'da', 'up', 'ket', 'ol', 'im'];
const vocabulary = Array.from({ length: 30_000 }, () => Array.from({ length: 2 + random.below(3) }, () => random.pick(syllables)).join(''));

function word(): string {
  return vocabulary[Math.floor(vocabulary.length ** random.next()) - 1] as string;
}

function words(count: number): string {
  return Array.from({ length: count }, word).join(' ');
}

function madeUp(at: number): Document {
  const sections = Array.from({ length: 5 }, () => `## ${words(3)}\n\n${Array.from({ length: 6 }, () => words(10)).join('\n')}\n`);
  const text = `# ${words(3)}\n\n${sections.join('\n')}`;
  return { path: `folder-${at % 40}/${at}.md`, text, modifiedAtMs: 0, bytes: text.length };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

const [, , directory] = process.argv;
const documents = directory === undefined ? Array.from({ length: 2_000 }, (_, at) => madeUp(at)) : (await readFolders([{ directory }])).documents;
const bytes = documents.reduce((sum, document) => sum + document.bytes, 0);
const index = buildIndex(documents);
console.log(`${documents.length} documents, ${(bytes / 1e6).toFixed(1)} MB, ${index.passages.length} passages, ${index.terms.length} terms`);
console.log(`index at once        ${median(Array.from({ length: 5 }, () => timed(() => buildIndex(documents)))).toFixed(0)} ms`);

const slices: number[] = [];
let sliceStart = performance.now();
await buildIndexInSlices(documents, async () => {
  slices.push(performance.now() - sliceStart);
  await new Promise(setImmediate);
  sliceStart = performance.now();
});
slices.sort((a, b) => a - b);
console.log(`longest slice        ${(slices.at(-1) as number).toFixed(1)} ms; 99 % within ${(slices[Math.floor(slices.length * 0.99)] as number).toFixed(1)} ms`);

const queries = {
  'one rare word': () => word(),
  'three words': () => words(3),
  'eight words': () => words(8),
  'a phrase': () => `"${(random.pick(documents).text.split('\n')[4] ?? '').split(' ').slice(0, 2).join(' ')}"`,
  'a misspelt word': () => `${word()}q`,
};
for (const [name, query] of Object.entries(queries)) {
  const times = Array.from({ length: 200 }, () => {
    const text = query();
    return timed(() => search(index, text));
  });
  console.log(`${name.padEnd(20)} ${median(times).toFixed(2)} ms; 99 % within ${(times[197] as number).toFixed(2)} ms`);
}
