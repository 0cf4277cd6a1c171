// Programs match on these: a code that goes or changes its name is a breaking change.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findingCodes } from '../../src/index.ts';

test('the codes of findings', () => {
  assert.deepEqual(Object.keys(findingCodes), [
    'bad-checkpoint', 'bad-signature', 'not-signed', 'other-origin', 'witnesses-missing', 'missing-bundle', 'missing-tile', 'bad-bundle', 'bad-tile', 'root-mismatch',
    'receipt-changed', 'receipt-dropped', 'receipt-added', 'receipt-reordered', 'not-a-receipt', 'chain-broken', 'fork', 'rolled-back',
  ]);
});
