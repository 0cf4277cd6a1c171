// The log that others' verifiers read: a thousand receipts, a checkpoint of every size, and our proofs of them.
import { createHash, type Hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { consistencyParts, inclusionProof, leafHash, nodeHash, signCheckpoint, tilePath, verifyConsistency, type ProofPart, type TileReader } from '@flyball/ledger';
import { buildLog, entries, logKey, origin, writeLog, type LogFiles } from '@flyball/ledger/testing';

export const size = 1_000;
export const receipts: readonly Buffer[] = entries(size);
export const files: LogFiles = buildLog(receipts);
export const readTile: TileReader = (tile) => files.get(tilePath(tile))!;

const leaves = receipts.map((receipt) => leafHash(receipt));
const known = new Map<number, Uint8Array>();

/** The root over receipts [start, end), by RFC 6962's definition. */
function mth(start: number, end: number): Uint8Array {
  if (end - start === 1) return leaves[start]!;
  const key = start * (size + 1) + end;
  const found = known.get(key);
  if (found) return found;
  const middle = start + 2 ** (Math.ceil(Math.log2(end - start)) - 1);
  const root = nodeHash(mth(start, middle), mth(middle, end));
  known.set(key, root);
  return root;
}

/** The log's files, and `checkpoints/1` … `checkpoints/1000`. */
export function writeThousand(folder: string): void {
  writeLog(folder, files);
  mkdirSync(join(folder, 'checkpoints'));
  for (let at = 1; at <= size; at += 1) writeFileSync(join(folder, 'checkpoints', String(at)), signCheckpoint({ origin, size: at, root: mth(0, at) }, [logKey]));
}

/** One hash over proofs in a row, each after the number of its hashes: equal only if all of them are. */
export function proofDigest(): { readonly add: (proof: readonly Uint8Array[]) => void; readonly hex: () => string } {
  const sum: Hash = createHash('sha256');
  return {
    add: (proof) => {
      sum.update(Buffer.concat([Buffer.of(proof.length), ...proof]));
    },
    hex: () => sum.digest('hex'),
  };
}

export async function inclusionDigest(): Promise<string> {
  const digest = proofDigest();
  for (let index = 0; index < size; index += 1) digest.add(await inclusionProof({ index, size }, readTile));
  return digest.hex();
}

/** Every pair of sizes; each proof is checked by us as well. */
export function consistencyDigest(): { readonly digest: string; readonly failed: number } {
  const digest = proofDigest();
  let failed = 0;
  for (let newSize = 1; newSize <= size; newSize += 1) {
    for (let oldSize = 1; oldSize < newSize; oldSize += 1) {
      const proof = consistencyParts({ oldSize, newSize }).map(rootOf);
      if (!verifyConsistency({ oldSize, newSize, oldRoot: mth(0, oldSize), newRoot: mth(0, newSize), proof })) failed += 1;
      digest.add(proof);
    }
  }
  return { digest: digest.hex(), failed };
}

/** The subtrees of a part lie side by side. */
function rootOf(part: ProofPart): Uint8Array {
  const [first, last] = [part[0]!, part.at(-1)!];
  return mth(first.index * 2 ** first.level, (last.index + 1) * 2 ** last.level);
}
