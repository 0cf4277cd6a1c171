/** `flyball ledger verify`: runs the offline verifier, shows how far it is, prints what it says. */
import { verifyLog, type VerifyOptions, type VerifyReport } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { progressBar } from '../progress-bar.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { keysFrom, logTarget, readFileOf } from './target.ts';
import { verifyText } from './verify-report.ts';

/** Resolves to the exit code of the report. */
export async function runVerify({ values, positionals }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const [given = ''] = positionals;
  const bar = progressBar(output.err, process.stderr.isTTY === true, 'receipts');
  let report: VerifyReport;
  try {
    report = await verifyLog({ ...optionsOf(values, directory), target: logTarget(given, directory), onProgress: ({ receipts, size }) => bar.show(receipts, size) });
  } finally {
    bar.clear();
  }
  output.out(values['json'] === true ? `${JSON.stringify(report, null, 2)}\n` : verifyText(report, given));
  return report.exitCode;
}

function optionsOf(values: ParsedLedger['values'], directory: string): Omit<VerifyOptions, 'target'> {
  const keysOf = (name: string): string[] => (values[name] as readonly string[]).flatMap((given) => keysFrom(given, directory));
  const origin = String(values['origin']);
  return {
    keys: keysOf('key'),
    witnesses: keysOf('witness'),
    witnessesMin: values['witnessesMin'] as number,
    minimumIndex: values['minimumIndex'] as number,
    since: (values['since'] as readonly string[]).map((file) => readFileOf(file, directory)),
    ...(origin === '' ? {} : { origin }),
  };
}
