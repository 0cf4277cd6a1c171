// The SQLite side of the index: which receipts of the log have which tenant, kind, sku, id and time. Holds no receipt,
// only where they are; everything in it can be made anew from the log. All calls block: it lives in the index's own
// thread (index-thread.ts) or in a command that has nothing else to do.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { hash } from 'node:crypto';

import { LedgerError } from '../errors.ts';
import { tileWidth } from '../format/layout.ts';
import { loggedReceipt, type LoggedEntry } from './published-log.ts';
import { receiptTimeMs, type Filter } from './receipt-query.ts';

const version = 2;
const busyTimeoutMs = 5_000;
/** 16 MiB of write-ahead log before it is moved into the file: the same pages are changed again and again. */
const walPages = 4_096;

// The id's hash instead of the id keeps the index small; who finds a place reads the receipt there and compares.
// `spans` has the earliest and latest time of each 256 receipts: authors' clocks do not run in the log's order, but
// nearly, so that a time range needs no index of its own.
const schema = `
  CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS names(key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS tenants(key INTEGER PRIMARY KEY, tenant TEXT NOT NULL UNIQUE, receipts INTEGER NOT NULL, last INTEGER, chain TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS receipts(place INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, kind INTEGER NOT NULL, sku INTEGER, id INTEGER NOT NULL, at INTEGER);
  CREATE INDEX IF NOT EXISTS by_tenant ON receipts(tenant);
  CREATE INDEX IF NOT EXISTS by_kind ON receipts(kind);
  CREATE INDEX IF NOT EXISTS by_sku ON receipts(sku) WHERE sku IS NOT NULL;
  CREATE INDEX IF NOT EXISTS by_id ON receipts(id);
  CREATE TABLE IF NOT EXISTS spans(bundle INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL);
`;

/** From where and up to where the index has the log, and what stood there: an index of another log, or of one rewritten, is told by it. */
export type IndexEnd = { readonly from: number; readonly size: number; readonly lastReceiptHash: string };

/** `last` is the place of its last receipt; missing when that was pruned before it was indexed. */
export type TenantHead = { readonly tenantId: string; readonly receipts: number; readonly last?: number; readonly chainHash: string };

