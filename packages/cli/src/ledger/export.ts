/** `flyball ledger export`: a copy of the log elsewhere. */
import { exportLedger } from '@flyball/ledger';
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { answer, withBar } from './answer.ts';
import { countOf } from './ledger-command.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { placeOf, storeOptions } from './store-options.ts';
import { logTarget } from './target.ts';

export async function runExport(parsed: ParsedLedger, { directory, variables }: Environment, output: Output): Promise<number> {
  const [from = '', to = ''] = parsed.positionals;
  const minimumIndex = countOf(parsed.values['minimumIndex']);
  const result = await withBar(output, 'files', (onProgress) =>
    exportLedger({ ...storeOptions(variables, to), from: logTarget(from, directory), to: placeOf(to, directory), ...(minimumIndex === undefined ? {} : { minimumIndex }), onProgress }));
  const { origin, place, size, sizeBefore, filesWritten, bytesWritten } = result;
  const text = `exported ${origin}: ${plural(size, 'receipt')} (${size - sizeBefore} new), ${plural(filesWritten, 'file')} and ${plural(bytesWritten, 'byte')} written\n  ${place}\n`;
  answer(output, parsed, { result, text });
  return EXIT_OK;
}
