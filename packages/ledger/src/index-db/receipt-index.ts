// The index of one log's receipts: kept up with what is published, asked, thrown away and made anew when it is lost,
// damaged or of another log. What it finds is read back from the log and compared, so that a wrong index can only
// fail, never lie. Owns the SQLite table; lives in the index's thread or in a command.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { LedgerError } from '../errors.ts';
import { hashBytes } from '../format/chain.ts';
import { tileAt, tileWidth } from '../format/layout.ts';
import { equalHashes, leafHash } from '../format/merkle.ts';
import { systemFiles } from '../store/disk/files.ts';
import { placesOf } from '../store/places.ts';
import { readPruned } from '../store/prune.ts';
import { genesisHex } from '../verify/chain-joiner.ts';
import { IndexTable, type TenantHead } from './index-table.ts';
import { loggedReceipt, type LoggedEntry, type PublishedLog } from './published-log.ts';
import { cursorAt, filterOf, matches, pageReceiptsMax, type Filter, type ReceiptPage, type ReceiptQuery } from './receipt-query.ts';

/**
 * `receiptsBefore` of the tenant are gone with the log's beginning; the chain was followed from what the first receipt
 * left says of them. `ok: false` names the first receipt that does not follow, or is not the one whose hash the log's tree has.
 */
export type ChainVerdict =
  | { readonly ok: true; readonly receipts: number; readonly receiptsBefore: number; readonly chainHash: string }
  | { readonly ok: false; readonly receipts: number; readonly index: number; readonly message: string };

/** Of one transaction: each writes whole pages of four indexes, however few rows it adds to them. Queries wait for it. */
const receiptsAtOnce = 2_048;
const bytesAtOnce = 4 * 1024 * 1024;

/** Where the index of a ledger's own folder is. */
export function receiptIndexPath(folder: string): string {
  return join(folder, 'state', 'receipts.sqlite');
}

export class ReceiptIndex {
  readonly #log: PublishedLog;
  readonly #file: string;
  #table: IndexTable;
  #catchingUp: Promise<number> | undefined;
  /** Of the newest checkpoint seen: partial tiles of an older size may be gone. */
  #logSize = 0;
  /** Of a log that was pruned after it was indexed: the first receipt that is there, as far as was noticed. */
  #keptFrom = 0;
  /** Why the last index was thrown away; undefined if the one on disk was good. */
  rebuiltBecause: string | undefined;

  /** Makes the index anew when the one in `file` is of no use. Rejects with `index-unusable`, `bad-source`. */
  static async open({ log, file }: { readonly log: PublishedLog; readonly file: string }): Promise<ReceiptIndex> {
    const index = new ReceiptIndex(log, file);
    const why = await index.#whyUseless();
    if (why !== undefined) index.#startAnew(why);
    return index;
  }

  private constructor(log: PublishedLog, file: string) {
    this.#log = log;
    this.#file = file;
    try {
      this.#table = new IndexTable(file);
    } catch (error) {
      if (!isDamage(error)) throw error;
      removeIndex(file);
      this.rebuiltBecause = error.message;
      this.#table = new IndexTable(file);
    }
  }

  close(): void {
    this.#table.close();
  }

  /** Receipts that the index knows. */
  get size(): number {
    return this.#table.end.size;
  }

  /** Takes in what was published until now, some bundles a turn; resolves to the size reached. */
  async catchUp(): Promise<number> {
    // Who comes while one is under way may know of more than that one: its own follows.
    await this.#catchingUp?.catch(() => {});
    this.#catchingUp ??= this.#readNew().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  /** The first receipt that can be found; greater than 0 when the log's beginning is gone. */
  get keptFrom(): number {
    return Math.max(this.#keptFrom, this.#table.end.from);
  }

  /** Over what is indexed and still there. Rejects with `bad-query`, `missing-tile`. */
  query(query: ReceiptQuery): Promise<ReceiptPage<LoggedEntry>> {
    const filter = filterOf(query);
    return this.#ask(async () => {
      for (;;) {
        try {
          return await this.#page(filter);
        } catch (error) {
          if (!isPruned(error)) throw error;
          this.#keptFrom = await this.#log.keptFrom(this.#logSize);
        }
      }
    });
  }

