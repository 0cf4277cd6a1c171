// The ledger as one thing: the writer's thread and the index's, joined. What was appended is durable; what can be
// queried, proved and followed is what was published, at most an interval later.
import { LedgerError } from './errors.ts';
import { openCheckpoint, type OpenedCheckpoint } from './format/checkpoint.ts';
import type { ReceiptDraft } from './format/receipt.ts';
import { openIndex, type IndexClient } from './index-db/index-client.ts';
import { loggedReceipt, type LoggedReceipt } from './index-db/published-log.ts';
import type { ChainVerdict } from './index-db/receipt-index.ts';
import type { ReceiptPage, ReceiptQuery } from './index-db/receipt-query.ts';
import type { TenantHead } from './index-db/index-table.ts';
import type { PublishedCheckpoint, WriterOptions } from './store/protocol.ts';
import { openWriter, type Appended, type LedgerWriter } from './store/writer.ts';

/** A receipt by its place, by tenant and id, or by an id that only one tenant has. */
export type ReceiptName = number | string | { readonly tenantId: string; readonly id: string };

export interface Ledger {
  readonly writer: LedgerWriter;
  /** Durable when it resolves; see LedgerWriter.append. */
  append(draft: ReceiptDraft): Promise<Appended>;
  /** The tenant's chain hash in hex; 64 zeros for one without receipts. */
  lastHash(tenantId: string): Promise<string>;
  /** By place or by tenant and id also what is not published yet. A bare id: the oldest published receipt that has it. */
  get(name: ReceiptName): Promise<LoggedReceipt | undefined>;
  /** Over what was published before the call. Rejects with `bad-query`. */
  query(query: ReceiptQuery): Promise<ReceiptPage<LoggedReceipt>>;
  tenants(page?: { readonly after?: string; readonly limit?: number }): Promise<readonly TenantHead[]>;
  /** Reads the tenant's receipts as published, and compares their end with the writer's. */
  verifyChain(tenantId: string): Promise<ChainVerdict>;
  /** RFC 6962; `size` is that of the newest checkpoint unless given. Rejects with `bad-query` beyond it. */
  inclusionProof(claim: { readonly index: number; readonly size?: number }): Promise<readonly Uint8Array[]>;
  consistencyProof(claim: { readonly oldSize: number; readonly newSize?: number }): Promise<readonly Uint8Array[]>;
  /** The `.tlog-proof` file of a receipt; publishes first if no checkpoint covers it. Undefined if there is none. */
  proofFile(index: number): Promise<string | undefined>;
  /** The newest; publishes what was appended before the call. */
  checkpoint(): Promise<OpenedCheckpoint & { readonly bytes: string }>;
  /** What is published from there on and will be, until the signal is aborted or the ledger closes. */
  follow(from: number, signal: AbortSignal): AsyncGenerator<LoggedReceipt, void, undefined>;
  /** Resolves when the index's thread has ended, whether closed or crashed. */
  readonly ended: Promise<LedgerError>;
  close(): Promise<void>;
}

