// What a verification says: data for people and programs. Pure.

/** What is wrong with a log. Each makes the verdict `broken`. */
export type FindingCode =
  /** The checkpoint is no checkpoint. */
  | 'bad-checkpoint'
  /** A known key's signature does not hold. */
  | 'bad-signature'
  /** No known key of the log signed the checkpoint. */
  | 'not-signed'
  | 'other-origin'
  /** Fewer known witnesses cosigned than were asked for. */
  | 'witnesses-missing'
  | 'missing-bundle' | 'missing-tile' | 'bad-bundle' | 'bad-tile'
  /** The entries do not make the tree whose root was signed. */
  | 'root-mismatch'
  | 'receipt-changed' | 'receipt-dropped' | 'receipt-added' | 'receipt-reordered' | 'not-a-receipt'
  /** The log itself recorded a receipt that does not follow from its tenant's last one. */
  | 'chain-broken'
  /** The log once signed other receipts for the same places. */
  | 'fork'
  /** The log once signed more receipts than it has. */
  | 'rolled-back';

export type Finding = {
  readonly code: FindingCode;
  /** What, where, and between which bounds. */
  readonly message: string;
  /** The receipt's place in the log as it was signed. */
  readonly index?: number;
  /** Where it stands now, if elsewhere. */
  readonly foundAt?: number;
  readonly receiptId?: string;
  readonly tenantId?: string;
  /** The file concerned. */
  readonly path?: string;
};

export type Witnessed = { readonly name: string; readonly timeS: number };

export type VerifyReport = {
  readonly verdict: 'good' | 'broken' | 'unusable';
  /** Of the command: 0 good, 1 broken, 2 unusable. */
  readonly exitCode: 0 | 1 | 2;
  /** Why nothing could be said; only with `unusable`. */
  readonly reason?: string;
  readonly origin?: string;
  readonly size?: number;
  /** Base64, as in the checkpoint. */
  readonly root?: string;
  /** Receipts read; less than size − prunedBelow when some are missing. */
  readonly receipts: number;
  readonly tenants: number;
  /** Entries below were pruned, as the log says in a receipt of its own or the caller allowed. */
  readonly prunedBelow: number;
  /** `log`: the log's own list of keys was believed, which proves that it holds together, not whose it is. */
  readonly keysFrom: 'caller' | 'log';
  readonly signedBy: readonly string[];
  readonly witnesses: readonly Witnessed[];
  readonly findings: readonly Finding[];
  /** Findings beyond the hundredth are not listed. */
  readonly hasMoreFindings: boolean;
};

export const findingsMax = 100;

export type Progress = { readonly receipts: number; readonly size: number };
