import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { governorPictures, picturesFolder } from '../tools/governor-plans.ts';

for (const [file, draw] of Object.entries(governorPictures)) {
  test(`docs/explanation/governors/pictures/${file} is what the governor does (else: node --conditions=flyball-source tools/governor-pictures.ts)`, () => {
    // Not assert.equal: a difference of a hundred thousand characters is no message.
    assert.ok(readFileSync(new URL(file, picturesFolder), 'utf8') === draw(), `${file} is old`);
  });
}
