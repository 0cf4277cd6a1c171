/** What goes wrong in `flyball ledger` itself, not in the ledger: files, choices, what is not there. */
export const ledgerProblemCodes = {
  'file-unusable': 'A file named on the command line cannot be read or written.',
  'no-such-receipt': 'The log has no receipt of that place or id.',
  'ambiguous-id': 'Several tenants have a receipt of that id: say which.',
  'no-such-checkpoint': 'The log serves no checkpoint of that tree: a proof needs one that was signed.',
} as const;

export type LedgerProblemCode = keyof typeof ledgerProblemCodes;

export class LedgerProblem extends Error {
  readonly code: LedgerProblemCode;

  constructor(code: LedgerProblemCode, message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details);
    this.name = 'LedgerProblem';
    this.code = code;
  }
}
