// Stripped texts on disk, by hash of the source: a start with a warm cache strips nothing. A broken
// or foreign file counts as absent, and a cache that cannot be written only costs time.
import { hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface TextCache {
  get(sourceHash: string): Promise<string | undefined>;
  put(sourceHash: string, text: string): Promise<void>;
}

const checksumLength = 64;

export function textCache(directory: string | undefined): TextCache {
  if (directory === undefined) return { get: async () => undefined, put: async () => {} };
  // What is cached depends on the stripper that made it.
  const folder = join(directory, `stripped-${process.versions['amaro'] ?? process.version}`);
  let made: Promise<unknown> | undefined;
  const fileOf = (sourceHash: string): string => join(folder, `${sourceHash}.js`);
  return {
    async get(sourceHash) {
      const found = await readFile(fileOf(sourceHash), 'utf8').catch(() => undefined);
      return found === undefined ? undefined : checked(found);
    },
    async put(sourceHash, text) {
      const file = fileOf(sourceHash);
      const part = `${file}.${process.pid}`;
      try {
        await (made ??= mkdir(folder, { recursive: true }));
        await writeFile(part, `${hash('sha256', text)}\n${text}`);
        await rename(part, file);
      } catch {
        await rm(part, { force: true }).catch(() => {});
      }
    },
  };
}

/** After a crash of the machine a file can be there with a part of its contents. */
function checked(found: string): string | undefined {
  const text = found.slice(checksumLength + 1);
  return hash('sha256', text) === found.slice(0, checksumLength) ? text : undefined;
}
