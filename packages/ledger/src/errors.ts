// The ledger's coded errors. Callers match on `code`; the text is for people.

export const ledgerErrorCodes = {
  'bad-receipt': 'The receipt is not one: a field is missing, unknown or of the wrong kind, or holds what JSON would drop or change.',
  'receipt-too-large': 'The receipt has more than 65,535 bytes as canonical JSON, which no entry bundle can hold.',
  'bad-key': 'The text is no verifier key or signing key of a signed note.',
  'bad-note': 'The bytes are no signed note.',
  'bad-checkpoint': 'The note is no checkpoint of a transparency log.',
  'bad-proof': 'The text is no tlog-proof.',
  'bad-tile': 'A tile or entry bundle does not have the length or the form that its path promises.',
  'missing-tile': 'A tile or entry bundle that the tree needs is not there.',
  'bad-source': 'What is to be verified cannot be read: no such folder, archive or address, or no log in it.',
  'disk-full': 'The disk is full: what was asked is not done, what was acknowledged is kept; make room, and it goes on by itself.',
  'disk-read-only': 'The folder of the ledger cannot be written: mount it for writing, or give the user of the node the right to.',
  'disk-failed': 'The disk failed; the ledger checks what is on it when it is opened again.',
  'journal-sync-failed': 'A commit could not be made durable: its receipts are not acknowledged, and the ledger must be opened again.',
  'journal-damaged': 'Acknowledged receipts in the journal were changed or torn out; fsck --repair fetches them from the published bundles where it can.',
  'journal-lost': 'The journal ends before what was acknowledged; restore it, or have fsck --repair take what was published.',
  'state-lost': 'The folder holds a log, but the state of its writer is gone; restore it, or have fsck --repair make it anew.',
  'bad-state': 'The identity of the ledger cannot be read; restore state/ledger.json.',
  'log-damaged': 'A receipt on disk was changed or lost; fsck tells which, and what can be repaired.',
  'log-forked': 'The receipts on disk do not lead to the published checkpoint; fsck tells why. Nothing is opened.',
  'index-damaged': 'An index was changed or cut; it is made anew from the log at the next start.',
  'index-unusable': 'The index of receipts cannot be read or written; the log itself is not concerned.',
  'bad-query': 'The query cannot be understood: a time, a limit or a cursor is none.',
  'key-lost': 'No signing key is there: restore keys/, or have fsck --repair make a new one.',
  'no-ledger': 'The folder holds no ledger, and none is to be begun there: mount it, or import the log again.',
  'wrong-origin': 'The folder holds the ledger of another origin.',
  'ledger-locked': 'Another process writes this ledger.',
  'ledger-overloaded': 'More appends wait than the ledger takes; append again when some are answered.',
  'ledger-unavailable': 'The ledger of this node cannot record now: it cannot be opened, or no process of the node had it open in time. Recording again under the same id is safe.',
  'ledger-closed': 'The ledger is closed, or its writer ended; what was not acknowledged may be appended again under the same id.',
  'unknown-checkpoint': 'The cosigned checkpoint is none that this ledger published lately.',
  'unknown-witness': 'No signature on it is of a witness that this ledger is configured with.',
  'cannot-prune': 'Nothing can be pruned up to there: whole bundles of 256 published and durable receipts can.',
  'receipt-pruned': 'The receipt was pruned from this ledger; an export or backup may have it.',
  'not-exported': 'The copy does not hold all that was to be pruned; nothing was removed. Export again, or name the right copy.',
  'unknown-key': 'The ledger has no such key, or it is the one that signs.',
  'bad-store': 'The place of an export is none: a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX, with the access that it needs.',
  'store-client-missing': 'The package that speaks to that kind of store is not installed.',
  'store-failed': 'The place of an export could not be read or written; run it again, it goes on where it stopped.',
  'export-forked': 'The place holds an export that is no beginning of this log; nothing there was replaced.',
  'export-ahead': 'The place holds more of this log than the ledger does: the ledger went back.',
  'export-gap': 'The place holds a beginning of this log, and what follows on that was pruned before it was exported; nothing there was touched. Begin a copy elsewhere.',
  'export-raced': 'Another export of this log to the same place went on at the same time; run it again.',
  'import-refused': 'What was to be imported does not verify, or the folder holds a ledger already.',
} as const;

export type LedgerErrorCode = keyof typeof ledgerErrorCodes;

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, details: { cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** What is wrong with a text, with the file in front that it comes from. */
export function inPlace<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof LedgerError ? new LedgerError(error.code, `${place}: ${error.message}`, { cause: error }) : error;
  }
}
