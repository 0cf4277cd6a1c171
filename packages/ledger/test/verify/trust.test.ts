// Whose word it is: keys, rotation, witnesses, older checkpoints, pruning; and what cannot be verified at all.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { cosignNote, formatSignature, formatVerifierKey, keyRotation, ledgerTenantId, parseNote, pruning, signatureTypes, signCheckpoint, signingKey, statementEvents, verifierKeyOf, verifyLog } from '../../src/index.ts';
import { buildLog, draft, entries, entriesOf, logKey, logVerifierKey, origin, writeLog } from '../../src/testing/log-builder.ts';
import { said, verifyFiles, withFolder } from './tampering.ts';

const log = entries(1_000);
const checkpointOf = (size: number) => buildLog(log.slice(0, size)).get('checkpoint')!;
const nextKey = signingKey({ name: origin, seed: Buffer.alloc(32, 8) });
const nextVerifierKey = formatVerifierKey(verifierKeyOf(nextKey));

test('since: the beginning of the same log is no fork', async () => {
  const report = await verifyFiles(buildLog(log), { since: [0, 1, 255, 256, 300, 768, 999, 1_000].map(checkpointOf) });
  assert.deepEqual(said(report), []);
});

test('since: a log rewritten and signed anew is a fork, narrowed down by what still agrees', async () => {
  const other = entriesOf(log.map((_, at) => draft(at, at === 500 ? { stateTo: 'refusing' } : {})));
  const alone = await verifyFiles(buildLog(other));
  assert.equal(alone.verdict, 'good', 'alone, it cannot be told');
  const report = await verifyFiles(buildLog(other), { since: [900, 501, 500, 100].map(checkpointOf) });
  assert.deepEqual(said(report), ['fork 500', 'fork 500']);
  assert.match(report.findings[0]!.message, /forked at receipt 500:/);
  assert.match((await verifyFiles(buildLog(other), { since: [checkpointOf(512)] })).findings[0]!.message, /one of the receipts 0 to 511/);
});

test('since: receipts dropped from the end, all signed anew', async () => {
  const report = await verifyFiles(buildLog(log.slice(0, 700)), { since: [checkpointOf(1_000)] });
  assert.deepEqual(said(report), ['rolled-back 700']);
  assert.match(report.findings[0]!.message, /receipts 700 to 999 were dropped/);
});

test('since: what proves nothing is not compared with', async () => {
  const stranger = signingKey({ name: origin, seed: Buffer.alloc(32, 99) });
  const foreign = signCheckpoint({ origin, size: 3, root: Buffer.alloc(32) }, [stranger]);
  const elsewhere = signCheckpoint({ origin: 'other.example', size: 3, root: Buffer.alloc(32) }, [logKey]);
  for (const since of [foreign, elsewhere, 'not a note']) {
    const report = await verifyFiles(buildLog(log), { since: [since] });
    assert.equal(report.exitCode, 2, report.reason);
  }
});

test('a key that was rotated by a receipt is followed from the old one', async () => {
  const rotation = draft(1_000, { kind: 'system', tenantId: ledgerTenantId, event: statementEvents.keyRotated, details: keyRotation({ origin, key: verifierKeyOf(nextKey), signedBy: logKey }) });
  const files = buildLog([...log, ...entriesOf([rotation])], { keys: [nextKey] });
  const report = await verifyFiles(files);
  assert.equal(report.verdict, 'good', JSON.stringify(report.findings));
  assert.match(report.signedBy[0]!, /^ledger\.example\/tests\+/);
  assert.equal((await verifyFiles(files, { keys: [nextVerifierKey] })).verdict, 'good');
  assert.deepEqual(said(await verifyFiles(buildLog(log, { keys: [nextKey] }))), ['not-signed checkpoint']);
  const forged = draft(1_000, { kind: 'system', tenantId: ledgerTenantId, event: statementEvents.keyRotated, details: keyRotation({ origin, key: verifierKeyOf(nextKey), signedBy: nextKey }) });
  assert.deepEqual(said(await verifyFiles(buildLog([...log, ...entriesOf([forged])], { keys: [nextKey] }))), ['not-signed checkpoint']);
});

test('a checkpoint signed by the old key and the new one is good for who knows either', async () => {
  const files = buildLog(log, { keys: [logKey, nextKey] });
  for (const key of [logVerifierKey, nextVerifierKey]) assert.equal((await verifyFiles(files, { keys: [key] })).verdict, 'good');
});

test('a checkpoint of another log, of an unknown key, or of a size beyond reason', async () => {
  assert.deepEqual(said(await verifyFiles(buildLog(log), { origin: 'other.example' })), ['other-origin checkpoint']);
  const bogus = signCheckpoint({ origin, size: 9_000_000_000_000_000, root: Buffer.alloc(32) }, [nextKey]);
  const report = await verifyFiles(new Map([...buildLog(log), ['checkpoint', Buffer.from(bogus)]]));
  assert.deepEqual(said(report), ['not-signed checkpoint']);
  assert.equal(report.receipts, 0, 'nothing was read');
});

