// The chains of one stretch of a log: of each tenant both ends, as few flat buffers that go to another thread at once.
import { hash } from 'node:crypto';

import { hashBytes, sha256Into } from '../format/sha256.ts';
import type { Receipt } from '../format/receipt.ts';
import { tenantKey, tenantKeyBytes } from './chain-table.ts';

export type ChainPieces = {
  /** 16 bytes a tenant, see `tenantKey`. */
  readonly keys: Uint8Array<ArrayBuffer>;
  /** Two a tenant: how many receipts come before its first one here, and before its last one. */
  readonly counts: Float64Array<ArrayBuffer>;
  /** 64 bytes a tenant: the chain hash before the first one here, and after the last one. */
  readonly hashes: Uint8Array<ArrayBuffer>;
};

const link = Buffer.alloc(2 * hashBytes);

/** Follows the chains as receipts come, in the log's order; used for one stretch after another, so that its buffers are. */
export class ChainFollower {
  readonly #tenants = new Map<string, number>();
  #counts = new Float64Array(2 * 64);
  #hashes = Buffer.alloc(2 * 64 * hashBytes);
  /** Within the stretch a receipt does not follow from its tenant's last one. */
  #isBroken = false;

  follow({ tenantId, prevReceiptCount: count, prevReceiptHash: previous }: Receipt, entry: Uint8Array): void {
    link.write(previous, 0, hashBytes, 'hex');
    const tenant = this.#tenants.get(tenantId) ?? this.#begin(tenantId, count);
    const at = (2 * tenant + 1) * hashBytes;
    const follows = this.#counts[2 * tenant + 1]! + 1 === count && link.compare(this.#hashes, at, at + hashBytes, 0, hashBytes) === 0;
    if (!follows) this.#isBroken = true;
    this.#counts[2 * tenant + 1] = count;
    sha256Into(link, hashBytes, entry);
    sha256Into(this.#hashes, at, link);
  }

  /** What was followed; then it begins anew. */
  take(salt: string): { readonly pieces: ChainPieces; readonly isChainBroken: boolean } {
    const taken = { pieces: this.#pieces(salt), isChainBroken: this.#isBroken };
    this.#tenants.clear();
    this.#isBroken = false;
    return taken;
  }

  #pieces(salt: string): ChainPieces {
    const keys = Buffer.alloc(this.#tenants.size * tenantKeyBytes);
    for (const [tenantId, tenant] of this.#tenants) keys.write(tenantKey(salt, tenantId), tenant * tenantKeyBytes, 'latin1');
    return { keys, counts: this.#counts.slice(0, 2 * this.#tenants.size), hashes: Uint8Array.from(this.#hashes.subarray(0, 2 * this.#tenants.size * hashBytes)) };
  }

  /** The link that the receipt names is taken for the tenant's last one: whether it is, who joins the stretches sees. */
  #begin(tenantId: string, count: number): number {
    const tenant = this.#tenants.size;
    this.#tenants.set(tenantId, tenant);
    if (2 * tenant === this.#counts.length) this.#grow();
    this.#counts.set([count, count - 1], 2 * tenant);
    link.copy(this.#hashes, 2 * tenant * hashBytes, 0, hashBytes);
    link.copy(this.#hashes, (2 * tenant + 1) * hashBytes, 0, hashBytes);
    return tenant;
  }

  #grow(): void {
    const [counts, hashes] = [new Float64Array(2 * this.#counts.length), Buffer.alloc(2 * this.#hashes.length)];
    counts.set(this.#counts);
    hashes.set(this.#hashes);
    [this.#counts, this.#hashes] = [counts, hashes];
  }
}

/** The chain hash after a receipt, in hex: as in `chainHash`, without the ways there and back. */
export function linkAfter(previous: string, entry: Uint8Array): string {
  link.write(previous, 0, hashBytes, 'hex');
  sha256Into(link, hashBytes, entry);
  return hash('sha256', link, 'hex');
}
