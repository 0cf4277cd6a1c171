/** What the user typed for a log or a file, as the ledger takes it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Paths start where the user stands; addresses stay. */
export function logTarget(given: string, directory: string): string {
  return isAddress(given) ? given : resolve(directory, given);
}

export function isAddress(given: string): boolean {
  return /^https?:\/\//.test(given);
}

/** Throws UnreadableFile. */
export function readFileOf(file: string, directory: string): Buffer {
  try {
    return readFileSync(resolve(directory, file));
  } catch (cause) {
    throw new UnreadableFile(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

export class UnreadableFile extends Error {
  readonly code = 'file-unusable';
}
