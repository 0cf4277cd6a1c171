/** `flyball ledger tail`: the newest receipts, then those that are published, until Ctrl-C. */
import { followLog, polledGrowth, type LoggedReceipt, type PublishedLog, type ReceiptQuery } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { askReceipts, queryOf } from './choose.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { receiptRows } from './receipt-text.ts';
import { withLog } from './target.ts';

export function runTail({ values, positionals: [target = ''] }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  // From the first line on: a reader that went away is told once.
  const end = values['follow'] === true ? untilEnded() : undefined;
  return withLog(target, directory, async (log) => {
    const isJson = values['json'] === true;
    const rows = receiptRows(process.stdout);
    const print = (logged: LoggedReceipt): void => output.out(isJson ? `${JSON.stringify(logged)}\n` : rows.row(logged));
    const query = queryOf(values);
    // Before the receipts that are there: none is lost or printed twice between them and those to come.
    const { size } = await log.checkpoint();
    if (!isJson) output.out(rows.head());
    for (const logged of await newest(log, { query, lines: values['lines'] as number, size })) print(logged);
    if (end !== undefined) await follow(log, { from: size, query, everyMs: values['pollMs'] as number, print, signal: end });
    return EXIT_OK;
  });
}

async function newest(log: PublishedLog, { query, lines, size }: { readonly query: ReceiptQuery; readonly lines: number; readonly size: number }): Promise<readonly LoggedReceipt[]> {
  if (lines === 0 || size === 0) return [];
  const asked = { ...query, isNewestFirst: true, limit: lines, cursor: `down-${size - 1}` };
  const { receipts } = await askReceipts(log, asked, { mayUseIndex: false, onProgress: () => {} });
  return receipts.toReversed();
}

type Following = { readonly from: number; readonly query: ReceiptQuery; readonly everyMs: number; readonly print: (logged: LoggedReceipt) => void; readonly signal: AbortSignal };

/** Aborted by Ctrl-C, by a supervisor, and when nobody reads any more, as in `… | head`. */
function untilEnded(): AbortSignal {
  const abort = new AbortController();
  const end = (): void => abort.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  process.stdout.once('error', end);
  return abort.signal;
}

async function follow(log: PublishedLog, { from, query, everyMs, print, signal }: Following): Promise<void> {
  for await (const logged of followLog(log, { from, growth: polledGrowth(log, everyMs), signal })) {
    const { tenantId, kind, sku } = logged.receipt;
    const isWanted = (query.tenantId ?? tenantId) === tenantId && (query.kind ?? kind) === kind && (query.sku ?? sku) === sku;
    if (isWanted) print(logged);
  }
}
