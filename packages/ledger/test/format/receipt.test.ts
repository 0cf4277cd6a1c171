import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';

import canonicalize from 'canonicalize';
import { chainGenesis, chainHash, receiptHash } from '../../src/format/chain.ts';
import { decodeReceipt, encodeDraft, receiptKinds, recordDraft, type ReceiptDraft } from '../../src/format/receipt.ts';
import { draft } from '../../src/testing/log-builder.ts';

const start = { count: 0, previous: chainGenesis };

test('an entry is the canonical JSON of the draft and its place in the chain', () => {
  for (const one of [draft(1), draft(2, { details: { z: 1, a: ['ö'] }, action: null, decision: 'warn', invariants: [] }), { ...draft(3), zzz: undefined }]) {
    const { zzz, ...plain } = one as ReceiptDraft & { zzz?: undefined };
    const entry = recordDraft(encodeDraft(plain), { count: 3, previous: Buffer.alloc(32, 0xab) });
    const receipt = { ...plain, prevReceiptCount: 3, prevReceiptHash: 'ab'.repeat(32) };
    assert.equal(entry.toString(), canonicalize(receipt));
    assert.deepEqual(decodeReceipt(entry), receipt);
    assert.equal(zzz, undefined);
  }
});

test('the chain is SHA-256(previous ‖ SHA-256(canonical JSON)), from 32 zero bytes on', () => {
  const entry = recordDraft(encodeDraft(draft(1)), start);
  const receipt = hash('sha256', entry, 'buffer');
  assert.deepEqual(receiptHash(entry), receipt);
  assert.deepEqual(chainHash({ previous: chainGenesis, receipt }), hash('sha256', Buffer.concat([Buffer.alloc(32), receipt]), 'buffer'));
});

const wrong: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['no id', { id: '' }, /id must be/],
  ['a long id', { id: 'x'.repeat(257) }, /id must be/],
  ['no tenant', { tenantId: undefined }, /tenantId must be/],
  ['the tenant that is the ledger itself', { kind: 'system', tenantId: 'flyball-ledger', event: 'ledger-pruned', details: { minimumIndex: 1_000_000 } }, /flyball-ledger is the ledger itself/],
  ['an unknown kind', { kind: 'guess' }, /kind must be one of transition, refusal/],
  ['a time without milliseconds', { at: '2026-11-20T16:55:05Z' }, /at must be UTC/],
  ['a time that is none', { at: '2026-13-20T16:55:05.000Z' }, /at must be UTC/],
  ['an unknown field', { statTo: 'x' }, /unknown field statTo/],
  ['the chain written by the author', { prevReceiptHash: '00' }, /unknown field prevReceiptHash/],
  ['a state that is no text', { stateTo: 4 }, /stateTo must be text or null/],
  ['a field that JSON would drop', { sku: undefined }, /sku must be text or null/],
  ['a Date deep inside', { details: { at: new Date(0) } }, /receipt receipt-1: details\.at is of class Date/],
];
for (const [name, fields, message] of wrong) {
  test(`refused: ${name}`, () => {
    const refused = (error: Error & { code?: string }) => error.code === 'bad-receipt' && message.test(error.message);
    assert.throws(() => encodeDraft({ ...draft(1), ...fields } as ReceiptDraft), refused);
  });
}

test('a receipt has at most 65,535 bytes', () => {
  const room = 65_535 - recordDraft(encodeDraft(draft(1, { details: '' })), start).length;
  assert.equal(recordDraft(encodeDraft(draft(1, { details: 'x'.repeat(room) })), start).length, 65_535);
  assert.throws(() => recordDraft(encodeDraft(draft(1, { details: 'x'.repeat(room + 1) })), start), { code: 'receipt-too-large' });
});

test('readers take fields that a later version adds, and refuse what is no receipt or not canonical', () => {
  const entry = recordDraft(encodeDraft(draft(1)), start).toString();
  const later = canonicalize({ ...JSON.parse(entry), zzLater: 1 })!;
  assert.equal((decodeReceipt(Buffer.from(later)) as { zzLater?: number }).zzLater, 1);
  const bad = ['', '7', 'null', '{}', entry.slice(1), ` ${entry}`, entry.replace('"prevReceiptCount":0', '"prevReceiptCount":-1'), entry.replace('0'.repeat(64), '0'.repeat(63)), entry.replace('stable', '\\u0073table')];
  for (const text of bad) assert.throws(() => decodeReceipt(Buffer.from(text)), { code: 'bad-receipt' }, text);
  assert.throws(() => decodeReceipt(Buffer.concat([Buffer.from(entry.slice(0, -2)), Buffer.of(0xff), Buffer.from('"}')])), { code: 'bad-receipt' });
});

test('the kinds are those of the governors and of the node', () => {
  assert.deepEqual([...receiptKinds], ['transition', 'refusal', 'signal_ingest', 'action', 'action_result', 'entitlement', 'upgrade', 'deployment', 'override', 'ingest_error', 'system']);
});
