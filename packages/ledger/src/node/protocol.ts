// What the processes of a node ask the one that owns its ledger, and what they are answered.
import type { Pid } from '@flyball/kernel';

import type { ReceiptDraft } from '../format/receipt.ts';
import type { Outcome } from '../servers/ledger-server.ts';
import type { PublishedCheckpoint, WriterStats } from '../store/protocol.ts';
import type { Appended } from '../store/writer.ts';

/** By name: what is asked with, and what the answer is. Plain data, since it crosses OS processes. */
export interface OwnerRequests {
  readonly append: { readonly ask: readonly ReceiptDraft[]; readonly answer: readonly Outcome<Appended>[] };
  readonly lastHash: { readonly ask: string; readonly answer: string };
  readonly status: { readonly ask: undefined; readonly answer: OwnedLedgerStatus };
  readonly publish: { readonly ask: undefined; readonly answer: PublishedCheckpoint };
  readonly keys: { readonly ask: undefined; readonly answer: readonly string[] };
  readonly rotateKey: { readonly ask: undefined; readonly answer: string };
  readonly retireKey: { readonly ask: string; readonly answer: undefined };
  readonly prune: { readonly ask: number; readonly answer: number };
  readonly cosign: { readonly ask: string; readonly answer: PublishedCheckpoint };
}

export interface OwnedLedgerStatus extends WriterStats {
  readonly folder: string;
  readonly origin: string;
  /** Where the owner lives. */
  readonly shard: number;
  readonly generation: number;
}

export interface OwnerRequest {
  readonly what: keyof OwnerRequests;
  readonly argument: unknown;
}

export type OwnerAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** In a hand-over: ask that one. */
  | { readonly kind: 'moved'; readonly to: Pid }
  /** Asked of one that does not own it and does not know who does now. */
  | { readonly kind: 'elsewhere' };

/** Asked again after a broken connection, these change nothing twice. */
export const repeatable: ReadonlySet<keyof OwnerRequests> = new Set(['append', 'lastHash', 'status', 'publish', 'keys', 'cosign']);
