// What a verification says: data for people and programs. Pure.

/** What can be wrong with a log. Each makes the verdict `broken`. */
export const findingCodes = {
  'bad-checkpoint': 'The checkpoint is no checkpoint.',
  'bad-signature': 'The signature of a known key does not hold: the checkpoint was changed after it was signed.',
  'not-signed': 'No known key of the log signed the checkpoint.',
  'other-origin': 'The log is not the one that was asked for.',
  'witnesses-missing': 'Fewer known witnesses cosigned the checkpoint than were asked for.',
  'missing-bundle': 'A file of receipts is gone, and the log does not say that it was pruned.',
  'missing-tile': 'A file of hashes is gone or not whole.',
  'bad-bundle': 'A file of receipts is cut, or goes on after its end.',
  'bad-tile': 'A file of hashes is not what was signed.',
  'root-mismatch': 'The receipts do not make the tree whose root was signed.',
  'receipt-changed': 'A receipt is not what was signed or what its successors follow from.',
  'receipt-dropped': 'A receipt that was signed is gone.',
  'receipt-added': 'A receipt stands in the log that was not signed there.',
  'receipt-reordered': 'A receipt stands in another place than it was signed in.',
  'not-a-receipt': 'An entry is no receipt in canonical JSON.',
  'chain-broken': 'The first receipt of a tenant says that others come before it.',
  'fork': 'The log once signed other receipts for the same places.',
  'rolled-back': 'The log once signed more receipts than it has.',
} as const;

export type FindingCode = keyof typeof findingCodes;

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
