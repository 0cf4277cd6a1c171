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
