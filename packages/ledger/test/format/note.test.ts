import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';

import {
  checkNote, cosignatureTimeS, cosignNote, formatNote, formatSigningKey, formatVerifierKey, hexId, parseNote, parseSigningKey, parseVerifierKey, signatureTypes, signingKey, signNote, verifierKeyOf,
} from '../../src/format/note.ts';

// The example of c2sp.org/signed-note@v1.0.0.
const exampleKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const exampleNote = 'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

test('the example of the specification is verified, and written as it stands there', () => {
  const key = parseVerifierKey(exampleKey);
  const note = parseNote(exampleNote);
  assert.deepEqual(checkNote(note, [key]), { verified: [key], failed: [], unknown: [] });
  assert.equal(formatNote(note), exampleNote);
  assert.equal(formatVerifierKey(key), exampleKey);
  assert.equal(parseNote(exampleNote.replace('message', 'massage')).text, 'This is an example massage.\n');
  assert.equal(checkNote(parseNote(exampleNote.replace('message', 'massage')), [key]).failed.length, 1);
});

const logKey = signingKey({ name: 'log.example/one', seed: Buffer.alloc(32, 1) });
const witnessKey = signingKey({ name: 'witness.example/w1', type: signatureTypes.cosignature, seed: Buffer.alloc(32, 2) });
const text = 'log.example/one\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

test('keys survive their text form; a secret one is never quoted in an error', () => {
  for (const key of [logKey, witnessKey]) {
    const secret = formatSigningKey(key);
    assert.match(secret, /^PRIVATE\+KEY\+/);
    assert.equal(formatSigningKey(parseSigningKey(secret)), secret);
    const shown = formatVerifierKey(verifierKeyOf(key));
    assert.equal(formatVerifierKey(parseVerifierKey(shown)), shown);
    const id = hexId(key.id);
    const wrongId = (whole: string) => whole.replace(id, hexId((key.id ^ 1) >>> 0));
    assert.throws(() => parseVerifierKey(wrongId(shown)), { code: 'bad-key' });
    assert.throws(() => parseSigningKey(wrongId(secret)), (error: Error & { code?: string }) => error.code === 'bad-key' && !error.message.includes(secret.slice(-40)));
  }
  for (const bad of ['', 'a+b', `${exampleKey}=`, exampleKey.replace('+530d903a+', '+530D903A+'), 'a b+00000000+AQ==']) assert.throws(() => parseVerifierKey(bad), { code: 'bad-key' }, bad);
  assert.throws(() => signingKey({ name: 'a+b', seed: Buffer.alloc(32) }), { code: 'bad-key' });
  assert.throws(() => signingKey({ name: 'a', seed: Buffer.alloc(31) }), { code: 'bad-key' });
});

test('a cosignature signs header, time and text (tlog-cosignature v1), and carries its time', () => {
  const signature = cosignNote(text, witnessKey, { timestampS: 1_679_315_147 });
  assert.equal(cosignatureTimeS(signature), 1_679_315_147);
  const message = Buffer.from(`cosignature/v1\ntime 1679315147\n${text}`);
  assert.ok(verify(null, message, createPublicKey(witnessKey.key), signature.signature.subarray(8)));
  const note = parseNote(formatNote({ text, signatures: [signNote(text, logKey), signature] }));
  const keys = [verifierKeyOf(logKey), verifierKeyOf(witnessKey)];
  assert.deepEqual(checkNote(note, keys).verified.map(({ name }) => name), [logKey.name, witnessKey.name]);
  const late = Buffer.from(signature.signature);
  late[7]! ^= 1;
  assert.equal(checkNote({ text, signatures: [{ ...signature, signature: late }] }, keys).failed.length, 1, 'another time');
});

test('one public key in two roles has two ids, and a signature of one role is none of the other', () => {
  const both = signingKey({ name: logKey.name, type: signatureTypes.cosignature, seed: Buffer.alloc(32, 1) });
  assert.notEqual(both.id, logKey.id);
  const plain = signNote(text, logKey);
  assert.equal(checkNote({ text, signatures: [{ ...plain, id: both.id }] }, [verifierKeyOf(both)]).failed.length, 1);
  assert.equal(checkNote({ text, signatures: [plain] }, [verifierKeyOf(both)]).unknown.length, 1);
});

const notNotes: Readonly<Record<string, string | Uint8Array>> = {
  'no blank line': 'text\n— a AAAAAAE=\n',
  'no signature': 'text\n\n',
  'a cut last line': 'text\n\n— a AAAAAAE=',
  'a plus in the name': 'text\n\n— a+b AAAAAAE=\n',
  'no base64': 'text\n\n— a !!!!\n',
  'base64 written in another way': 'text\n\n— a AAAAAAF=\n',
  'an id and nothing signed': 'text\n\n— a AAAAAA==\n',
  'a control character': 'te\txt\n\n— a AAAAAAE=\n',
  'no UTF-8': Buffer.from([0xff, 10, 10, 0xe2, 0x80, 0x94, 32, 97, 32, 65, 10]),
  'a hundred and one signatures': `text\n\n${'— a AAAAAAE=\n'.repeat(101)}`,
  'too long': `${'x'.repeat(1_000_001)}\n\n— a AAAAAAE=\n`,
};
for (const [name, note] of Object.entries(notNotes)) {
  test(`no note: ${name}`, () => assert.throws(() => parseNote(note), { code: 'bad-note' }));
}

test('the text reaches to the last blank line', () => {
  assert.equal(parseNote('one\n\ntwo\n\n— a AAAAAAE=\n').text, 'one\n\ntwo\n');
});
