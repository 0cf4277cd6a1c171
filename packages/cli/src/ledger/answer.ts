/** How a command of `flyball ledger` shows what it found, and how far it is. */
import type { Output } from '../ctl.ts';
import { progressBar, type ProgressBar } from '../progress-bar.ts';
import type { ParsedLedger } from './ledger-options.ts';

/** The result as JSON if that is asked for, else as text. */
export function answer(output: Output, { values }: ParsedLedger, { result, text }: { readonly result: unknown; readonly text: string }): void {
  output.out(values['json'] === true ? `${JSON.stringify(result, null, 2)}\n` : text);
}

/** Shows a bar on standard error while it acts, if that is a terminal. */
export async function withBar<T>(output: Output, unit: string, act: (show: ProgressBar['show']) => Promise<T> | T): Promise<T> {
  const bar = progressBar(output.err, process.stderr, unit);
  try {
    return await act(bar.show);
  } finally {
    bar.clear();
  }
}

/** What a user of a log whose beginning is gone has to know; nothing for a whole one. */
export function keptFromText(keptFrom: number): string {
  return keptFrom === 0 ? '' : `the log begins at receipt ${keptFrom}: what is below was pruned, or lost (flyball ledger verify tells which)\n`;
}
