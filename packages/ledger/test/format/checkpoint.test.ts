import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from '../../src/format/checkpoint.ts';
import { tilePath } from '../../src/format/layout.ts';
import { leafHash } from '../../src/format/merkle.ts';
import { signatureTypes, signingKey, cosignNote, formatSignature, verifierKeyOf } from '../../src/format/note.ts';
import { addCheckpointRequest, formatProof, parseProof, verifyProof } from '../../src/format/proof.ts';
import { ledgerTenantId, type Receipt } from '../../src/format/receipt.ts';
import { followRotation, keyRotation, prunedBelow, pruning, rotationNote, statementEvents } from '../../src/format/statement.ts';
import { inclusionProof } from '../../src/format/tile.ts';
import { buildLog, draft, entries, logKey, origin } from '../../src/testing/log-builder.ts';

// The text of the example in c2sp.org/tlog-checkpoint.
const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

test('the text of a checkpoint, with extension lines and without', () => {
  for (const text of [example, `${example}extension one\nextension two\n`]) assert.equal(formatCheckpoint(parseCheckpoint(text)), text);
  assert.deepEqual(parseCheckpoint(`${example}more\n`).extensions, ['more']);
});

const root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
for (const bad of ['', 'a\n', 'a\n1\n', `\n1\n${root}\n`, `a\n01\n${root}\n`, `a\n-1\n${root}\n`, `a\n1.0\n${root}\n`, `a\n9007199254740993\n${root}\n`, `a\n1\n${root.slice(4)}\n`, `a\n1\n${root}`, `a\n1\n${root}\n\nmore\n`, `a\n1\n${root.replace('I=', 'J=')}\n`]) {
  test(`no checkpoint: ${JSON.stringify(bad)}`, () => assert.throws(() => parseCheckpoint(bad), { code: 'bad-checkpoint' }));
}

const key = verifierKeyOf(logKey);
const log = buildLog(entries(300));
const checkpoint = log.get('checkpoint')!.toString();
const allEntries = entries(300);

test('a checkpoint signed by two keys is opened by either', () => {
  const second = signingKey({ name: origin, seed: Buffer.alloc(32, 8) });
  const signed = signCheckpoint(parseCheckpoint(example), [logKey, second]);
  for (const known of [key, verifierKeyOf(second)]) assert.deepEqual(openCheckpoint(signed, [known]).checked.verified, [known]);
});

async function proofOf(index: number): Promise<string> {
  const hashes = await inclusionProof({ index, size: 300 }, (tile) => log.get(tilePath(tile))!);
  return formatProof({ index, hashes, checkpoint });
}

test('a tlog-proof says all that is needed, and survives its text form', async () => {
  const proof = await proofOf(299);
  assert.match(proof, /^c2sp\.org\/tlog-proof@v1\nindex 299\n(?:[\w+/]{43}=\n)+\nledger\.example\/tests\n300\n/);
  assert.equal(formatProof(parseProof(proof)), proof);
  const withExtra = formatProof({ ...parseProof(proof), extra: Buffer.from('more') });
  assert.match(withExtra, /^c2sp\.org\/tlog-proof@v1\nextra bW9yZQ==\nindex 299\n/);
  assert.deepEqual(Buffer.from(parseProof(withExtra).extra!).toString(), 'more');
  const verdict = verifyProof(withExtra, { entry: allEntries[299]!, keys: [key], origin });
  assert.ok(verdict.ok && verdict.index === 299 && verdict.checkpoint.size === 300);
});

test('a tlog-proof of a receipt or key that is not the one is refused with the reason', async () => {
  const proof = await proofOf(7);
  const entry = allEntries[7]!;
  const reason = (text: string, more: { entry?: Buffer; origin?: string; keys?: (typeof key)[] } = {}) => {
    const verdict = verifyProof(text, { entry, keys: [key], origin, ...more });
    return verdict.ok ? 'ok' : verdict.reason;
  };
  assert.equal(reason(proof), 'ok');
  assert.equal(reason(proof, { entry: allEntries[8]! }), 'not-included');
  assert.equal(reason(proof.replace('index 7', 'index 8')), 'not-included');
  assert.equal(reason(proof, { origin: 'other.example' }), 'other-origin');
  assert.equal(reason(proof, { keys: [] }), 'not-signed');
  assert.equal(reason(proof.replace('\n300\n', '\n301\n')), 'bad-signature');
  for (const bad of [proof.replace('@v1', '@v2'), proof.replace('index 7', 'index 07'), proof.replace('index 7\n', ''), proof.slice(0, 60), proof.replace(/\n([\w+/]{43})=\n/, '\n$1\n')]) assert.equal(reason(bad), 'bad-proof', bad);
});

test('every byte of a tlog-proof counts', async () => {
  const proof = await proofOf(7);
  const bytes = Buffer.from(proof);
  for (let at = 0; at < bytes.length; at += 1) {
    const tampered = Buffer.from(bytes);
    tampered[at]! ^= 1;
    // A byte that is no UTF-8 any more is another character when read as text: refused as well.
    assert.ok(!verifyProof(tampered.toString(), { entry: allEntries[7]!, keys: [key], origin }).ok, `byte ${at}`);
  }
});

test('the request to a witness and its answer fit a checkpoint', () => {
  const request = addCheckpointRequest({ oldSize: 3, proof: [leafHash(Buffer.of(1))], checkpoint });
  assert.match(request, /^old 3\n[\w+/]{43}=\n\nledger\.example\/tests\n300\n/);
  const witness = signingKey({ name: 'witness.example/w1', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 9) });
  const { note } = openCheckpoint(checkpoint, []);
  const served = checkpoint + formatSignature(cosignNote(note.text, witness, { timestampS: 5 }));
  assert.deepEqual(openCheckpoint(served, [key, verifierKeyOf(witness)]).checked.verified.map(({ name }) => name), [origin, witness.name]);
});

test('a rotation is followed by who knows the old key, for this log only', () => {
  const next = verifierKeyOf(signingKey({ name: origin, seed: Buffer.alloc(32, 8) }));
  const details = keyRotation({ origin, key: next, signedBy: logKey });
  const receipt = { ...draft(1), kind: 'system', tenantId: ledgerTenantId, event: statementEvents.keyRotated, details } as unknown as Receipt;
  const note = rotationNote(receipt)!;
  assert.equal(note, details.note);
  assert.equal(followRotation(note, { origin, keys: [key] })?.id, next.id);
  assert.equal(followRotation(note, { origin: 'other.example', keys: [key] }), undefined);
  assert.equal(followRotation(note, { origin, keys: [next] }), undefined);
  assert.equal(followRotation(note.replace(origin, 'other.example'), { origin: 'other.example', keys: [key] }), undefined);
  assert.equal(followRotation(checkpoint, { origin, keys: [key] }), undefined);
  assert.equal(followRotation('', { origin, keys: [key] }), undefined);
  assert.equal(rotationNote({ ...receipt, kind: 'override' }), undefined);
  const prune = { ...draft(1), kind: 'system', tenantId: ledgerTenantId, event: statementEvents.pruned, details: pruning({ minimumIndex: 256 }) } as unknown as Receipt;
  assert.equal(prunedBelow(prune), 256);
  assert.equal(prunedBelow({ ...prune, details: { minimumIndex: -1 } }), undefined);
  assert.deepEqual([prunedBelow({ ...prune, tenantId: 'tenant-1' }), rotationNote({ ...receipt, tenantId: 'tenant-1' })], [undefined, undefined], 'no tenant speaks for the log');
});
