/** `flyball ledger query`: a page of receipts. */
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { answer, keptFromText, withBar } from './answer.ts';
import { askReceipts, queryOf } from './choose.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { receiptRows } from './receipt-text.ts';
import { withLog } from './target.ts';

export function runQuery(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const { values, positionals: [target = ''] } = parsed;
  return withLog(target, directory, async (log) => {
    const { source, ...page } = await withBar(output, 'receipts', (onProgress) => askReceipts(log, queryOf(values), { mayUseIndex: values['noIndex'] !== true, onProgress }));
    const keptFrom = await log.keptFrom((await log.checkpoint()).size);
    const rows = receiptRows(process.stdout);
    answer(output, parsed, { result: { ...page, keptFrom, source }, text: page.receipts.length === 0 ? '' : `${rows.head()}${page.receipts.map(rows.row).join('')}` });
    if (values['json'] !== true) output.err(`${plural(page.receipts.length, 'receipt')}${page.cursor === undefined ? '' : `, and more: --cursor ${page.cursor}`}\n${keptFromText(keptFrom)}`);
    return EXIT_OK;
  });
}
