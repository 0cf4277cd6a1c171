/** What is wrong with the keys of `--ledger-witness`. Imported only where some are given: `start` is measured. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError, parseVerifierKey, verifierKeysPath } from '@flyball/ledger';

export interface GivenWitnesses {
  readonly witnesses: readonly string[];
  /** Of the ledger; perhaps none is there yet. */
  readonly folder: string;
}

/** One sentence each. */
export function witnessProblems({ witnesses, folder }: GivenWitnesses): string[] {
  const own = ownKeys(folder);
  return witnesses.flatMap((witness) => {
    const problem = problemOf(witness, own);
    return problem === undefined ? [] : [`--ledger-witness ${witness}: ${problem}.`];
  });
}

function problemOf(witness: string, own: ReadonlySet<string>): string | undefined {
  try {
    parseVerifierKey(witness);
    // Its signature would say nothing that the log does not say itself.
    return own.has(witness.trim()) ? 'this is a key of the log itself; a witness is somebody else, with a key of its own' : undefined;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return `${error.message}; a witness publishes its verifier key as NAME+HASH+KEY`;
  }
}

function ownKeys(folder: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(join(folder, verifierKeysPath), 'utf8').split('\n').map((line) => line.trim()));
  } catch {
    // Whoever opens the ledger says what is wrong with it.
    return new Set();
  }
}
