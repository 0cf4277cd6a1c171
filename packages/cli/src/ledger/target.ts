/** What the user typed for a log or a file, as the ledger takes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PublishedLog } from '@flyball/ledger';

/** Paths start where the user stands; addresses stay. */
export function logTarget(given: string, directory: string): string {
  return isAddress(given) ? given : resolve(directory, given);
}

export function isAddress(given: string): boolean {
  return /^https?:\/\//.test(given);
}

/** Throws FileProblem. */
export function readFileOf(file: string, directory: string): Buffer {
  try {
    return readFileSync(resolve(directory, file));
  } catch (cause) {
    throw new FileProblem(`${file} cannot be read: ${(cause as Error).message}`, { cause });
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

/** Throws FileProblem. */
export function writeFileOf(file: string, directory: string, content: string | Uint8Array): void {
  try {
    writeFileSync(resolve(directory, file), content);
  } catch (cause) {
    throw new FileProblem(`${file} cannot be written: ${(cause as Error).message}`, { cause });
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

export class FileProblem extends Error {
  readonly code = 'file-unusable';
}
