import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REQUIREMENTS } from './requirements.ts';

/** Titles of tests, however they are quoted. */
function titles(source: string): string[] {
  return [...source.matchAll(/\b(?:test|it|describe)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map((match) => match[2]!);
}

function uncited(ids: readonly string[], sources: readonly string[]): string[] {
  const words = new Set(sources.flatMap(titles).flatMap((title) => title.split(/[\s,:;]+/)));
  return ids.filter((id) => !words.has(id));
}

function testSources(): string[] {
  const folder = import.meta.dirname;
  const names = readdirSync(folder, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
}

test('every requirement is cited by the title of a test', () => {
  const ids = REQUIREMENTS.map((requirement) => requirement.id);
  assert.equal(new Set(ids).size, ids.length, 'an id stands twice');
  assert.deepEqual(uncited(ids, testSources()), []);
});

test('an id that stands only in a comment or in another id is uncited', () => {
  const sources = ["// mcp.a\ntest('mcp.a-longer: does it', () => {});", 'test(`mcp.b: fine`, () => {});'];
  assert.deepEqual(uncited(['mcp.a', 'mcp.b'], sources), ['mcp.a']);
});
