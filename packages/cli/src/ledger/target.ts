/** What the user typed for a log or a file, as the ledger takes it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkpointPath, LedgerError, PublishedLog } from '@flyball/ledger';
import { UsageError } from '../errors.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { LedgerProblem } from './problem.ts';

/** Paths start where the user stands; addresses stay. Throws `bad-source`. */
export function logTarget(given: string, directory: string): string {
  if (isAddress(given) && !URL.canParse(given)) throw new LedgerError('bad-source', `${given} is no address`);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given) && !isAddress(given)) throw new LedgerError('bad-source', `${given}: logs are read from folders, archives and http(s) addresses; flyball ledger import brings one here from s3:// or gs://`);
  return isAddress(given) ? given : resolve(directory, given);
}

export function isAddress(given: string): boolean {
  return /^https?:\/\//.test(given);
}

/** The folder that a command changes, its first argument. Throws UsageError, `bad-source`. */
export function ledgerFolder({ name, positionals: [given = ''] }: ParsedLedger, directory: string): string {
  if (isAddress(given)) throw new UsageError(`ledger ${name}`, [`ledger ${name} changes a ledger where it is, in its folder, not over the network.`]);
  const folder = resolve(directory, given);
  // Else the writer would begin a new ledger there.
  if (!existsSync(join(folder, checkpointPath)) && !existsSync(join(folder, 'state'))) throw new LedgerError('bad-source', `${folder} holds no ledger`);
  return folder;
}

/** Throws `file-unusable`. */
export function readFileOf(file: string, directory: string): Buffer {
  try {
    return readFileSync(resolve(directory, file));
  } catch (cause) {
    throw new LedgerProblem('file-unusable', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A key has plus signs where a file's name rarely has: if a file of that name exists, it is meant. */
export function keysFrom(given: string, directory: string): string[] {
  try {
    return readFileSync(resolve(directory, given), 'utf8').split('\n').map((line) => line.trim()).filter((line) => line !== '');
  } catch {
    return [given];
  }
}

/** Throws `file-unusable`. */
export function writeFileOf(file: string, directory: string, content: string | Uint8Array): void {
  try {
    writeFileSync(resolve(directory, file), content);
  } catch (cause) {
    throw new LedgerProblem('file-unusable', `${file} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Opens the log, and closes it whatever happens. */
export async function withLog<T>(given: string, directory: string, act: (log: PublishedLog) => Promise<T>): Promise<T> {
  const log = await PublishedLog.open(logTarget(given, directory));
  try {
    return await act(log);
  } finally {
    log.close();
  }
}
