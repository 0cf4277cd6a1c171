// Joins the chains of stretches into one per tenant, in the log's order. It says only whether all of them hold;
// which receipt is to blame is for `chain-diagnosis.ts`, which reads the log again.
import { chainGenesis } from '../format/chain.ts';
import type { ChainPiece, SegmentResult } from './segment.ts';

export type ChainJoiner = {
  /** The last receipt of each tenant. */
  readonly ends: Map<string, ChainPiece['last']>;
  isBroken: boolean;
};

export const genesisHex = Buffer.from(chainGenesis).toString('hex');

export function chainJoiner(): ChainJoiner {
  return { ends: new Map(), isBroken: false };
}

/** `isWhole`: the log is read from its first receipt on, so that a tenant's first receipt must have none before. */
export function joinSegment(joiner: ChainJoiner, { pieces, isChainBroken }: SegmentResult, { isWhole }: { readonly isWhole: boolean }): void {
  if (isChainBroken) joiner.isBroken = true;
  for (const { tenantId, first, last } of pieces) {
    const end = joiner.ends.get(tenantId);
    const follows = end ? end.chain === first.previous && end.count + 1 === first.count : !isWhole || isStart(first);
    if (!follows) joiner.isBroken = true;
    joiner.ends.set(tenantId, last);
  }
}

export function isStart({ count, previous }: ChainPiece['first']): boolean {
  return count === 0 && previous === genesisHex;
}
