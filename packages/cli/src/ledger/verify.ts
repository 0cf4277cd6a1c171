/** `flyball ledger verify`: runs the offline verifier, shows how far it is, prints what it says. */
import { verifyLog, type VerifyOptions } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { answer, withBar } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { keysFrom, logTarget, readFileOf } from './target.ts';
import { verifyText } from './verify-report.ts';

/** Resolves to the exit code of the report. */
export async function runVerify(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const [given = ''] = parsed.positionals;
  const options = { ...optionsOf(parsed.values, directory), target: logTarget(given, directory) };
  const result = await withBar(output, 'receipts', (show) => verifyLog({ ...options, onProgress: ({ receipts, size }) => show(receipts, size) }));
  answer(output, parsed, { result, text: verifyText(result, given) });
  return result.exitCode;
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