const witness = signingKey({ name: 'witness.example/w1', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 20) });
const witnesses = [formatVerifierKey(verifierKeyOf(witness))];

test('witnesses: cosignatures are checked, counted and dated', async () => {
  const files = buildLog(log);
  const checkpoint = files.get('checkpoint')!.toString();
  assert.deepEqual(said(await verifyFiles(files, { witnesses, witnessesMin: 1 })), ['witnesses-missing checkpoint']);
  files.set('checkpoint', Buffer.from(checkpoint + formatSignature(cosignNote(parseNote(checkpoint).text, witness, { timestampS: 1_790_000_000 }))));
  const report = await verifyFiles(files, { witnesses, witnessesMin: 1 });
  assert.deepEqual([report.verdict, report.witnesses], ['good', [{ name: witness.name, timeS: 1_790_000_000 }]]);
  files.set('checkpoint', Buffer.from(checkpoint + formatSignature(cosignNote('else\n', witness, { timestampS: 1_790_000_000 }))));
  assert.deepEqual(said(await verifyFiles(files, { witnesses })), ['bad-signature checkpoint']);
  assert.equal((await verifyFiles(files)).verdict, 'good', 'an unknown witness is passed over');
});

test('pruning: what a receipt of the log or the caller allows to be gone may be gone, no more', async () => {
  const size = 66_600;
  const prune = entriesOf([draft(size, { kind: 'system', tenantId: ledgerTenantId, event: statementEvents.pruned, details: pruning({ minimumIndex: 65_600 }) })]);
  const whole = entries(size);
  const unpruned = buildLog([...whole, ...prune]);
  const pruned = (bundles: number, files = unpruned) => {
    const gone = new Set(Array.from({ length: bundles }, (_, at) => String(at).padStart(3, '0')));
    return new Map([...files].filter(([path]) => !(/^tile\/(?:0|entries)\/\d{3}$/.test(path) && gone.has(path.slice(-3))) && path !== 'tile/1/000'));
  };
  const report = await verifyFiles(pruned(256));
  assert.equal(report.verdict, 'good', JSON.stringify(report.findings));
  assert.deepEqual([report.prunedBelow, report.receipts], [65_536, size + 1 - 65_536]);
  assert.deepEqual(said(await verifyFiles(pruned(257))), ['missing-bundle 65536', 'missing-tile tile/0/256']);
  const silent = buildLog(whole);
  const byTenant = entriesOf([...Array.from({ length: size }, (_, at) => draft(at)), draft(size, { kind: 'system', event: statementEvents.pruned, details: pruning({ minimumIndex: 65_600 }) })]);
  assert.equal((await verifyFiles(pruned(256, buildLog(byTenant)))).findings[0]!.code, 'missing-bundle', 'a tenant cannot say so');
  const refused = await verifyFiles(pruned(256, silent));
  assert.deepEqual([refused.findings[0]!.code, refused.findings[0]!.index], ['missing-bundle', 0]);
  assert.equal((await verifyFiles(pruned(256, silent), { minimumIndex: 65_536 })).verdict, 'good');
  assert.equal((await verifyFiles(pruned(256), { since: [unprunedCheckpoint(whole, 66_000)] })).verdict, 'good');
});

function unprunedCheckpoint(whole: readonly Buffer[], size: number): Buffer {
  return buildLog(whole.slice(0, size)).get('checkpoint')!;
}

test('unusable: nothing there, no key, a key that is none, an archive that is none or cut', async () => {
  await withFolder(async (folder) => {
    const file = (name: string, text: string | Buffer) => (writeFileSync(join(folder, name), text), join(folder, name));
    const reason = async (target: string, keys: readonly string[] = [logVerifierKey]) => {
      const { exitCode, verdict, reason } = await verifyLog({ target, keys });
      assert.deepEqual([exitCode, verdict], [2, 'unusable'], target);
      return reason!;
    };
    assert.match(await reason(join(folder, 'nowhere')), /no such folder/);
    assert.match(await reason(folder), /no file named checkpoint/);
    assert.match(await reason(file('text.tar', 'x'.repeat(600))), /no tar archive/);
    assert.match(await reason(file('empty.tar', Buffer.alloc(1024))), /no log in there/);
    assert.match(await reason(file('cut.tar.gz', Buffer.of(0x1f, 0x8b, 8, 0))), /cannot be decompressed/);
    assert.match(await reason('http://127.0.0.1:9/'), /cannot be reached/);
    const files = buildLog(log.slice(0, 5));
    assert.match(await reason(writeLog(join(folder, 'a'), files), ['nonsense']), /not a verifier key/);
    files.delete('vkeys');
    assert.match(await reason(writeLog(join(folder, 'b'), files), []), /no key to check/);
    if (process.getuid?.() === 0) return;
    chmodSync(join(folder, 'a', 'tile/entries/000.p/5'), 0);
    assert.match(await reason(join(folder, 'a')), /cannot be read \(EACCES\)/);
  });
});
