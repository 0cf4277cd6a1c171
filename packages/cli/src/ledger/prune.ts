/** `flyball ledger prune`: removes the oldest receipts, once it is sure that a copy has them, or was told not to care. */
import { checkExported, openWriter } from '@flyball/ledger';
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK, UsageError } from '../errors.ts';
import { answer, withBar } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { prunePlan, type PrunePlan } from './prune-plan.ts';
import { placeOf, storeOptions } from './store-options.ts';
import { ledgerFolder } from './target.ts';

type Pruned = PrunePlan & { readonly isDryRun: boolean; readonly exportedTo?: string };

export async function runPrune(parsed: ParsedLedger, environment: Environment, output: Output): Promise<number> {
  const { values } = parsed;
  const isDryRun = values['dryRun'] === true;
  const problem = isDryRun ? undefined : assurance(values);
  if (problem !== undefined) throw new UsageError('ledger prune', [problem]);
  const folder = ledgerFolder(parsed, environment.directory);
  const plan = await withBar(output, 'receipts', (show) => prunePlan(folder, values, show));
  const exportedTo = plan.receipts === 0 || values['exportedTo'] === '' ? undefined : await checkCopy(parsed, { environment, output, folder, plan });
  if (!isDryRun && plan.receipts > 0) await prune(folder, plan.minimumIndex);
  const result: Pruned = { ...plan, isDryRun, ...(exportedTo === undefined ? {} : { exportedTo }) };
  answer(output, parsed, { result, text: prunedText(result) });
  return EXIT_OK;
}

/** What is wrong with how the user makes sure that nothing is lost. */
function assurance({ exportedTo, withoutExport }: ParsedLedger['values']): string | undefined {
  if (exportedTo === '' && withoutExport !== true) return 'what is pruned is gone from here: name the copy that has it, --exported-to PLACE, or say that none is needed, --without-export.';
  return exportedTo !== '' && withoutExport === true ? '--exported-to and --without-export say opposite things: give one of them.' : undefined;
}

type Ground = { readonly environment: Environment; readonly output: Output; readonly folder: string; readonly plan: PrunePlan };

function checkCopy({ values }: ParsedLedger, { environment: { directory, variables }, output, folder, plan }: Ground): Promise<string> {
  const to = placeOf(String(values['exportedTo']), directory);
  return withBar(output, 'files compared', (onProgress) => checkExported({ ...storeOptions(variables, to), from: folder, to, first: plan.keptFrom, end: plan.minimumIndex, onProgress }));
}

async function prune(folder: string, minimumIndex: number): Promise<void> {
  const writer = await openWriter({ folder });
  try {
    await writer.prune(minimumIndex);
  } finally {
    await writer.close();
  }
}

function prunedText({ origin, size, keptFrom, minimumIndex, receipts, files, bytes, isDryRun, exportedTo }: Pruned): string {
  const copy = exportedTo === undefined ? '' : `  all of them are in ${exportedTo}\n`;
  if (receipts === 0) return `nothing to remove: ${origin} has ${plural(size, 'receipt')} and keeps those from ${keptFrom} on; they go by whole bundles of 256\n`;
  return `${isDryRun ? 'would remove' : 'removed'} receipts ${keptFrom} to ${minimumIndex - 1} of ${origin}: ${plural(receipts, 'receipt')}, ${plural(files, 'file')}, ${plural(bytes, 'byte')}\n${copy}`;
}
