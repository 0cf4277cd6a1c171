/** `flyball ledger fsck`: checks a ledger's folder that no node has open, and repairs what can be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointPath, fsckLedger, parseCheckpoint, parseNote, type FsckReport } from '@flyball/ledger';
import { plural } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_FAILED, EXIT_OK } from '../errors.ts';
import { answer, withBar } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { logTarget } from './target.ts';

export async function runFsck(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const { values, positionals: [given = ''] } = parsed;
  const folder = logTarget(given, directory);
  const size = publishedSize(folder);
  const result = await withBar(output, 'receipts', (show) =>
    fsckLedger({ folder, repair: values['repair'] === true, newKey: values['newKey'] === true, onProgress: (receipts) => show(Math.min(receipts, size), size) }));
  answer(output, parsed, { result, text: fsckText(result, given) });
  return result.isSound ? EXIT_OK : EXIT_FAILED;
}

/** Only for the bar: a checkpoint that cannot be read is what fsck is for. */
function publishedSize(folder: string): number {
  try {
    return parseCheckpoint(parseNote(readFileSync(join(folder, checkpointPath))).text).size;
  } catch {
    return 0;
  }
}

export function fsckText({ size, findings, isSound }: FsckReport, given: string): string {
  const verdict = findings.length === 0 ? 'sound' : isSound ? 'repaired' : 'DAMAGED';
  const lines = findings.map(({ code, path, message, state }) => `  ${state}: ${code}: ${path}: ${message}\n`);
  const isRepairable = findings.some(({ state }) => state === 'repairable');
  const isBeyond = findings.some(({ state }) => state === 'unrepairable');
  const isKeyless = findings.some(({ code, state }) => code === 'key-lost' && state === 'unrepairable');
  const advice = [...(isRepairable ? ['run it again with --repair'] : []), ...(isBeyond ? ['restore what cannot be repaired from an export or a backup'] : []), ...(isKeyless ? ['if the keys are gone for good: --repair --new-key'] : [])];
  return `${verdict}: ${given}, ${plural(size, 'receipt')}${findings.length === 0 ? '' : `; ${plural(findings.length, 'finding')}`}\n${lines.join('')}${advice.length === 0 ? '' : `${advice.join('; ')}\n`}`;
}
