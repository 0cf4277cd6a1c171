// The writer as the main thread has it: checks and writes out each draft, hands them over in batches, and settles
// their promises when they are durable. The thread behind it owns all files (writer-thread.ts).
import { Worker } from 'node:worker_threads';

import { clock, telemetryEvent } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { hashBytes } from '../format/chain.ts';
import { entryBytesMax } from '../format/layout.ts';
import { encodeDraft, type ReceiptDraft } from '../format/receipt.ts';
import { messageCharactersMax, messageDraftsMax, type FoundReceipt, type FromWriter, type PlainError, type PublishedCheckpoint, type Requests, type WriterData, type WriterOptions, type WriterStats } from './protocol.ts';

export type Appended = {
  /** Its place in the log. */
  readonly index: number;
  /** Hex; of the receipt as recorded. */
  readonly receiptHash: string;
  /** Hex; the tenant's chain hash after it. */
  readonly chainHash: string;
  /** The tenant's receipt of this id was there before: these are its hashes, and nothing was added. */
  readonly isRepeat: boolean;
};

/** What the operator should know of: repaired at the start, full disks, failed snapshots. */
export const ledgerTold = telemetryEvent<{ folder: string; what: string }>('ledger.told');
export const ledgerPublished = telemetryEvent<{ folder: string; size: number }>('ledger.published');
/** An author's clock went back by more than a second. The receipts are taken: their order is the log's, not the clock's. */
export const ledgerClockWentBack = telemetryEvent<{ folder: string; from: string; to: string }>('ledger.clock.back');
export const ledgerEnded = telemetryEvent<{ folder: string; code: string; message: string }>('ledger.ended');

export const publishEveryMsDefault = 100;
/** Appends that may wait for their commit at once, and the characters of their receipts. */
export const waitingMax = 65_536;
export const waitingCharactersMax = 64 * 1024 * 1024;
const clockBackMsMin = 1_000;

type Waiting = { readonly resolve: (appended: Appended) => void; readonly reject: (error: LedgerError) => void; readonly characters: number };
type Question = { readonly resolve: (value: unknown) => void; readonly reject: (error: LedgerError) => void };

