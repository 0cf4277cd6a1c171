// Retention: the oldest entry bundles go, their hashes stay, so that everything else can still be proved (tlog-tiles,
// "Pruning"). The log says so in a receipt of its own first. What a start would otherwise read from the bundles is kept
// in state/pruned: the heads of all chains.
import { basename, dirname, join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { tilePath, tileWidth } from '../format/layout.ts';
import { encodeStatement, ledgerTenantId, type ReceiptDraft } from '../format/receipt.ts';
import { pruning, statementEvents } from '../format/statement.ts';
import type { DraftTexts } from './commit.ts';
import { replaceFile, type FileChange, type Files } from './disk/files.ts';
import type { Places } from './places.ts';
import { formatSnapshot, parseSnapshot, type Heads, type Snapshot } from './snapshot.ts';

export type Pruned = Snapshot & { readonly prunedBelow: number };

/** undefined: nothing was pruned. Throws `bad-state`. */
export function readPruned(files: Files, places: Places): Pruned | undefined {
  const bytes = files.read(places.pruned);
  if (bytes === undefined) return undefined;
  const snapshot = parseSnapshot(bytes);
  if (snapshot?.prunedBelow === undefined) throw new LedgerError('bad-state', `${places.pruned} was changed or cut: restore it from a backup`);
  return { ...snapshot, prunedBelow: snapshot.prunedBelow };
}

/** Durable when it returns: from now on entries below may be missing. */
export function writePruned(files: Files, places: Places, { size, heads, prunedBelow }: { readonly size: number; readonly heads: Heads; readonly prunedBelow: number }): void {
  replaceFile(files, places.pruned, formatSnapshot({ size, runs: [], heads, prunedBelow }), { sync: true });
}

/** Only whole bundles can go. Throws `cannot-prune` when that is none, or more than is published. */
export function pruneEnd(minimumIndex: number, publishedSize: number): number {
  const end = minimumIndex - (minimumIndex % tileWidth);
  if (Number.isSafeInteger(minimumIndex) && end > 0 && minimumIndex <= publishedSize) return end;
  throw new LedgerError('cannot-prune', `receipts are pruned by whole bundles of ${tileWidth}, up to the ${publishedSize} that are published; ${minimumIndex} is not between`);
}

export function pruningDraft(minimumIndex: number, at: string): DraftTexts {
  const draft: ReceiptDraft = { id: `ledger-pruned-${minimumIndex}`, kind: 'system', tenantId: ledgerTenantId, at, event: statementEvents.pruned, details: pruning({ minimumIndex }) };
  const { id, tenantId, head, tail } = encodeStatement(draft);
  return [tenantId, id, head, tail];
}

/** The bundles below `end` that are still there; also those that an earlier pruning was cut short of. */
export function prunedFiles(files: Files, folder: string, end: number): FileChange[] {
  const listed = new Map<string, ReadonlySet<string>>();
  const changes: FileChange[] = [];
  for (let index = 0; index < end / tileWidth; index += 1) {
    const path = join(folder, tilePath({ level: 'entries', index, width: tileWidth }));
    const parent = dirname(path);
    if (!listed.has(parent)) listed.set(parent, new Set(files.list(parent)));
    if (listed.get(parent)!.has(basename(path))) changes.push({ remove: path });
  }
  return changes;
}
