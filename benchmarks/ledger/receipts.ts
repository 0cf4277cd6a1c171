// Receipts of 512 bytes as the log records them, each with an id of its own.
import { encodeDraft, recordDraft } from '@flyball/ledger';
import type { ReceiptDraft } from '@flyball/ledger';

export const RECEIPT_BYTES = 512;
export const TENANTS = 64;
/** A place in a chain whose number has as many digits as most have in a log of a million. */
const PLACE = { count: 10_000, previous: Buffer.alloc(32) };

const PAD_LENGTH = RECEIPT_BYTES - recordDraft(encodeDraft(draftWith(0, '')), PLACE).length;
const PAD = 'x'.repeat(PAD_LENGTH);

export function receipt(number: number): ReceiptDraft {
  return draftWith(number, PAD);
}

function draftWith(number: number, pad: string): ReceiptDraft {
  return {
    id: `receipt-${String(number).padStart(10, '0')}`,
    kind: 'action',
    tenantId: `tenant-${String(number % TENANTS).padStart(3, '0')}`,
    at: new Date().toISOString(),
    sku: 'gcp.autonomic.cost_guard.v1',
    action: { name: 'throttle', target: 'billing', percent: 20 },
    details: { pad },
  };
}
