// The chain of one tenant: each link is SHA-256(previous link ‖ receipt hash), the first previous link is 32 zero
// bytes. A receipt names the link before it, so that a chain can be checked from any receipt on. Pure.
import { hashBytes, sha256, sha256Into } from './sha256.ts';

export { hashBytes } from './sha256.ts';

/** What stands before the first receipt of a tenant. */
export const chainGenesis: Uint8Array = new Uint8Array(hashBytes);

/** SHA-256 of the canonical JSON of a recorded receipt, which is the log's entry. */
export function receiptHash(entry: Uint8Array): Buffer {
  return sha256(entry);
}

const link = Buffer.alloc(2 * hashBytes);

/** The tenant's chain hash after a receipt. */
export function chainHash({ previous, receipt }: { readonly previous: Uint8Array; readonly receipt: Uint8Array }): Buffer {
  // One buffer for all: the call is synchronous, and allocating would cost more than hashing.
  link.set(previous, 0);
  link.set(receipt, hashBytes);
  return sha256(link);
}

/** Writes the receipt hash of an entry and, behind it, the tenant's chain hash after it at `offset` of `target`. */
export function linkInto(target: Buffer, offset: number, { previous, entry }: { readonly previous: Uint8Array; readonly entry: Uint8Array }): void {
  sha256Into(target, offset, entry);
  link.set(previous, 0);
  target.copy(link, hashBytes, offset, offset + hashBytes);
  sha256Into(target, offset + hashBytes, link);
}
