// Joins the chains of stretches into one per tenant, in the log's order. It says only whether all of them hold;
// which receipt is to blame is for `chain-diagnosis.ts`, which reads the log again.
import { chainGenesis } from '../format/chain.ts';
import { hashBytes } from '../format/sha256.ts';
import { ChainTable, tenantKeyBytes } from './chain-table.ts';
import type { ChainPieces } from './chain-pieces.ts';

export type ChainJoiner = {
  /** The last receipt of each tenant. */
  readonly ends: ChainTable;
  isBroken: boolean;
};

export const genesisHex = Buffer.from(chainGenesis).toString('hex');

export function chainJoiner(): ChainJoiner {
  return { ends: new ChainTable(), isBroken: false };
}

/** `isWhole`: the log is read from its first receipt on, so that a tenant's first receipt must have none before. */
export function joinPieces(joiner: ChainJoiner, { keys, counts, hashes }: ChainPieces, { isWhole }: { readonly isWhole: boolean }): void {
  const { ends } = joiner;
  for (let piece = 0; piece < counts.length / 2; piece += 1) {
    const { tenant, isNew } = ends.place(keys.subarray(piece * tenantKeyBytes, (piece + 1) * tenantKeyBytes));
    const [first, last] = [counts[2 * piece]!, counts[2 * piece + 1]!];
    const previous = hashes.subarray(2 * piece * hashBytes, (2 * piece + 1) * hashBytes);
    const follows = isNew ? !isWhole || (first === 0 && isZero(previous)) : ends.count(tenant) + 1 === first && Buffer.compare(ends.chain(tenant), previous) === 0;
    if (!follows) joiner.isBroken = true;
    ends.set(tenant, { count: last, chain: hashes.subarray((2 * piece + 1) * hashBytes, (2 * piece + 2) * hashBytes) });
  }
}

function isZero(hash: Uint8Array): boolean {
  return Buffer.compare(hash, chainGenesis) === 0;
}

export function isStart({ count, previous }: { readonly count: number; readonly previous: string }): boolean {
  return count === 0 && previous === genesisHex;
}
