// The Merkle tree of RFC 6962 (section 2.1) over SHA-256: hashes, the growing right edge, and the two proofs. Pure.
// Sizes are numbers up to 2^53; subtrees are named by level (height) and index, as complete ones are.
import { entryBytesMax } from './layout.ts';
import { hashBytes, sha256, sha256Into } from './sha256.ts';

/** The root of the tree without leaves: SHA-256 of nothing. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array());

const leafInput = Buffer.alloc(1 + entryBytesMax);
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1);

/** SHA-256(0x00 ‖ entry); an entry has at most 65,535 bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, 1 + entry.length));
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashBytes);
  return sha256(nodeInput);
}

/** The right edge of a tree: the roots of its complete subtrees, largest first. All that appending needs. */
export type Frontier = { readonly size: number; readonly peaks: readonly Uint8Array[] };

export const emptyFrontier: Frontier = { size: 0, peaks: [] };

export function appendLeaf({ size, peaks }: Frontier, leaf: Uint8Array): Frontier {
  const next = [...peaks];
  let last = leaf;
  // Each trailing 1 of the size is a complete subtree that the new one completes to a pair.
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) last = nodeHash(next.pop()!, last);
  next.push(last);
  return { size: size + 1, peaks: next };
}

export function frontierRoot({ peaks }: Frontier): Uint8Array {
  return peaks.length === 0 ? emptyRoot : peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** The root over hashes that are taken for leaves or for roots of equal complete subtrees; they lie end to end in `bytes`. */
export function rootOfHashes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return emptyRoot;
  const row = Buffer.from(bytes);
  let count = row.length / hashBytes;
  // Pairing neighbours and lifting an odd last one gives the tree of RFC 6962, which splits at powers of two.
  for (; count > 1; count = Math.ceil(count / 2)) {
    for (let at = 0; at < count; at += 2) {
      row.copy(nodeInput, 1, at * hashBytes, (at + 2) * hashBytes);
      if (at + 1 < count) sha256Into(row, (at / 2) * hashBytes, nodeInput);
      else row.copy(row, (at / 2) * hashBytes, at * hashBytes, (at + 1) * hashBytes);
    }
  }
  return row.subarray(0, hashBytes);
}

/** A complete subtree: 2^level leaves from index · 2^level on. */
export type Subtree = { readonly level: number; readonly index: number };
/** What one hash of a proof is made of: the root over these, left to right. */
export type ProofPart = readonly Subtree[];

/** The complete subtrees that make up leaves [start, end) of a tree, where start is a multiple of a power of two ≥ end − start. */
export function subtreesOf({ start, end }: { readonly start: number; readonly end: number }): ProofPart {
  const parts: Subtree[] = [];
  for (let at = start; at < end; ) {
    let level = Math.floor(Math.log2(end - at));
    // Math.log2 rounds: near 2^49 and above it may say one too many.
    if (2 ** level > end - at) level -= 1;
    parts.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return parts;
}

/** Largest power of two below n (n ≥ 2): where RFC 6962 splits a tree. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** PATH(index, D[size]) of RFC 6962 2.1.1, the leaf's sibling first, as subtrees to look up. Wants index < size. */
export function inclusionParts({ index, size }: { readonly index: number; readonly size: number }): ProofPart[] {
  const parts: ProofPart[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    const isLeft = index < middle;
    parts.push(isLeft ? subtreesOf({ start: middle, end }) : subtreesOf({ start, end: middle }));
    [start, end] = isLeft ? [start, middle] : [middle, end];
  }
  return parts.reverse();
}

/** PROOF(oldSize, D[newSize]) of RFC 6962 2.1.2 as subtrees to look up; empty for oldSize 0 or newSize. */
export function consistencyParts({ oldSize, newSize }: { readonly oldSize: number; readonly newSize: number }): ProofPart[] {
  if (oldSize === 0 || oldSize === newSize) return [];
  const parts: ProofPart[] = [];
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const middle = start + split(end - start);
    const isLeft = oldSize <= middle;
    parts.push(isLeft ? subtreesOf({ start: middle, end }) : subtreesOf({ start, end: middle }));
    [start, end] = isLeft ? [start, middle] : [middle, end];
  }
  // The old tree itself is known to who asks; a subtree of it is not.
  if (start > 0) parts.push(subtreesOf({ start, end }));
  return parts.reverse();
}

export type InclusionClaim = {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
};

/** RFC 9162 2.1.3.2. */
export function verifyInclusion({ index, size, leaf, proof, root }: InclusionClaim): boolean {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return false;
  let [at, last] = [index, size - 1];
  let running = leaf;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== hashBytes) return false;
    if (at % 2 === 1 || at === last) {
      running = nodeHash(sibling, running);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      running = nodeHash(running, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalHashes(running, root);
}

export type ConsistencyClaim = {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Uint8Array;
  readonly newRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
};

/** RFC 9162 2.1.4.2; the empty tree is consistent with all, by no proof. */
export function verifyConsistency({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): boolean {
  if (!(Number.isSafeInteger(oldSize) && Number.isSafeInteger(newSize) && oldSize >= 0 && oldSize <= newSize)) return false;
  if (oldSize === newSize) return proof.length === 0 && equalHashes(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && equalHashes(oldRoot, emptyRoot);
  const path = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (path.length === 0 || path.some(({ length }) => length !== hashBytes)) return false;
  let [at, last] = [oldSize - 1, newSize - 1];
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  let [old, next] = [path[0]!, path[0]!];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, next] = [nodeHash(sibling, old), nodeHash(sibling, next)];
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      next = nodeHash(next, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalHashes(old, oldRoot) && equalHashes(next, newRoot);
}

function isPowerOfTwo(size: number): boolean {
  return size === 1 || split(size) * 2 === size;
}

export function equalHashes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
