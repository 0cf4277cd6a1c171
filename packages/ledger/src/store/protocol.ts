// What the main thread and the writer's thread say to each other. Appends are answered in their order, so that neither
// side keeps a table of them.
import type { LedgerErrorCode } from '../errors.ts';
import type { DraftTexts, PackedAnswers } from './commit.ts';

export type WriterOptions = {
  readonly folder: string;
  /** The log's name, such as `ledger.example.org/node-1`; it stands in each checkpoint and never changes. May be left out where a ledger is. */
  readonly origin?: string;
  /** Verifier keys of the witnesses whose cosignatures are taken. */
  readonly witnesses?: readonly string[];
  /** A folder without a ledger is refused (`no-ledger`), and nothing is made there: an unmounted disk begins no second log. */
  readonly mustExist?: boolean;
  /** From an append to the checkpoint that covers it, in ms; 100 unless given, 10 to 60,000. */
  readonly publishEveryMs?: number;
};

/** What can be asked of the writer, and what it answers. */
export type Requests = {
  readonly publish: { readonly ask: undefined; readonly answer: PublishedCheckpoint };
  readonly lastHash: { readonly ask: string; readonly answer: string };
  readonly find: { readonly ask: { readonly tenantId: string; readonly id: string }; readonly answer: FoundReceipt | undefined };
  readonly entry: { readonly ask: number; readonly answer: Uint8Array | undefined };
  readonly cosign: { readonly ask: string; readonly answer: PublishedCheckpoint };
  readonly keys: { readonly ask: undefined; readonly answer: readonly string[] };
  /** `ask`: when, as in receipts. */
  readonly rotateKey: { readonly ask: string; readonly answer: string };
  readonly retireKey: { readonly ask: string; readonly answer: undefined };
  readonly prune: { readonly ask: { readonly minimumIndex: number; readonly at: string }; readonly answer: number };
  readonly stats: { readonly ask: undefined; readonly answer: WriterStats };
  readonly close: { readonly ask: undefined; readonly answer: undefined };
};

export type PublishedCheckpoint = { readonly size: number; readonly note: string };
/** Hashes in hex. */
export type FoundReceipt = { readonly index: number; readonly receiptHash: string; readonly chainHash: string };
export type WriterStats = { readonly size: number; readonly publishedSize: number; readonly journalBytes: number };

/** What the thread is started with. */
export type WriterData = WriterOptions & { readonly publishEveryMs: number; readonly at: string };

/** One message holds no more (but for its last draft), and one commit no more than two messages: its frame fits a segment. */
export const messageCharactersMax = 512 * 1024;
export const messageDraftsMax = 256;

export type ToWriter =
  | { readonly kind: 'append'; readonly texts: DraftTexts; readonly characters: number }
  | { readonly kind: 'ask'; readonly id: number; readonly what: keyof Requests; readonly argument: unknown };

export type PlainError = { readonly code: LedgerErrorCode; readonly message: string };

export type FromWriter =
  | { readonly kind: 'ready'; readonly origin: string; readonly size: number; readonly published: PublishedCheckpoint }
  | { readonly kind: 'not-opened'; readonly error: PlainError }
  | ({ readonly kind: 'appended' } & PackedAnswers)
  /** The next `count` appends failed together. */
  | { readonly kind: 'failed'; readonly count: number; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: PlainError }
  | { readonly kind: 'published'; readonly published: PublishedCheckpoint }
  /** The last message: the thread ends, and the ledger must be opened again. */
  | { readonly kind: 'ended'; readonly error: PlainError }
  | { readonly kind: 'told'; readonly what: string };
