/** `flyball ledger show`: one receipt in full, and its proof as a file. */
import { loggedReceipt, type LoggedEntry, type PublishedLog } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { askReceipts } from './choose.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { receiptInFull } from './receipt-text.ts';
import { withLog, writeFileOf } from './target.ts';

export function runShow({ values, positionals: [target = '', which = ''] }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  return withLog(target, directory, async (log) => {
    const found = await find(log, which, String(values['tenant']));
    if (found.length !== 1) {
      output.err(`flyball ledger show: ${found.length === 0 ? `the log has no receipt ${which}` : `several tenants have a receipt ${which}: say which with --tenant`} (${found.length === 0 ? 'no-such-receipt' : 'ambiguous-id'})\n`);
      return EXIT_FAILED;
    }
    const [entry] = found as [LoggedEntry];
    const logged = loggedReceipt(entry);
    if (values['entry'] !== '') writeFileOf(String(values['entry']), directory, entry.entry);
    if (values['proof'] !== '') writeFileOf(String(values['proof']), directory, (await log.proofFile(entry.index)) ?? '');
    output.out(values['json'] === true ? `${JSON.stringify(logged, null, 2)}\n` : receiptInFull(logged));
    return EXIT_OK;
  });
}

/** A whole number is a place; anything else, and any number with --tenant, is an id. */
async function find(log: PublishedLog, which: string, tenant: string): Promise<readonly LoggedEntry[]> {
  const { size } = await log.checkpoint();
  if (tenant === '' && /^(?:0|[1-9]\d{0,15})$/.test(which)) {
    const entry = await log.entry(Number(which), size);
    return entry === undefined ? [] : [entry];
  }
  const { receipts } = await askReceipts(log, { id: which, ...(tenant === '' ? {} : { tenantId: tenant }), limit: 2 }, { mayUseIndex: true, onProgress: () => {} });
  return Promise.all(receipts.map(async ({ index }) => (await log.entry(index, size))!));
}
