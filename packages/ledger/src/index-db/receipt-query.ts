// What can be asked of a log's receipts, checked and brought into the form that the index and a plain scan both take.
// Pure.
import { LedgerError } from '../errors.ts';
import type { Receipt } from '../format/receipt.ts';

export type ReceiptQuery = {
  readonly tenantId?: string;
  readonly kind?: string;
  readonly sku?: string;
  readonly id?: string;
  /** By the authors' clocks (`at`), ISO 8601: from this time on, and before that one. */
  readonly since?: string;
  readonly until?: string;
  /** The log's order, oldest first, unless this is set. */
  readonly isNewestFirst?: boolean;
  /** Receipts a page, 1 to 1,000; 100 unless given. */
  readonly limit?: number;
  /** As the page before gave it. The log only grows, so a page never changes what comes after it. */
  readonly cursor?: string;
};

/** `cursor` is missing on the last page. */
export type ReceiptPage<Item> = { readonly receipts: readonly Item[]; readonly cursor?: string };

export const pageReceiptsMax = 1_000;
const pageReceiptsDefault = 100;

export type Filter = {
  readonly tenantId: string | undefined;
  readonly kind: string | undefined;
  readonly sku: string | undefined;
  readonly id: string | undefined;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly isNewestFirst: boolean;
  readonly limit: number;
  /** The first index to look at, in the query's direction. */
  readonly start: number;
};

/** Throws `bad-query`. */
export function filterOf({ tenantId, kind, sku, id, since, until, isNewestFirst = false, limit = pageReceiptsDefault, cursor }: ReceiptQuery): Filter {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= pageReceiptsMax)) throw new LedgerError('bad-query', `limit must be 1 to ${pageReceiptsMax}, not ${limit}`);
  const sinceMs = since === undefined ? -Infinity : timeMs('since', since);
  const untilMs = until === undefined ? Infinity : timeMs('until', until);
  return { tenantId, kind, sku, id, sinceMs, untilMs, isNewestFirst, limit, start: startOf(cursor, isNewestFirst) };
}

function timeMs(name: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new LedgerError('bad-query', `${name} must be a time in ISO 8601, such as 2026-11-20T16:55:05Z, not ${JSON.stringify(text.slice(0, 40))}`);
  return ms;
}

/** The direction stands in the cursor, so that it cannot be used the other way round. */
export function cursorAt(index: number, { isNewestFirst }: Pick<Filter, 'isNewestFirst'>): string {
  return `${isNewestFirst ? 'down' : 'up'}-${index}`;
}

function startOf(cursor: string | undefined, isNewestFirst: boolean): number {
  if (cursor === undefined) return isNewestFirst ? Number.MAX_SAFE_INTEGER : 0;
  const [, direction, index] = /^(up|down)-(0|[1-9]\d{0,15})$/.exec(cursor) ?? [];
  if (index === undefined || (direction === 'down') !== isNewestFirst) throw new LedgerError('bad-query', `the cursor ${JSON.stringify(cursor.slice(0, 40))} is none of this query`);
  return Number(index);
}

/** Milliseconds since the epoch; undefined when the receipt's time cannot be read. */
export function receiptTimeMs({ at }: Receipt): number | undefined {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? undefined : ms;
}

export function matches(filter: Filter, receipt: Receipt): boolean {
  const { tenantId, kind, sku, id, sinceMs, untilMs } = filter;
  if (tenantId !== undefined && receipt.tenantId !== tenantId) return false;
  if (kind !== undefined && receipt.kind !== kind) return false;
  if (sku !== undefined && receipt.sku !== sku) return false;
  if (id !== undefined && receipt.id !== id) return false;
  if (sinceMs === -Infinity && untilMs === Infinity) return true;
  const ms = receiptTimeMs(receipt);
  return ms !== undefined && ms >= sinceMs && ms < untilMs;
}
