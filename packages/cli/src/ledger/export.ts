/** `flyball ledger export` and `import`: the ledger's copies elsewhere, and back. */
import { exportLedger, importLedger } from '@flyball/ledger';
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { progressBar, type ProgressBar } from '../progress-bar.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { placeOf, storeOptions } from './store-options.ts';
import { keysFrom, logTarget, readFileOf } from './target.ts';

export async function runExport({ values, positionals: [from = '', to = ''] }: ParsedLedger, { directory, variables }: Environment, output: Output): Promise<number> {
  const report = await withBar(output, (bar) =>
    exportLedger({ ...storeOptions(variables), from: logTarget(from, directory), to: placeOf(to, directory), onProgress: bar.show }));
  const { origin, place, size, sizeBefore, filesWritten, bytesWritten } = report;
  const text = `exported ${origin}: ${plural(size, 'receipt')} (${size - sizeBefore} new), ${plural(filesWritten, 'file')} and ${plural(bytesWritten, 'byte')} written\n  ${place}\n`;
  output.out(values['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : text);
  return EXIT_OK;
}

export async function runImport({ values, positionals: [from = '', to = ''] }: ParsedLedger, { directory, variables }: Environment, output: Output): Promise<number> {
  const signingKeys = String(values['signingKeys']);
  const report = await withBar(output, (bar) =>
    importLedger({
      ...storeOptions(variables),
      from: placeOf(from, directory),
      to: logTarget(to, directory),
      keys: (values['key'] as readonly string[]).flatMap((given) => keysFrom(given, directory)),
      since: (values['since'] as readonly string[]).map((file) => readFileOf(file, directory)),
      ...(signingKeys === '' ? {} : { signingKeys: logTarget(signingKeys, directory) }),
      onProgress: bar.show,
    }));
  const { origin, folder, size, tenants, isWritable } = report;
  const use = isWritable ? 'a node can go on writing it' : 'it can be read and verified; without its signing keys no node can write it';
  output.out(values['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : `imported ${origin}: ${plural(size, 'receipt')} of ${plural(tenants, 'tenant')}, verified; ${use}\n  ${folder}\n`);
  return EXIT_OK;
}

async function withBar<T>(output: Output, act: (bar: ProgressBar) => Promise<T>): Promise<T> {
  const bar = progressBar(output.err, process.stderr.isTTY === true, 'files');
  try {
    return await act(bar);
  } finally {
    bar.clear();
  }
}
