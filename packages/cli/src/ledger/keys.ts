/** `flyball ledger keys`: whose signatures a log bears; with a ledger's own folder, rotation. */
import { formatVerifierKey, openWriter, type PublishedLog } from '@flyball/ledger';
import { table } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { answer } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { ledgerFolder, withLog } from './target.ts';

interface ListedKey {
  readonly key: string;
  /** Whether it signed the newest checkpoint. */
  readonly signs: boolean;
}

export async function runKeys(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const { values, positionals: [target = ''] } = parsed;
  const retire = String(values['retire']);
  if (values['rotate'] === true || retire !== '') {
    await change(ledgerFolder(parsed, directory), { rotates: values['rotate'] === true, retire });
  }
  const keys = await withLog(target, directory, listKeys);
  answer(output, parsed, { result: { keys }, text: table([['SIGNS', 'VERIFIER KEY'], ...keys.map(({ key, signs }) => [signs ? 'yes' : 'no', key])]) });
  return EXIT_OK;
}

/** A node that has the ledger open holds its lock: `ledger-locked` says so. */
async function change(folder: string, { rotates, retire }: { readonly rotates: boolean; readonly retire: string }): Promise<void> {
  const writer = await openWriter({ folder });
  try {
    if (rotates) await writer.rotateKey();
    if (retire !== '') await writer.retireKey(retire);
  } finally {
    await writer.close();
  }
}

async function listKeys(log: PublishedLog): Promise<ListedKey[]> {
  const { checked: { verified } } = await log.checkpoint();
  const signing = new Set(verified.map(formatVerifierKey));
  return (await log.keys()).map(formatVerifierKey).map((key) => ({ key, signs: signing.has(key) }));
}
