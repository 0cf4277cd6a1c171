import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { referencePages } from '../tools/reference-pages.ts';

for (const [name, text] of Object.entries(referencePages())) {
  test(`docs/reference/${name} says what the code says (else: node --conditions=flyball-source tools/reference.ts)`, () => {
    assert.equal(readFileSync(new URL(`../docs/reference/${name}`, import.meta.url), 'utf8'), text);
  });
}
