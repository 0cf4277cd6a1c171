/** `flyball ledger cosign`: gives the ledger what a witness signed. */
import { readFileSync } from 'node:fs';
import { checkNote, cosignatureTimeS, openCheckpoint, openWriter, parseVerifierKey, PublishedLog } from '@flyball/ledger';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK, UsageError } from '../errors.ts';
import { answer } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { keysFrom, ledgerFolder, readFileOf } from './target.ts';

interface Cosigned {
  readonly origin: string;
  readonly size: number;
  readonly witnesses: readonly { readonly name: string; readonly timeS: number }[];
  readonly isNewest: boolean;
}

export async function runCosign(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const { values, positionals: [, given = ''] } = parsed;
  const witnesses = (values['witness'] as readonly string[]).flatMap((key) => keysFrom(key, directory));
  if (witnesses.length === 0) throw new UsageError('ledger cosign', ['ledger cosign needs the witness\'s key: --witness VKEY.']);
  const folder = ledgerFolder(parsed, directory);
  const text = (given === '-' ? readFileSync(0) : readFileOf(given, directory)).toString();
  const result = await cosign({ folder, witnesses, text });
  answer(output, parsed, { result, text: cosignedText(result) });
  return EXIT_OK;
}

async function cosign({ folder, witnesses, text }: { readonly folder: string; readonly witnesses: readonly string[]; readonly text: string }): Promise<Cosigned> {
  const writer = await openWriter({ folder, witnesses });
  try {
    const { note } = await writer.cosign(isSignatureLines(text) ? `${await newestCheckpoint(folder)}${text}` : text);
    const { origin, size, note: taken } = openCheckpoint(note, []);
    const { verified } = checkNote(taken, witnesses.map(parseVerifierKey));
    const on = verified.map(({ name, id }) => ({ name, timeS: cosignatureTimeS(taken.signatures.find((one) => one.name === name && one.id === id)!) ?? 0 }));
    return { origin, size, witnesses: on, isNewest: size === writer.published.size };
  } finally {
    await writer.close();
  }
}

/** A witness answers with these alone (C2SP tlog-witness, "add-checkpoint"). */
function isSignatureLines(text: string): boolean {
  return text !== '' && text.split('\n').every((line) => line === '' || line.startsWith('\u2014 ')) && !text.includes('\n\n');
}

async function newestCheckpoint(folder: string): Promise<string> {
  const log = await PublishedLog.open(folder);
  try {
    return (await log.checkpoint()).bytes;
  } finally {
    log.close();
  }
}

function cosignedText({ origin, size, witnesses, isNewest }: Cosigned): string {
  const by = witnesses.map(({ name, timeS }) => `${name} at ${new Date(timeS * 1_000).toISOString()}`).join(', ');
  return `cosigned ${origin}, ${size} receipts: ${by}\n  served as cosigned-checkpoint${isNewest ? ' and as checkpoint' : '; a newer checkpoint is out already'}\n`;
}