export class IndexTable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #names = new Map<string, number>();

  /** Throws `index-damaged` when the file is no index of this version. */
  constructor(file: string, { isReadOnly = false }: { readonly isReadOnly?: boolean } = {}) {
    this.#database = guarded(() => new DatabaseSync(file, { readOnly: isReadOnly, timeout: busyTimeoutMs }));
    try {
      guarded(() => this.#prepareFile(isReadOnly));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  get end(): IndexEnd {
    return { from: Number(this.#meta('from') ?? 0), size: Number(this.#meta('size') ?? 0), lastReceiptHash: String(this.#meta('lastReceiptHash') ?? '') };
  }

  /** Adds the next entries, all or none; when another process was faster, nothing: look at `end` and go on from there. */
  add(entries: readonly LoggedEntry[]): void {
    const [first] = entries;
    if (first !== undefined) this.#changeAt(first.index, () => this.#addAll(entries));
  }

  /** Of a log whose beginning is gone: where it begins, and how the chains stood, as far as that is known. */
  begin(from: number, heads: Iterable<TenantHead>): void {
    this.#changeAt(0, () => {
      for (const { tenantId, receipts, chainHash } of heads) this.#setHead(this.#tenantKey(tenantId), { receipts, last: null, chainHash });
      this.#setMeta('from', from);
      this.#setMeta('size', from);
    });
  }

  /** In a transaction, if the index ends there. */
  #changeAt(size: number, change: () => void): void {
    guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        if (this.end.size === size) change();
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#names.clear();
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Places from `keptFrom` on, in the query's order, that may match, one more than its limit if there are more. Ids are compared by hash only. */
  find(filter: Filter, keptFrom = 0): number[] {
    return guarded(() => {
      const { size } = this.end;
      const { conditions, values } = this.#conditions(filter);
      if (conditions === undefined) return [];
      const [from, to] = this.#reach(filter, size);
      const order = filter.isNewestFirst ? 'DESC' : 'ASC';
      const sql = `SELECT place FROM receipts WHERE ${['place BETWEEN ? AND ?', ...conditions].join(' AND ')} ORDER BY place ${order} LIMIT ?`;
      return this.#statement(sql).all(Math.max(from, keptFrom), to, ...values, filter.limit + 1).map(({ place }) => Number(place));
    });
  }

  tenant(tenantId: string): TenantHead | undefined {
    return guarded(() => {
      const row = this.#statement('SELECT receipts, last, chain FROM tenants WHERE tenant = ?').get(tenantId);
      return row && headOf({ tenant: tenantId, ...row });
    });
  }

  /** The next tenants by name. */
  tenants({ after = '', limit }: { readonly after?: string; readonly limit: number }): TenantHead[] {
    return guarded(() =>
      this.#statement('SELECT tenant, receipts, last, chain FROM tenants WHERE tenant > ? ORDER BY tenant LIMIT ?').all(after, limit).map(headOf));
  }

  #prepareFile(isReadOnly: boolean): void {
    // After a power failure the last transactions may be missing, but what is there is whole: they are read again from the log.
    if (!isReadOnly) this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = ${walPages}; ${schema}`);
    const found = this.#meta('version');
    if (found === undefined && !isReadOnly) this.#setMeta('version', version);
    else if (found !== version) throw new LedgerError('index-damaged', `the index is of version ${String(found)}; this Flyball makes version ${version}`);
  }

  // One statement a receipt; what concerns tenants and times is gathered first.
  #addAll(entries: readonly LoggedEntry[]): void {
    const heads = new Map<string, { key: number; receipts: number; last: number; chainHash: string }>();
    const spans = new Map<number, { earliest: number; latest: number }>();
    const insert = this.#statement('INSERT INTO receipts(place, tenant, kind, sku, id, at) VALUES(?, ?, ?, ?, ?, ?)');
    let lastReceiptHash = '';
    for (const logged of entries) {
      const { index, receipt, chainHash, receiptHash } = loggedReceipt(logged);
      const { tenantId, kind, sku, id } = receipt;
      const at = receiptTimeMs(receipt);
      const key = heads.get(tenantId)?.key ?? this.#tenantKey(tenantId);
      // The receipt itself says how many come before it: those need not be here any more.
      heads.set(tenantId, { key, receipts: receipt.prevReceiptCount + 1, last: index, chainHash });
      insert.run(index, key, this.#nameKey(kind), typeof sku === 'string' ? this.#nameKey(sku) : null, idNumber(id), at ?? null);
      if (at !== undefined) widen(spans, Math.floor(index / tileWidth), at);
      lastReceiptHash = receiptHash;
    }
    for (const { key, ...head } of heads.values()) this.#setHead(key, head);
    const span = this.#statement(`INSERT INTO spans(bundle, earliest, latest) VALUES(?, ?, ?)
      ON CONFLICT(bundle) DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)`);
    for (const [bundle, { earliest, latest }] of spans) span.run(bundle, earliest, latest);
    this.#setMeta('size', entries.at(-1)!.index + 1);
    this.#setMeta('lastReceiptHash', lastReceiptHash);
  }

  #tenantKey(tenantId: string): number {
    const known = this.#statement('SELECT key FROM tenants WHERE tenant = ?').get(tenantId)?.['key'];
    return Number(known ?? this.#statement("INSERT INTO tenants(tenant, receipts, last, chain) VALUES(?, 0, 0, '')").run(tenantId).lastInsertRowid);
  }

  #setHead(key: number, { receipts, last, chainHash }: { readonly receipts: number; readonly last: number | null; readonly chainHash: string }): void {
    this.#statement('UPDATE tenants SET receipts = ?, last = ?, chain = ? WHERE key = ?').run(receipts, last, chainHash, key);
  }

  /** Undefined: nothing can match, a name in it was never seen. */
  #conditions({ tenantId, kind, sku, id, sinceMs, untilMs }: Filter): { readonly conditions: string[] | undefined; readonly values: number[] } {
    const conditions: string[] = [];
    const values: number[] = [];
    const tenant = tenantId === undefined ? undefined : this.#statement('SELECT key FROM tenants WHERE tenant = ?').get(tenantId)?.['key'];
    if (tenantId !== undefined && tenant === undefined) return { conditions: undefined, values };
    // One index is used, that of what is rarest as a rule; without statistics SQLite would guess. A plus sign keeps it from the others.
    const add = (column: string, value: number) => {
      conditions.push(`${conditions.length === 0 ? '' : '+'}${column} = ?`);
      values.push(value);
    };
    if (id !== undefined) add('id', idNumber(id));
    if (tenant !== undefined) add('tenant', Number(tenant));
    for (const [column, name] of [['sku', sku], ['kind', kind]] as const) {
      if (name === undefined) continue;
      const key = this.#knownName(name);
      if (key === undefined) return { conditions: undefined, values };
      add(column, key);
    }
    for (const [condition, ms] of [['at >= ?', sinceMs], ['at < ?', untilMs]] as const) {
      if (!Number.isFinite(ms)) continue;
      conditions.push(condition);
      values.push(ms);
    }
    return { conditions, values };
  }

  /** The stretch of the log in which the times lie and the page begins. */
  #reach({ sinceMs, untilMs, isNewestFirst, start }: Filter, size: number): [from: number, to: number] {
    let [from, to] = isNewestFirst ? [0, Math.min(start, size)] : [start, size];
    if (sinceMs !== -Infinity) {
      const bundle = this.#statement('SELECT bundle FROM spans WHERE latest >= ? ORDER BY bundle LIMIT 1').get(sinceMs)?.['bundle'];
      from = bundle === undefined ? size : Math.max(from, Number(bundle) * tileWidth);
    }
    if (untilMs !== Infinity) {
      const bundle = this.#statement('SELECT bundle FROM spans WHERE earliest < ? ORDER BY bundle DESC LIMIT 1').get(untilMs)?.['bundle'];
      to = bundle === undefined ? -1 : Math.min(to, (Number(bundle) + 1) * tileWidth - 1);
    }
    return [from, to];
  }

  #nameKey(name: string): number {
    const known = this.#names.get(name) ?? this.#knownName(name) ?? Number(this.#statement('INSERT INTO names(name) VALUES(?)').run(name).lastInsertRowid);
    this.#names.set(name, known);
    return known;
  }

  #knownName(name: string): number | undefined {
    const key = this.#statement('SELECT key FROM names WHERE name = ?').get(name)?.['key'];
    return key === undefined ? undefined : Number(key);
  }

  #meta(name: string): unknown {
    return this.#statement('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  }

  #setMeta(name: string, value: string | number): void {
    this.#statement('INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value').run(name, value);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function headOf({ tenant, receipts, last, chain }: Record<string, unknown>): TenantHead {
  return { tenantId: String(tenant), receipts: Number(receipts), ...(last === null ? {} : { last: Number(last) }), chainHash: String(chain) };
}

function widen(spans: Map<number, { earliest: number; latest: number }>, bundle: number, at: number): void {
  const span = spans.get(bundle) ?? { earliest: at, latest: at };
  spans.set(bundle, { earliest: Math.min(span.earliest, at), latest: Math.max(span.latest, at) });
}

/** 48 bits of the id's hash. */
function idNumber(id: string): number {
  return Number.parseInt(hash('sha256', id, 'hex').slice(0, 12), 16);
}

/** What SQLite says of a file that is none of its own, torn, or of another shape. */
const damageCodes = new Set([1, 11, 26]);

function guarded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode === undefined) throw error;
    const code = damageCodes.has(errcode & 0xff) ? 'index-damaged' : 'index-unusable';
    throw new LedgerError(code, `the index of receipts: ${(error as Error).message}`, { cause: error });
  }
}
