/**
 * What can go wrong that the operator must mend. Expected outcomes (no match, an unknown path) are
 * returned values, see `search.ts` and `read.ts`.
 */

export type DocumentsErrorCode = 'documents-root-missing' | 'documents-root-unreadable' | 'documents-root-wrong-kind';

export class DocumentsError extends Error {
  readonly code: DocumentsErrorCode;

  constructor(code: DocumentsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DocumentsError';
    this.code = code;
  }
}
