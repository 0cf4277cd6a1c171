// The log that others' verifiers read: a thousand receipts appended to a real ledger, and our proofs of them.
import { createHash, type Hash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { consistencyParts, inclusionProof, leafHash, nodeHash, openWriter, tilePath, verifyConsistency, type ProofPart, type TileReader } from '@flyball/ledger';
import { draft, entries, origin } from '@flyball/ledger/testing';

export const size = 1_000;
/** As the writer must have recorded them: what it made is compared with what the definitions make. */
export const receipts: readonly Buffer[] = entries(size);

/** The folder becomes a ledger. `allCheckpoints`: `checkpoints/1` … `checkpoints/1000` are those that it published on its way. */
export async function writeThousand(folder: string, { allCheckpoints }: { readonly allCheckpoints: boolean }): Promise<{ readonly verifierKey: string }> {
  const writer = await openWriter({ folder, origin });
  try {
    if (allCheckpoints) mkdirSync(join(folder, 'checkpoints'));
    const appended: Promise<unknown>[] = [];
    for (let index = 0; index < size; index += 1) {
      appended.push(writer.append(draft(index)));
      if (!allCheckpoints) continue;
      const { size: published, note } = await writer.publish();
      writeFileSync(join(folder, 'checkpoints', String(published)), note);
    }
    await Promise.all(appended);
    return { verifierKey: (await writer.keys())[0]! };
  } finally {
    await writer.close();
  }
}

export function tilesIn(folder: string): TileReader {
  const known = new Map<string, Buffer>();
  return (tile) => {
    const path = tilePath(tile);
    const bytes = known.get(path) ?? readFileSync(join(folder, path));
    known.set(path, bytes);
    return bytes;
  };
}

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

/** One hash over proofs in a row, each after the number of its hashes: equal only if all of them are. */
function proofDigest(): { readonly add: (proof: readonly Uint8Array[]) => void; readonly hex: () => string } {
  const sum: Hash = createHash('sha256');
  return {
    add: (proof) => {
      sum.update(Buffer.concat([Buffer.of(proof.length), ...proof]));
    },
    hex: () => sum.digest('hex'),
  };
}

/** Of each receipt in the tree of all, from the stored tiles. */
export async function inclusionDigest(readTile: TileReader): Promise<string> {
  const digest = proofDigest();
  for (let index = 0; index < size; index += 1) digest.add(await inclusionProof({ index, size }, readTile));
  return digest.hex();
}

/** Of every pair of sizes; each proof is checked by us as well. */
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
