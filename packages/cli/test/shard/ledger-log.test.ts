// What operators read of a ledger in the node's log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerClockWentBack, ledgerProblem, ledgerTold } from '@flyball/ledger';
import { logLedger } from '../../src/shard/ledger.ts';

test('troubles are logged once, and that they are over', () => {
  const lines: string[] = [];
  logLedger((level, text) => void lines.push(`${level} ${text}`));
  const folder = '/l';
  for (let time = 0; time < 5; time += 1) ledgerTold.emit({ folder, what: 'the disk is full' });
  for (const to of ['2026-11-20T11:00:00.000Z', '2026-11-20T10:00:00.000Z']) ledgerClockWentBack.emit({ folder, from: '2026-11-20T12:00:00.000Z', to });
  ledgerProblem.emit({ folder, problem: { code: 'key-lost', message: 'no key' } });
  ledgerProblem.emit({ folder, problem: undefined });
  assert.equal(lines.length, 4, lines.join('\n'));
  const expected = [/^WARNING ledger: the disk is full$/, /^WARNING .* went back from 2026-11-20T12.* to 2026-11-20T11/, /^ERROR ledger: no key \(key-lost\)/, /^INFO ledger: open again, receipts are recorded$/];
  for (const [at, pattern] of expected.entries()) assert.match(lines[at]!, pattern);
});