/** Rejects with what the table of errors says of starting; then nothing is left running. */
export async function openWriter(options: WriterOptions): Promise<LedgerWriter> {
  const publishEveryMs = options.publishEveryMs ?? publishEveryMsDefault;
  if (!(publishEveryMs >= 10 && publishEveryMs <= 60_000)) throw new RangeError(`publishEveryMs must be 10 to 60,000 ms, not ${publishEveryMs}`);
  const data: WriterData = { ...options, publishEveryMs, at: new Date(clock().wallMs()).toISOString() };
  const thread = new URL(`./writer-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  // It closes its files itself: Node's count of a thread's descriptors mistakes those that a number was used for twice.
  const worker = new Worker(thread, { workerData: data, name: 'ledger-writer', trackUnmanagedFds: false });
  const first = await new Promise<FromWriter>((resolve, reject) => {
    const told = (message: FromWriter): void => {
      if (message.kind === 'told') {
        ledgerTold.emit({ folder: options.folder, what: message.what });
        return;
      }
      worker.off('message', told);
      resolve(message);
    };
    worker.on('message', told).once('error', reject);
  });
  if (first.kind !== 'ready') {
    await worker.terminate();
    throw first.kind === 'not-opened' ? asError(first.error) : new LedgerError('ledger-closed', 'the writer ended while it started');
  }
  return new LedgerWriter(options.folder, worker, first);
}

export class LedgerWriter {
  readonly folder: string;
  readonly origin: string;
  readonly #worker: Worker;
  /** Those sent, oldest first, from #answered on; then those not sent yet. */
  #waiting: Waiting[] = [];
  #answered = 0;
  #waitingCharacters = 0;
  #texts: string[] = [];
  #characters = 0;
  #flushIsDue = false;
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  #published: PublishedCheckpoint;
  readonly #listeners = new Set<(published: PublishedCheckpoint) => void>();
  #latestAt = '';
  #end: LedgerError | undefined;
  #isClosing = false;
  readonly #ended = Promise.withResolvers<LedgerError>();

  constructor(folder: string, worker: Worker, ready: FromWriter & { readonly kind: 'ready' }) {
    this.folder = folder;
    this.origin = ready.origin;
    this.#worker = worker;
    this.#published = ready.published;
    worker.on('message', (message: FromWriter) => this.#take(message));
    worker.on('error', (cause) => this.#finish(new LedgerError('ledger-closed', `the writer of ${folder} crashed: open the ledger again`, { cause })));
    worker.on('exit', () => {
      this.#finish(new LedgerError('ledger-closed', `the ledger in ${folder} is closed`));
      // Only now the lock is free for certain.
      this.#ended.resolve(this.#end!);
    });
  }

  /**
   * Resolves once the receipt is durable (power-safe). The same tenant and id again gives the same answer. Rejects with
   * `bad-receipt`, `receipt-too-large`, `disk-full`, `disk-failed`, `journal-sync-failed`, `ledger-overloaded`,
   * `ledger-closed`: then, but for the first two, append it again under the same id.
   */
  append(draft: ReceiptDraft): Promise<Appended> {
    try {
      const { id, tenantId, head, tail } = encodeDraft(draft);
      const characters = head.length + tail.length;
      this.#check(id, characters);
      this.#watchClock(draft.at);
      if (this.#characters + characters > messageCharactersMax || this.#texts.length >= messageDraftsMax * 4) this.#flush();
      this.#texts.push(tenantId, id, head, tail);
      this.#characters += characters;
      this.#waitingCharacters += characters;
      if (!this.#flushIsDue) this.#flushSoon();
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, characters }));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** The tenant's chain hash in hex; 64 zeros for one without receipts. Counts what was appended before the call. */
  lastHash(tenantId: string): Promise<string> {
    return this.#ask('lastHash', tenantId);
  }

  /** Where the tenant's receipt of that id is; undefined if there is none. */
  find(tenantId: string, id: string): Promise<FoundReceipt | undefined> {
    return this.#ask('find', { tenantId, id });
  }

  /** The bytes of a receipt that is durable, published or not; undefined beyond the end. */
  entry(index: number): Promise<Uint8Array | undefined> {
    return this.#ask('entry', index);
  }

  /** Publishes now, not only at the interval; the checkpoint covers what was appended before the call. */
  publish(): Promise<PublishedCheckpoint> {
    return this.#ask('publish', undefined);
  }

  /** Takes a checkpoint with cosignatures of configured witnesses. Rejects with `unknown-checkpoint`, `unknown-witness`, `bad-note`. */
  cosign(note: string): Promise<PublishedCheckpoint> {
    return this.#ask('cosign', note);
  }

  /** The verifier keys of all that sign, the newest last. */
  keys(): Promise<readonly string[]> {
    return this.#ask('keys', undefined);
  }

  /** A new key signs from now on, and so do the old ones until they are retired. Resolves with its verifier key. */
  rotateKey(): Promise<string> {
    return this.#ask('rotateKey', new Date(clock().wallMs()).toISOString());
  }

  /** Destroys the secret of an old key, given as verifier key. Rejects with `unknown-key`. */
  retireKey(verifierKey: string): Promise<undefined> {
    return this.#ask('retireKey', verifierKey);
  }

  /**
   * Removes the bundles of receipts below, whole ones only; a receipt of the log says so first, hashes and proofs stay.
   * Resolves with the first index kept. Rejects with `cannot-prune`. Export before: what is pruned is gone from here.
   */
  prune(minimumIndex: number): Promise<number> {
    return this.#ask('prune', { minimumIndex, at: new Date(clock().wallMs()).toISOString() });
  }

  stats(): Promise<WriterStats> {
    return this.#ask('stats', undefined);
  }

  /** The newest published checkpoint, as the file has it. */
  get published(): PublishedCheckpoint {
    return this.#published;
  }

  /** Calls at each new checkpoint, until the returned function is called. */
  onPublished(listener: (published: PublishedCheckpoint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the writer has ended, whether closed or failed. */
  get ended(): Promise<LedgerError> {
    return this.#ended.promise;
  }

  /** What was appended before is durable and published when it resolves. */
  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    const closed = this.#ask('close', undefined);
    this.#isClosing = true;
    await closed;
    await this.#ended.promise;
  }

  #check(id: string, characters: number): void {
    if (this.#end !== undefined || this.#isClosing) throw this.#end ?? new LedgerError('ledger-closed', 'the ledger is being closed');
    if (characters > entryBytesMax) throw new LedgerError('receipt-too-large', `receipt ${id} has more than ${entryBytesMax} bytes: keep what is large elsewhere and record its hash`);
    const waiting = this.#waiting.length - this.#answered;
    if (waiting < waitingMax && this.#waitingCharacters < waitingCharactersMax) return;
    throw new LedgerError('ledger-overloaded', `${waiting} appends wait to become durable, the limit: the disk is slower than the authors`);
  }

  #watchClock(at: string): void {
    if (at >= this.#latestAt) this.#latestAt = at;
    else if (Date.parse(this.#latestAt) - Date.parse(at) > clockBackMsMin) {
      ledgerClockWentBack.emit({ folder: this.folder, from: this.#latestAt, to: at });
      // Told once; the next time is measured from here.
      this.#latestAt = at;
    }
  }

  // After the microtasks of this turn: authors that are woken together append together.
  #flushSoon(): void {
    this.#flushIsDue = true;
    process.nextTick(() => {
      this.#flushIsDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#texts.length === 0) return;
    this.#worker.postMessage({ kind: 'append', texts: this.#texts, characters: this.#characters });
    this.#texts = [];
    this.#characters = 0;
  }

  #ask<What extends keyof Requests>(what: What, argument: Requests[What]['ask']): Promise<Requests[What]['answer']> {
    if (this.#end !== undefined || this.#isClosing) return Promise.reject(this.#end ?? new LedgerError('ledger-closed', 'the ledger is being closed'));
    this.#flush();
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    this.#worker.postMessage({ kind: 'ask', id, what, argument });
    return new Promise((resolve, reject) => this.#questions.set(id, { resolve: resolve as (value: unknown) => void, reject }));
  }

  #take(message: FromWriter): void {
    switch (message.kind) {
      case 'appended': return this.#settle(message);
      case 'failed': return this.#next(message.count).forEach(({ reject }) => reject(asError(message.error)));
      case 'answer': return this.#question(message.id)?.resolve(message.value);
      case 'refusal': return this.#question(message.id)?.reject(asError(message.error));
      case 'told': return ledgerTold.emit({ folder: this.folder, what: message.what });
      case 'ended': return this.#finish(asError(message.error));
      case 'published':
        this.#published = message.published;
        ledgerPublished.emit({ folder: this.folder, size: message.published.size });
        for (const listener of this.#listeners) listener(message.published);
        return undefined;
      default: return undefined;
    }
  }

  #settle({ indexes, hashes, refusals }: FromWriter & { readonly kind: 'appended' }): void {
    const waiting = this.#next(indexes.length);
    const hex = Buffer.from(hashes.buffer).toString('hex');
    const digits = 2 * hashBytes;
    for (let at = 0; at < waiting.length; at += 1) {
      const index = indexes[at]!;
      if (index === -1) continue;
      const from = at * 2 * digits;
      waiting[at]!.resolve({ index: index < 0 ? -2 - index : index, receiptHash: hex.slice(from, from + digits), chainHash: hex.slice(from + digits, from + 2 * digits), isRepeat: index < 0 });
    }
    for (const { at, ...error } of refusals) waiting[at]!.reject(asError(error));
  }

  #next(count: number): readonly Waiting[] {
    const next = this.#waiting.slice(this.#answered, this.#answered + count);
    for (const { characters } of next) this.#waitingCharacters -= characters;
    this.#answered += count;
    // Shortened now and then only: moving the rest each time would cost more than it frees.
    if (this.#answered * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#answered);
      this.#answered = 0;
    }
    return next;
  }

  #question(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  #finish(end: LedgerError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const { reject } of [...this.#next(this.#waiting.length), ...this.#questions.values()]) reject(end);
    this.#questions.clear();
    ledgerEnded.emit({ folder: this.folder, code: end.code, message: end.message });
  }
}

function asError({ code, message }: PlainError): LedgerError {
  return new LedgerError(code, message);
}
