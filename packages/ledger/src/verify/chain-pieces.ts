// The chains of one stretch of a log: of each tenant both ends, as few flat buffers that go to another thread at once.
import { hash } from 'node:crypto';

import { hashBytes, sha256Into } from '../format/sha256.ts';
import type { Receipt } from '../format/receipt.ts';
import { tenantKey, tenantKeyBytes } from './chain-table.ts';

export type ChainPieces = {
  /** 16 bytes a tenant, see `tenantKey`. */
  readonly keys: Uint8Array;
  /** Two a tenant: how many receipts come before its first one here, and before its last one. */
  readonly counts: Float64Array;
  /** 64 bytes a tenant: the chain hash before the first one here, and after the last one. */
  readonly hashes: Uint8Array;
};

type Piece = { readonly first: number; readonly previous: string; last: number; chain: string };

/** Follows the chains as receipts come, in the log's order. */
export class ChainFollower {
  readonly #pieces = new Map<string, Piece>();
  /** Within the stretch a receipt does not follow from its tenant's last one. */
  isBroken = false;

  follow({ tenantId, prevReceiptCount: count, prevReceiptHash: previous }: Receipt, entry: Uint8Array): void {
    const chain = linkAfter(previous, entry);
    const piece = this.#pieces.get(tenantId);
    if (piece === undefined) {
      this.#pieces.set(tenantId, { first: count, previous, last: count, chain });
      return;
    }
    if (piece.chain !== previous || piece.last + 1 !== count) this.isBroken = true;
    piece.last = count;
    piece.chain = chain;
  }

  pieces(salt: string): ChainPieces {
    const length = this.#pieces.size;
    const [keys, counts, hashes] = [Buffer.alloc(length * tenantKeyBytes), new Float64Array(length * 2), Buffer.alloc(length * 2 * hashBytes)];
    let at = 0;
    for (const [tenantId, { first, previous, last, chain }] of this.#pieces) {
      keys.write(tenantKey(salt, tenantId), at * tenantKeyBytes, 'latin1');
      counts.set([first, last], 2 * at);
      hashes.write(previous + chain, 2 * at * hashBytes, 'hex');
      at += 1;
    }
    return { keys, counts, hashes };
  }
}

const link = Buffer.alloc(2 * hashBytes);

/** The chain hash after a receipt, in hex: as in `chainHash`, without the ways there and back. */
export function linkAfter(previous: string, entry: Uint8Array): string {
  link.write(previous, 0, hashBytes, 'hex');
  sha256Into(link, hashBytes, entry);
  return hash('sha256', link, 'hex');
}
