// The kernel's Recorder, satisfied by a ledger's writer.
import type { ReceiptToRecord, Recorder } from '@flyball/kernel';

import type { ReceiptDraft } from '../format/receipt.ts';
import type { LedgerWriter } from './writer.ts';

/** What `record` is given is checked as any draft is: `bad-receipt` says what is wrong with it. */
export function ledgerRecorder(writer: Pick<LedgerWriter, 'append' | 'lastHash'>): Recorder {
  return {
    record: (receipt: ReceiptToRecord) => writer.append(receipt as unknown as ReceiptDraft),
    lastHash: (tenantId) => writer.lastHash(tenantId),
  };
}
