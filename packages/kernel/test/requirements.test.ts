import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { requirements } from './requirements.ts';

/** Ids that titles begin with; what a template inserts stands as `*`. */
function citedIn(source: string): string[] {
  return [...source.matchAll(/^\s*test\((['`])((?:\\.|(?!\1).)+?): /gm)].map((match) => match[2]!.replaceAll(/\$\{[^}]*\}/g, '*'));
}

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts') && name !== 'requirements.test.ts');
const cited = new Set(files.flatMap((name) => citedIn(readFileSync(join(import.meta.dirname, name), 'utf8'))));
const matches = (pattern: string, id: string) => new RegExp(`^${pattern.split('*').map((part) => part.replaceAll('.', '\\.')).join('[a-z_]+')}$`).test(id);

test('every requirement is cited by a test', () => {
  const uncited = Object.keys(requirements).filter((id) => ![...cited].some((pattern) => matches(pattern, id)));
  assert.deepEqual(uncited, []);
});

test('every id that a test cites is a requirement', () => {
  const unknown = [...cited].filter((pattern) => !Object.keys(requirements).some((id) => matches(pattern, id)));
  assert.deepEqual(unknown, []);
});

test('titles are found, those in templates too', () => {
  assert.deepEqual(citedIn("  test('a.b: does'\ntest(`s:${x}_y: ${z}: more`"), ['a.b', 's:*_y']);
  assert.ok(cited.size > 80, `${cited.size} ids`);
});
