// What the log says about itself, as receipts of kind `system` of a tenant of its own, which no author can write for:
// that its key was rotated, that its beginning was pruned. A verifier reads them, so their form is fixed here. Pure.
import type { Json } from '@flyball/kernel';

import { checkNote, formatNote, formatVerifierKey, parseNote, parseVerifierKey, signatureTypes, signNote, type SigningKey, type VerifierKey } from './note.ts';
import { ledgerTenantId, type Receipt } from './receipt.ts';

/** `event` of the receipts. */
export const statementEvents = { keyRotated: 'ledger-key-rotated', pruned: 'ledger-pruned' } as const;

const rotationHeader = 'flyball-ledger/key-rotation/v1';

/** `details` of a rotation: a note in which the old key names the new one, so that who knows the old key can follow. */
export function keyRotation({ origin, key, signedBy }: { readonly origin: string; readonly key: VerifierKey; readonly signedBy: SigningKey }): { readonly note: string } {
  const text = `${rotationHeader}\n${origin}\n${formatVerifierKey(key)}\n`;
  return { note: formatNote({ text, signatures: [signNote(text, signedBy)] }) };
}

/** `details` of a pruning: entries below may be gone (tlog-tiles, "Pruning"). */
export function pruning({ minimumIndex }: { readonly minimumIndex: number }): { readonly minimumIndex: number } {
  return { minimumIndex };
}

/** undefined unless the receipt prunes. */
export function prunedBelow(receipt: Receipt): number | undefined {
  const minimumIndex = isStatement(receipt, statementEvents.pruned) ? field(receipt.details, 'minimumIndex') : undefined;
  return Number.isSafeInteger(minimumIndex) && Number(minimumIndex) >= 0 ? Number(minimumIndex) : undefined;
}

/** The note of a rotation, unchecked; undefined unless the receipt is one. */
export function rotationNote(receipt: Receipt): string | undefined {
  const note = isStatement(receipt, statementEvents.keyRotated) ? field(receipt.details, 'note') : undefined;
  return typeof note === 'string' ? note : undefined;
}

/** The new key, if one of `keys` vouches for it in this note, for this log. */
export function followRotation(note: string, { origin, keys }: { readonly origin: string; readonly keys: readonly VerifierKey[] }): VerifierKey | undefined {
  try {
    const parsed = parseNote(note);
    const [header, of, key, ...rest] = parsed.text.split('\n');
    const { verified, failed } = checkNote(parsed, keys.filter(({ type }) => type === signatureTypes.ed25519));
    const isSound = header === rotationHeader && of === origin && rest.length === 1 && verified.length > 0 && failed.length === 0;
    return isSound ? parseVerifierKey(key ?? '') : undefined;
  } catch {
    return undefined;
  }
}

function isStatement({ kind, tenantId, event }: Receipt, wanted: string): boolean {
  return kind === 'system' && tenantId === ledgerTenantId && event === wanted;
}

function field(details: Json | undefined, name: string): unknown {
  return typeof details === 'object' && details !== null && Object.hasOwn(details, name) ? (details as Record<string, unknown>)[name] : undefined;
}
