import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { governorPages, madePage } from '../tools/governor-blocks.ts';

for (const [file, governor] of Object.entries(governorPages)) {
  test(`docs/explanation/governors/${file} shows the code's machine and policy (else: node --conditions=flyball-source tools/governor-pages.ts)`, () => {
    const page = readFileSync(new URL(`../docs/explanation/governors/${file}`, import.meta.url), 'utf8');
    assert.equal(page, madePage(page, governor));
  });
}

test('a page whose picture or table differs from the code is caught', () => {
  const [file, governor] = Object.entries(governorPages)[0]!;
  const page = madePage('<!-- made: machine -->\n<!-- end -->\n<!-- made: policy -->\n<!-- end -->\n', governor);
  assert.ok(page.includes('stateDiagram-v2') && page.includes('| field |'), file);
  for (const [there, wrong] of [['boot --> stable', 'boot --> refusing'], ['| 600,000 |', '| 60,000 |']] as const) {
    const old = page.replace(there, wrong);
    assert.notEqual(old, page);
    assert.equal(madePage(old, governor), page);
  }
  assert.throws(() => madePage('# a page without blocks', governor), /made: machine/);
});