/** Rejects with what the table of errors says of starting; then nothing is left running. */
export async function openLedger(options: WriterOptions): Promise<Ledger> {
  const writer = await openWriter(options);
  try {
    return new OpenLedger(writer, await openIndex({ folder: options.folder }));
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Over a writer that somebody else opened and will close, such as ledgerServer's; closing it leaves that one open. */
export async function ledgerOver(writer: LedgerWriter): Promise<Ledger> {
  return new OpenLedger(writer, await openIndex({ folder: writer.folder }), { ownsWriter: false });
}

function undefinedIfClosed(error: LedgerError): undefined {
  if (error.code !== 'ledger-closed') throw error;
}

class OpenLedger implements Ledger {
  readonly writer: LedgerWriter;
  readonly #index: IndexClient;
  readonly #ownsWriter: boolean;
  readonly #offPublished: () => void;
  #isCatchingUp = false;
  /** Of the newest checkpoint that this ledger handed out: the writer's news of it may come a moment later. */
  #sizeSeen = 0;

  constructor(writer: LedgerWriter, index: IndexClient, { ownsWriter = true }: { readonly ownsWriter?: boolean } = {}) {
    this.writer = writer;
    this.#index = index;
    this.#ownsWriter = ownsWriter;
    this.#offPublished = writer.onPublished(() => this.#catchUp());
    this.#catchUp();
  }

  append(draft: ReceiptDraft): Promise<Appended> {
    return this.writer.append(draft);
  }

  lastHash(tenantId: string): Promise<string> {
    return this.writer.lastHash(tenantId);
  }

  async get(name: ReceiptName): Promise<LoggedReceipt | undefined> {
    if (typeof name === 'string') return (await this.query({ id: name, limit: 1 })).receipts[0];
    const index = typeof name === 'number' ? name : (await this.writer.find(name.tenantId, name.id))?.index;
    const entry = index === undefined ? undefined : await this.writer.entry(index);
    return entry === undefined ? undefined : loggedReceipt({ index: index!, entry });
  }

  async query(query: ReceiptQuery): Promise<ReceiptPage<LoggedReceipt>> {
    const { receipts, ...rest } = await this.#index.ask('query', query);
    return { receipts: receipts.map(loggedReceipt), ...rest };
  }

  tenants({ after = '', limit = 100 }: { readonly after?: string; readonly limit?: number } = {}): Promise<readonly TenantHead[]> {
    return this.#index.ask('tenants', { after, limit });
  }

  async verifyChain(tenantId: string): Promise<ChainVerdict> {
    // The writer's hash first: receipts appended meanwhile only make the published chain longer.
    const [wanted] = [await this.writer.lastHash(tenantId), await this.writer.publish()];
    const verdict = await this.#index.ask('verifyChain', tenantId);
    if (!verdict.ok || verdict.chainHash === wanted || (await this.writer.lastHash(tenantId)) !== wanted) return verdict;
    return { ok: false, receipts: verdict.receipts, index: this.writer.published.size, message: `the chain of ${tenantId} ends in ${verdict.chainHash} on disk, the writer's in ${wanted}: receipts at its end were dropped or changed` };
  }

  async inclusionProof({ index, size = this.#size }: { readonly index: number; readonly size?: number }): Promise<readonly Uint8Array[]> {
    this.#checkSize(size);
    if (!(Number.isInteger(index) && index >= 0 && index < size)) throw new LedgerError('bad-query', `index must be 0 to ${size - 1}, not ${index}`);
    return this.#index.ask('inclusionProof', { index, size });
  }

  async consistencyProof({ oldSize, newSize = this.#size }: { readonly oldSize: number; readonly newSize?: number }): Promise<readonly Uint8Array[]> {
    this.#checkSize(newSize);
    if (!(Number.isInteger(oldSize) && oldSize >= 0 && oldSize <= newSize)) throw new LedgerError('bad-query', `oldSize must be 0 to ${newSize}, not ${oldSize}`);
    return this.#index.ask('consistencyProof', { oldSize, newSize });
  }

  async proofFile(index: number): Promise<string | undefined> {
    if (index >= this.writer.published.size) await this.writer.publish();
    return this.#index.ask('proofFile', index);
  }

  async checkpoint(): Promise<OpenedCheckpoint & { readonly bytes: string }> {
    const { note, size }: PublishedCheckpoint = await this.writer.publish();
    this.#sizeSeen = Math.max(this.#sizeSeen, size);
    return { ...openCheckpoint(note, []), bytes: note };
  }

  async *follow(from: number, signal: AbortSignal): AsyncGenerator<LoggedReceipt, void, undefined> {
    for (let next = from; !signal.aborted; ) {
      const { size } = this.writer.published;
      if (size <= next) {
        if (!(await this.#grown(next, signal))) return;
        continue;
      }
      const entries = await this.#index.ask('entries', { from: next, size }).catch(undefinedIfClosed);
      if (entries === undefined) return;
      for (const entry of entries) {
        if (signal.aborted) return;
        yield loggedReceipt(entry);
        next = entry.index + 1;
      }
    }
  }

  get ended(): Promise<LedgerError> {
    return this.#index.ended;
  }

  async close(): Promise<void> {
    this.#offPublished();
    // The last receipts are indexed at the next start: nothing but the log has to be complete.
    if (this.#ownsWriter) await this.writer.close();
    await this.#index.close();
  }

  get #size(): number {
    return Math.max(this.#sizeSeen, this.writer.published.size);
  }

  #checkSize(size: number): void {
    if (!(Number.isInteger(size) && size >= 0 && size <= this.#size)) throw new LedgerError('bad-query', `the newest checkpoint covers ${this.#size} receipts; there is no tree of ${size}`);
  }

  /** One at a time: each takes in all that was published until it began. */
  #catchUp(): void {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    const { size } = this.writer.published;
    const again = (): void => {
      this.#isCatchingUp = false;
      if (this.writer.published.size > size) this.#catchUp();
    };
    // What failed is told to whoever asks the index; the next publication tries again.
    this.#index.ask('catchUp', undefined).then(again, () => (this.#isCatchingUp = false));
  }

  /** False: the signal was aborted or the writer ended. */
  #grown(size: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (grew: boolean): void => {
        off();
        signal.removeEventListener('abort', abort);
        resolve(grew);
      };
      const abort = (): void => end(false);
      const off = this.writer.onPublished((published) => published.size > size && end(true));
      signal.addEventListener('abort', abort, { once: true });
      void this.writer.ended.then(abort);
      // It may have come between the caller's look and the listener.
      if (this.writer.published.size > size) end(true);
    });
  }
}
