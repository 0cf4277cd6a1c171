// What the kernel asks of whoever keeps receipts. A gate that must leave a receipt before it acts awaits
// `recorder()!.record(…)`, and does not act when there is none or it rejects. The kernel declares it, the ledger
// package does it; the kernel itself records nothing.

/** A receipt as its author writes it; which further fields it may have the recorder's package says. */
export interface ReceiptToRecord {
  /** Chosen by the author; recorded once a tenant, so that asking again after an error is safe. */
  readonly id: string;
  readonly kind: string;
  readonly tenantId: string;
  /** UTC with milliseconds, as Date's toISOString writes it. */
  readonly at: string;
  readonly [field: string]: unknown;
}

/** Where it was recorded; the hashes in hex. */
export interface Recorded {
  readonly index: number;
  readonly receiptHash: string;
  readonly chainHash: string;
}

export interface Recorder {
  /** Resolves once the receipt would survive a power failure; rejects with a coded error, having recorded nothing that counts. */
  record(receipt: ReceiptToRecord): Promise<Recorded>;
  /** The tenant's chain hash in hex; 64 zeros for one without receipts. */
  lastHash(tenantId: string): Promise<string>;
}

let installed: Recorder | undefined;

/** undefined: no receipts can be kept now, so whatever needs one must be refused. */
export function recorder(): Recorder | undefined {
  return installed;
}

/** Installs the recorder of this node; returns the function that takes it out. */
export function useRecorder(next: Recorder): () => void {
  installed = next;
  return () => {
    if (installed === next) installed = undefined;
  };
}
