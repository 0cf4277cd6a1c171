// Logs in temporary folders, and the ways to tamper with one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { verifyLog, type VerifyOptions, type VerifyReport } from '../../src/index.ts';
import { buildLog, logVerifierKey, writeLog, type LogFiles } from '../../src/testing/log-builder.ts';

/** Verifies the files as a folder, with the log's key, in this thread. */
export async function verifyFiles(files: LogFiles, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  return withFolder((folder) => verifyLog({ target: writeLog(folder, files), keys: [logVerifierKey], threads: 0, ...options }));
}

export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'flyball-ledger-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A log whose checkpoint and tiles are those of `signed`, and whose bundles hold `now`: entries tampered with on disk. */
export function withEntries(signed: readonly Buffer[], now: readonly Buffer[]): LogFiles {
  const files = new Map([...buildLog(signed)].filter(([path]) => !path.startsWith('tile/entries/')));
  for (const [path, bytes] of buildLog(now)) if (path.startsWith('tile/entries/')) files.set(path, bytes);
  return files;
}

/** As `withEntries`, and all tiles made anew to fit: only the checkpoint is the old one. */
export function withEntriesAndTiles(signed: readonly Buffer[], now: readonly Buffer[]): LogFiles {
  return new Map([...buildLog(now), ['checkpoint', buildLog(signed).get('checkpoint')!]]);
}

export type Said = readonly string[];

/** `code index@foundAt` of each finding, for short. */
export function said({ findings }: VerifyReport): Said {
  return findings.map(({ code, index, foundAt, path }) => `${code}${index === undefined ? '' : ` ${index}`}${foundAt === undefined ? '' : `@${foundAt}`}${index === undefined && foundAt === undefined && path !== undefined ? ` ${path}` : ''}`);
}

export function edited(entries: readonly Buffer[], edit: (copy: Buffer[]) => void): Buffer[] {
  const copy = [...entries];
  edit(copy);
  return copy;
}
