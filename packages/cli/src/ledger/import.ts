/** `flyball ledger import`: a ledger made of a copy, once that verifies. */
import { importLedger } from '@flyball/ledger';
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { answer, withBar } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { placeOf, storeOptions } from './store-options.ts';
import { keysFrom, logTarget, readFileOf } from './target.ts';

export async function runImport(parsed: ParsedLedger, { directory, variables }: Environment, output: Output): Promise<number> {
  const { values, positionals: [from = '', to = ''] } = parsed;
  const signingKeys = String(values['signingKeys']);
  const result = await withBar(output, 'files', (onProgress) =>
    importLedger({
      ...storeOptions(variables, from),
      from: placeOf(from, directory),
      to: logTarget(to, directory),
      keys: (values['key'] as readonly string[]).flatMap((given) => keysFrom(given, directory)),
      since: (values['since'] as readonly string[]).map((file) => readFileOf(file, directory)),
      ...(signingKeys === '' ? {} : { signingKeys: logTarget(signingKeys, directory) }),
      onProgress,
    }));
  const { origin, folder, size, tenants, isWritable } = result;
  const use = isWritable ? 'a node can go on writing it' : 'it can be read and verified; without its signing keys no node can write it';
  answer(output, parsed, { result, text: `imported ${origin}: ${plural(size, 'receipt')} of ${plural(tenants, 'tenant')}, verified; ${use}\n  ${folder}\n` });
  return EXIT_OK;
}
