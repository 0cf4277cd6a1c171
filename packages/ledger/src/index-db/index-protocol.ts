// What can be asked of the index's thread, and what it answers. Errors cross as code and message.
import type { PlainError } from '../store/protocol.ts';
import type { TenantHead } from './index-table.ts';
import type { LoggedEntry } from './published-log.ts';
import type { ChainVerdict } from './receipt-index.ts';
import type { ReceiptPage, ReceiptQuery } from './receipt-query.ts';

export type IndexData = { readonly folder: string; readonly file: string };

export type IndexRequests = {
  /** How many receipts are indexed now. */
  readonly catchUp: { readonly ask: undefined; readonly answer: number };
  readonly query: { readonly ask: ReceiptQuery; readonly answer: ReceiptPage<LoggedEntry> };
  readonly tenant: { readonly ask: string; readonly answer: TenantHead | undefined };
  readonly tenants: { readonly ask: { readonly after?: string; readonly limit: number }; readonly answer: readonly TenantHead[] };
  readonly verifyChain: { readonly ask: string; readonly answer: ChainVerdict };
  /** From there to the end of its bundle, or of a log of `size`. */
  readonly entries: { readonly ask: { readonly from: number; readonly size: number }; readonly answer: readonly LoggedEntry[] };
  readonly inclusionProof: { readonly ask: { readonly index: number; readonly size: number }; readonly answer: readonly Uint8Array[] };
  readonly consistencyProof: { readonly ask: { readonly oldSize: number; readonly newSize: number }; readonly answer: readonly Uint8Array[] };
  readonly proofFile: { readonly ask: number; readonly answer: string | undefined };
  readonly close: { readonly ask: undefined; readonly answer: undefined };
};

export type ToIndex = { readonly id: number; readonly what: keyof IndexRequests; readonly argument: unknown };

export type FromIndex =
  | { readonly kind: 'ready'; readonly rebuiltBecause: string | undefined }
  | { readonly kind: 'not-opened'; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: PlainError };
