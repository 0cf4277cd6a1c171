// Entries read back from the bundles, and what the writer wants to know of one.
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { chainHash, receiptHash } from '../format/chain.ts';
import { tilePath, tileWidth, type TileId } from '../format/layout.ts';
import type { Receipt } from '../format/receipt.ts';
import { decodeBundle } from '../format/tile.ts';
import type { Files } from './disk/files.ts';

/** The entries of a full bundle. Throws `missing-tile`, `bad-tile`. */
export function readBundle(files: Files, folder: string, index: number): Uint8Array[] {
  const tile: TileId = { level: 'entries', index, width: tileWidth };
  const bytes = files.read(join(folder, tilePath(tile)));
  if (bytes === undefined) throw new LedgerError('missing-tile', `${tilePath(tile)} is missing: receipts ${index * tileWidth} to ${(index + 1) * tileWidth - 1} are in it; fsck tells what can be repaired`);
  return decodeBundle(bytes, tile);
}

/** The receipt in an entry of the writer's own; checks no more than the writer relies on. Throws `log-damaged`. */
export function readEntry(entry: Uint8Array, index: number): Receipt {
  try {
    const receipt = JSON.parse(Buffer.from(entry.buffer, entry.byteOffset, entry.length).toString()) as Receipt;
    if (typeof receipt.id === 'string' && typeof receipt.tenantId === 'string') return receipt;
  } catch {
    // Told below, as is what parses and is something else.
  }
  throw new LedgerError('log-damaged', `entry ${index} is no receipt: it was changed on disk; fsck tells what can be repaired`);
}

/** What appending the entry answered. */
export function placeOf(entry: Uint8Array, receipt: Receipt): { readonly receiptHash: Uint8Array; readonly chainHash: Uint8Array } {
  const hash = receiptHash(entry);
  return { receiptHash: hash, chainHash: chainHash({ previous: Buffer.from(receipt.prevReceiptHash, 'hex'), receipt: hash }) };
}

/** One text for tenant and id, never the same for two pairs: ids are a tenant's own. */
export function idKey(tenantId: string, id: string): string {
  return `${tenantId.length} ${tenantId}${id}`;
}
