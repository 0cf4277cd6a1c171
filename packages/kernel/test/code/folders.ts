// Writes versions of applications into fresh directories, which go when the test ends.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ApplicationSource, PreparedSwap } from '../../src/code/index.ts';

export type Files = Readonly<Record<string, string>>;

export function folder(t: TestContext): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'flyball-code-')));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function write(directory: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Version `version` of the application `shop`; its entry is the first file. */
export function shop(t: TestContext, version: string, files: Files): ApplicationSource {
  const directory = folder(t);
  write(directory, files);
  return { name: 'shop', version, directory, entry: Object.keys(files)[0]! };
}

export function kinds(swap: PreparedSwap): Record<string, string> {
  return Object.fromEntries(swap.changed.map(({ id, kind }) => [id, kind]));
}
