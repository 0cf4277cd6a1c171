// The ledger read by npm's @sigstore/verify, which checks the signatures of npm packages: its checkpoint reader and
// its Merkle verifier know nothing of ours.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { inclusionProof, leafHash, parseVerifierKey, verifyInclusion } from '@flyball/ledger';
import { origin } from '@flyball/ledger/testing';
import { receipts, size, tilesIn, writeThousand } from './foreign/thousand-receipts.ts';

type Entry = Parameters<typeof verifyMerkleInclusion>[0];
type Authority = Parameters<typeof verifyCheckpoint>[1][number];

const folder = mkdtempSync(join(tmpdir(), 'flyball-sigstore-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const { verifierKey } = await writeThousand(folder, { allCheckpoints: false });
const key = parseVerifierKey(verifierKey);
const logId = Buffer.alloc(4);
logId.writeUInt32BE(key.id);
const authority: Authority = { logID: logId, publicKey: key.key, baseURL: `https://${origin}`, validFor: { start: new Date(0), end: new Date(8.64e15) } } as unknown as Authority;

type Shown = { readonly index: number; readonly hashes: readonly Uint8Array[]; readonly entry: Buffer; readonly envelope: string };

function asSigstore({ index, hashes, entry, envelope }: Shown): Entry {
  return { inclusionProof: { logIndex: String(index), treeSize: String(size), hashes, checkpoint: { envelope } }, canonicalizedBody: entry } as unknown as Entry;
}

const envelope = readFileSync(join(folder, 'checkpoint'), 'utf8');
const readTile = tilesIn(folder);
const opened = verifyCheckpoint(asSigstore({ index: 0, hashes: [], entry: receipts[0]!, envelope }), [authority]);
const proofs = await Promise.all(receipts.map((_, index) => inclusionProof({ index, size }, readTile)));

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    // Anything but its own verdict would be a mistake of this test.
    assert.equal((error as { code?: string }).code, 'TLOG_INCLUSION_PROOF_ERROR');
    return true;
  }
}

test('the checkpoint is read as it was signed', () => {
  assert.deepEqual([opened.origin, opened.logSize], [origin, BigInt(size)]);
  assert.throws(() => verifyCheckpoint(asSigstore({ index: 0, hashes: [], entry: receipts[0]!, envelope }), [{ ...authority, logID: Buffer.alloc(4) }]));
});

test('every inclusion proof holds', () => {
  for (const [index, entry] of receipts.entries()) verifyMerkleInclusion(asSigstore({ index, hashes: proofs[index]!, entry, envelope }), opened);
});

// Go's test does the same with every entry, at a tenth of the price.
test('every tampered byte of every tenth entry is refused, by them and by us', () => {
  const root = opened.logHash;
  const unseen: string[] = [];
  for (let index = 0; index < size; index += 10) {
    const entry = receipts[index]!;
    const tampered = Buffer.from(entry);
    const hashes = proofs[index]!;
    for (let at = 0; at < entry.length; at += 1) {
      tampered[at]! ^= 1 << (at % 8);
      if (verifyInclusion({ index, size, leaf: leafHash(tampered), proof: hashes, root })) unseen.push(`ours: ${index}, ${at}`);
      if (!isRefused(() => verifyMerkleInclusion(asSigstore({ index, hashes, entry: tampered, envelope }), opened))) unseen.push(`theirs: ${index}, ${at}`);
      tampered[at] = entry[at]!;
    }
  }
  assert.deepEqual(unseen, []);
});

test('every tampered hash of a proof is refused, by them and by us', () => {
  for (const [index, entry] of receipts.entries()) {
    for (let at = 0; at < proofs[index]!.length; at += 1) {
      const hashes = proofs[index]!.map((hash, place) => (place === at ? hash.map((byte, bit) => (bit === index % 32 ? byte ^ 1 : byte)) : hash));
      assert.ok(!verifyInclusion({ index, size, leaf: leafHash(entry), proof: hashes, root: opened.logHash }));
      assert.ok(isRefused(() => verifyMerkleInclusion(asSigstore({ index, hashes, entry, envelope }), opened)), `${index}, hash ${at}`);
    }
  }
});

test('every value of every byte of the checkpoint is refused, or is what was signed', () => {
  const bytes = Buffer.from(envelope);
  const same: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    for (let mask = 1; mask < 256; mask += 1) {
      const tampered = Buffer.from(bytes);
      tampered[at]! ^= mask;
      const text = tampered.toString();
      if (!isRefused(() => verifyCheckpoint(asSigstore({ index: 0, hashes: [], entry: receipts[0]!, envelope: text }), [authority]))) same.push(at);
    }
  }
  // Their base64 reader passes over what is no base64, and over unused bits; the text, which is signed, lets nothing pass.
  const signatureFrom = envelope.lastIndexOf(' ') + 1;
  assert.ok(same.every((at) => at >= Buffer.from(envelope.slice(0, signatureFrom)).length), `${same}`);
});
