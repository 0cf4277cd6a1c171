/** `flyball ledger keys`: whose signatures a log bears; with a ledger's own folder, rotation. */
import { formatVerifierKey, openWriter, type PublishedLog } from '@flyball/ledger';
import { table } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK, UsageError } from '../errors.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { isAddress, logTarget, withLog } from './target.ts';

interface ListedKey {
  readonly key: string;
  /** Whether it signed the newest checkpoint. */
  readonly signs: boolean;
}

export async function runKeys({ values, positionals: [target = ''] }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const retire = String(values['retire']);
  if (values['rotate'] === true || retire !== '') {
    if (isAddress(target)) throw new UsageError('ledger keys', ['keys are rotated where the ledger is, not over the network.']);
    await change(logTarget(target, directory), { rotates: values['rotate'] === true, retire });
  }
  const keys = await withLog(target, directory, list);
  output.out(values['json'] === true ? `${JSON.stringify({ keys }, null, 2)}\n` : table([['SIGNS', 'VERIFIER KEY'], ...keys.map(({ key, signs }) => [signs ? 'yes' : 'no', key])]));
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

async function list(log: PublishedLog): Promise<ListedKey[]> {
  const { checked: { verified } } = await log.checkpoint();
  const signing = new Set(verified.map(formatVerifierKey));
  return (await log.keys()).map(formatVerifierKey).map((key) => ({ key, signs: signing.has(key) }));
}
