/** The options that choose receipts, as the ledger's query takes them; and the query, by the index where there is one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError, loggedReceipt, receiptIndexPath, ReceiptIndex, scanReceipts, type LoggedReceipt, type PublishedLog, type ReceiptPage, type ReceiptQuery } from '@flyball/ledger';
import { isAddress } from './target.ts';

export function queryOf(values: Readonly<Record<string, unknown>>): ReceiptQuery {
  const given: Record<string, unknown> = {};
  for (const [option, name] of [['tenant', 'tenantId'], ['kind', 'kind'], ['sku', 'sku'], ['id', 'id'], ['since', 'since'], ['until', 'until'], ['cursor', 'cursor']] as const) {
    if (typeof values[option] === 'string' && values[option] !== '') given[name] = values[option];
  }
  if (values['newest'] === true) given['isNewestFirst'] = true;
  if (typeof values['limit'] === 'number') given['limit'] = values['limit'];
  return given;
}

export type Asked = ReceiptPage<LoggedReceipt> & { readonly source: 'index' | 'log' };

export interface AskOptions {
  readonly mayUseIndex: boolean;
  readonly onProgress: (done: number, of: number) => void;
}

/** A ledger's own folder has an index, or gets one; anything else is read through. */
export async function askReceipts(log: PublishedLog, query: ReceiptQuery, { mayUseIndex, onProgress }: AskOptions): Promise<Asked> {
  if (mayUseIndex && hasWriter(log.target)) {
    const page = await askIndex(log, query);
    if (page !== undefined) return { ...page, source: 'index' };
  }
  return { ...(await scanReceipts(log, query, onProgress)), source: 'log' };
}

function hasWriter(target: string): boolean {
  return !isAddress(target) && existsSync(join(target, 'state'));
}

/** Undefined: the folder is only readable, or another process keeps the index busy. */
async function askIndex(log: PublishedLog, query: ReceiptQuery): Promise<ReceiptPage<LoggedReceipt> | undefined> {
  let index: ReceiptIndex | undefined;
  try {
    index = await ReceiptIndex.open({ log, file: receiptIndexPath(log.target) });
    await index.catchUp();
    const { receipts, ...rest } = await index.query(query);
    return { receipts: receipts.map(loggedReceipt), ...rest };
  } catch (error) {
    if (error instanceof LedgerError && (error.code === 'index-unusable' || error.code === 'index-damaged')) return undefined;
    throw error;
  } finally {
    index?.close();
  }
}
