// The log read once more, slowly and in order, to find out what is wrong with it: its entries as they lie in the
// bundles, and the leaf hashes as the lowest tiles have them. Whatever is missing or cut is passed over.
import { tileAt, tileWidth } from '../format/layout.ts';
import { leafHash } from '../format/merkle.ts';
import { decodeReceipt, type Receipt } from '../format/receipt.ts';
import { hashBytes } from '../format/sha256.ts';
import { splitBundle } from '../format/tile.ts';
import { linkAfter } from './chain-pieces.ts';
import type { LogReader } from './log-reader.ts';
import { readTile } from './segment.ts';

/** What is looked at of a receipt; thousands are held at once, and each may be long. */
export type ReadReceipt = Pick<Receipt, 'id' | 'tenantId' | 'prevReceiptCount' | 'prevReceiptHash'>;
/** `receipt` is undefined when the entry is none. Hashes in hex, as they are compared and looked up. */
export type ReadEntry = { readonly index: number; readonly leaf: string; readonly receipt?: ReadReceipt; readonly chain?: string };

type Range = {
  readonly size: number;
  /** Which to read, in order. */
  readonly bundles: () => Iterable<number>;
};

/** `index` counts bundle by bundle: an entry missing from a bundle does not shift those of the next one. */
export async function* readEntries(reader: LogReader, range: Range): AsyncGenerator<ReadEntry> {
  for (const bundle of range.bundles()) {
    const first = bundle * tileWidth;
    const bytes = await readTile(reader, tileAt({ level: 'entries', at: first, size: range.size }));
    const { entries } = bytes ? splitBundle(bytes) : { entries: [] };
    for (const [at, entry] of entries.entries()) {
      const receipt = receiptOf(entry);
      yield { index: first + at, leaf: leafHash(entry).toString('hex'), ...(receipt ? { receipt, chain: linkAfter(receipt.prevReceiptHash, entry) } : {}) };
    }
  }
}

function receiptOf(entry: Uint8Array): ReadReceipt | undefined {
  try {
    const { id, tenantId, prevReceiptCount, prevReceiptHash } = decodeReceipt(entry);
    return { id, tenantId, prevReceiptCount, prevReceiptHash };
  } catch {
    return undefined;
  }
}

export async function* readLeaves(reader: LogReader, range: Range): AsyncGenerator<{ readonly index: number; readonly leaf: string }> {
  for (const bundle of range.bundles()) {
    const first = bundle * tileWidth;
    const bytes = Buffer.from((await readTile(reader, tileAt({ level: 0, at: first, size: range.size }))) ?? []);
    for (let at = 0; (at + 1) * hashBytes <= bytes.length; at += 1) yield { index: first + at, leaf: bytes.toString('hex', at * hashBytes, (at + 1) * hashBytes) };
  }
}
