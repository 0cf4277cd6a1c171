// A log as the files it is made of, built the plain way: all receipts in memory, every tile from its definition.
// Tests build with it, tamper with the files, and see what verifiers say. No writer: for tests only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { chainGenesis, chainHash, receiptHash } from '../format/chain.ts';
import { signCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, tilePath, tilesOfTree, tileWidth, verifierKeysPath } from '../format/layout.ts';
import { leafHash, rootOfHashes } from '../format/merkle.ts';
import { formatVerifierKey, signingKey, verifierKeyOf, type SigningKey } from '../format/note.ts';
import { encodeStatement, recordDraft, type ReceiptDraft } from '../format/receipt.ts';
import { encodeBundle } from '../format/tile.ts';

export const origin = 'ledger.example/tests';
export const logKey: SigningKey = signingKey({ name: origin, seed: Buffer.alloc(32, 7) });
export const logVerifierKey: string = formatVerifierKey(verifierKeyOf(logKey));

export type LogFiles = Map<string, Buffer>;

export function draft(index: number, { tenants = 5, ...more }: { readonly tenants?: number } & Partial<ReceiptDraft> = {}): ReceiptDraft {
  return {
    id: `receipt-${index}`,
    kind: 'transition',
    tenantId: `tenant-${index % tenants}`,
    at: new Date(Date.UTC(2026, 10, 20) + index).toISOString(),
    sku: 'gcp.autonomic.cost_guard.v1',
    stateFrom: 'stable',
    stateTo: 'warning',
    event: 'tick',
    reason: { signal: 'billing_spike', value: 100 + index / 8, threshold: 50 },
    ...more,
  };
}

/** Gives drafts their places in their tenants' chains. */
export function entriesOf(drafts: Iterable<ReceiptDraft>): Buffer[] {
  const ends = new Map<string, { readonly count: number; readonly previous: Uint8Array }>();
  return Array.from(drafts, (one) => {
    const place = ends.get(one.tenantId) ?? { count: 0, previous: chainGenesis };
    const entry = recordDraft(encodeStatement(one), place);
    ends.set(one.tenantId, { count: place.count + 1, previous: chainHash({ previous: place.previous, receipt: receiptHash(entry) }) });
    return entry;
  });
}

export function entries(count: number, options: { readonly tenants?: number } = {}): Buffer[] {
  return entriesOf(Array.from({ length: count }, (_, index) => draft(index, options)));
}

/** All files of a log of these entries, signed. */
export function buildLog(logEntries: readonly Buffer[], { keys = [logKey] }: { readonly keys?: readonly SigningKey[] } = {}): LogFiles {
  const files: LogFiles = new Map();
  let row: Uint8Array[] = logEntries.map((entry) => leafHash(entry));
  const root = rootOfHashes(Buffer.concat(row));
  let rowLevel = 0;
  for (const { level, index, width } of tilesOfTree(logEntries.length)) {
    if (level > rowLevel) {
      row = Array.from({ length: Math.floor(row.length / tileWidth) }, (_, at) => rootOfHashes(Buffer.concat(row.slice(at * tileWidth, (at + 1) * tileWidth))));
      rowLevel = level;
    }
    const first = index * tileWidth;
    files.set(tilePath({ level, index, width }), Buffer.concat(row.slice(first, first + width)));
    if (level === 0) files.set(tilePath({ level: 'entries', index, width }), encodeBundle(logEntries.slice(first, first + width)));
  }
  files.set(checkpointPath, Buffer.from(signCheckpoint({ origin, size: logEntries.length, root }, keys)));
  files.set(verifierKeysPath, Buffer.from(keys.map((key) => `${formatVerifierKey(verifierKeyOf(key))}\n`).join('')));
  return files;
}

export function writeLog(folder: string, files: LogFiles): string {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}
