/** `flyball ledger query`: a page of receipts. */
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { progressBar } from '../progress-bar.ts';
import { askReceipts, queryOf } from './choose.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { receiptHead, receiptRow } from './receipt-text.ts';
import { withLog } from './target.ts';

export function runQuery({ values, positionals: [target = ''] }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  return withLog(target, directory, async (log) => {
    const bar = progressBar(output.err, process.stderr.isTTY === true, 'receipts');
    const { source, ...page } = await askReceipts(log, queryOf(values), { mayUseIndex: values['noIndex'] !== true, onProgress: bar.show }).finally(() => bar.clear());
    if (values['json'] === true) {
      output.out(`${JSON.stringify({ ...page, source }, null, 2)}\n`);
      return EXIT_OK;
    }
    if (page.receipts.length > 0) output.out(receiptHead());
    for (const logged of page.receipts) output.out(receiptRow(logged));
    output.err(`${plural(page.receipts.length, 'receipt')}${page.cursor === undefined ? '' : `, and more: --cursor ${page.cursor}`}\n`);
    return EXIT_OK;
  });
}