  async #page(filter: Filter): Promise<ReceiptPage<LoggedEntry>> {
    const places = this.#table.find(filter, this.#keptFrom);
    const receipts: LoggedEntry[] = [];
    for (const place of places.slice(0, filter.limit)) {
      const logged = await this.#entry(place);
      if (matchesAtAll(filter, logged)) receipts.push(logged);
    }
    const next = places[filter.limit];
    return { receipts, ...(next === undefined ? {} : { cursor: cursorAt(next, filter) }) };
  }

  /** The tenant's chain as it ends in what is indexed. */
  tenant(tenantId: string): Promise<TenantHead | undefined> {
    return this.#ask(async () => this.#table.tenant(tenantId));
  }

  tenants(page: { readonly after?: string; readonly limit: number }): Promise<TenantHead[]> {
    return this.#ask(async () => this.#table.tenants(page));
  }

  /** Reads all receipts of a tenant and follows their chain; each must also be the leaf that the tree has there. */
  async verifyChain(tenantId: string): Promise<ChainVerdict> {
    let [before, receipts, chain] = [0, 0, genesisHex];
    const { size } = this;
    let cursor: string | undefined;
    let keptFrom: number | undefined;
    do {
      const page: ReceiptPage<LoggedEntry> = await this.query({ tenantId, limit: pageReceiptsMax, ...(cursor === undefined ? {} : { cursor }) });
      keptFrom ??= this.keptFrom;
      // Pruned meanwhile, perhaps in the middle of what was to be read.
      if (keptFrom !== this.keptFrom) return this.verifyChain(tenantId);
      for (const logged of page.receipts.filter(({ index }) => index < size)) {
        const { index, receipt, chainHash } = loggedReceipt(logged);
        const bad = (message: string): ChainVerdict => ({ ok: false, receipts, index, message: `receipt ${index} (${receipt.id} of ${tenantId}) ${message}` });
        if (receipts === 0 && keptFrom > 0) [before, chain] = [receipt.prevReceiptCount, receipt.prevReceiptHash];
        if (receipt.prevReceiptCount !== before + receipts) return bad(`says that ${receipt.prevReceiptCount} receipts of its tenant come before it; ${before + receipts} do`);
        if (receipt.prevReceiptHash !== chain) return bad('does not follow from the receipt before it: one of the two was changed');
        if (!(await this.#isLeaf(logged))) return bad('was changed: it is not what the tree has in its place');
        [receipts, chain] = [receipts + 1, chainHash];
      }
      cursor = page.cursor;
      await nextTurn();
    } while (cursor !== undefined);
    const head = receipts === 0 && keptFrom > 0 ? await this.tenant(tenantId) : undefined;
    return head ? { ok: true, receipts, receiptsBefore: head.receipts, chainHash: head.chainHash } : { ok: true, receipts, receiptsBefore: before, chainHash: chain };
  }

  async #isLeaf({ index, entry }: LoggedEntry): Promise<boolean> {
    const tile = await this.#log.readTile(tileAt({ level: 0, at: index, size: this.#logSize }));
    const at = (index % tileWidth) * hashBytes;
    return equalHashes(tile.subarray(at, at + hashBytes), leafHash(entry));
  }

  async #entry(index: number): Promise<LoggedEntry> {
    const logged = await this.#log.entry(index, this.#logSize);
    if (logged === undefined) throw new LedgerError('index-damaged', `the index speaks of receipt ${index}, which the log has not`);
    return logged;
  }

  async #readNew(): Promise<number> {
    // Once: a log that grows faster than it is read does not keep this for ever.
    const { size } = await this.#log.checkpoint();
    this.#logSize = Math.max(this.#logSize, size);
    try {
      return await this.#readUntil(size);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#startAnew(error.message);
      return this.#readUntil(size);
    }
  }

  async #readUntil(size: number): Promise<number> {
    for (let end = this.size; end < size; end = this.size) {
      this.#table.add(await this.#entriesFrom(end, size));
      await nextTurn();
    }
    return this.size;
  }

  /** As many as one transaction takes; none when the index begins elsewhere now. */
  async #entriesFrom(from: number, size: number): Promise<LoggedEntry[]> {
    const entries: LoggedEntry[] = [];
    let bytes = 0;
    for (let bundle = Math.floor(from / tileWidth); bundle * tileWidth < size && entries.length < receiptsAtOnce && bytes < bytesAtOnce; bundle += 1) {
      const found = await this.#bundleIfThere(bundle, size);
      if (found === undefined) return [];
      for (const [at, entry] of found.entries()) {
        const index = bundle * tileWidth + at;
        if (index >= from) entries.push({ index, entry });
        bytes += entry.length;
      }
    }
    return entries;
  }

  /** Undefined when what comes next is gone with the log's beginning: the index then begins where that does now. */
  async #bundleIfThere(bundle: number, size: number): Promise<readonly Uint8Array[] | undefined> {
    try {
      return await this.#log.bundle(bundle, size);
    } catch (error) {
      if (!isPruned(error)) throw error;
      if (this.size > 0) this.#startAnew(`the log was pruned beyond the ${this.size} receipts that the index knew`);
      this.#table.begin(await this.#log.keptFrom(size), this.#headsKept());
      return undefined;
    }
  }

  /** Chains as the writer keeps them when it prunes; nothing of a copy: tenants without a receipt left are not known there. */
  #headsKept(): TenantHead[] {
    const heads = readPruned(systemFiles, placesOf(this.#log.target))?.heads ?? [];
    return Array.from(heads, ([tenantId, { count, hash }]) => ({ tenantId, receipts: count, chainHash: Buffer.from(hash).toString('hex') }));
  }

  /** One that turns out damaged is thrown away, made anew and asked once more. */
  async #ask<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#startAnew(error.message);
      await this.catchUp();
      return act();
    }
  }

  async #whyUseless(): Promise<string | undefined> {
    try {
      const { size, lastReceiptHash } = this.#table.end;
      const checkpoint = await this.#log.checkpoint();
      this.#logSize = checkpoint.size;
      if (size === 0) return undefined;
      if (checkpoint.size < size) return `the index knows ${size} receipts, the log has ${checkpoint.size}`;
      const last = await this.#log.entry(size - 1, checkpoint.size);
      return last && loggedReceipt(last).receiptHash === lastReceiptHash ? undefined : `receipt ${size - 1} of the log is not the one that was indexed`;
    } catch (error) {
      if (isDamage(error)) return error.message;
      // What it ends with cannot be compared any more.
      if (isPruned(error)) return `the log was pruned beyond the ${this.size} receipts that the index knew`;
      throw error;
    }
  }

  #startAnew(why: string): void {
    this.rebuiltBecause = why;
    this.#table.close();
    removeIndex(this.#file);
    this.#table = new IndexTable(this.#file);
  }
}

/** Ids are found by hash: what is another id's is passed over. All else must be as the index said. */
function matchesAtAll(filter: Filter, logged: LoggedEntry): boolean {
  const { receipt } = loggedReceipt(logged);
  if (matches(filter, receipt)) return true;
  if (filter.id !== undefined && receipt.id !== filter.id) return false;
  throw new LedgerError('index-damaged', `the index says of receipt ${logged.index} what the log does not: it is made anew`);
}

function isDamage(error: unknown): error is LedgerError {
  return error instanceof LedgerError && error.code === 'index-damaged';
}

function isPruned(error: unknown): boolean {
  return error instanceof LedgerError && error.code === 'receipt-pruned';
}

function removeIndex(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}
