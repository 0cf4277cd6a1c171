// Reads a log's files out of a tar archive without unpacking it: where each lies is noted once (`tar-members.ts`). A
// compressed one is first written plain to a temporary file of its own, which goes with the source. Names are only
// looked up, never opened as paths.
import { closeSync, createReadStream, createWriteStream, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { LedgerError } from '../errors.ts';
import { checkpointPath } from '../format/layout.ts';
import { readRange } from './folder-source.ts';
import type { LogReader } from './log-reader.ts';
import { membersOf, type Member } from './tar-members.ts';

export type TarDescription = { readonly kind: 'tar'; readonly file: string; readonly members: ReadonlyMap<string, Member> };

/** Up to so many bytes for each compressed one: receipts shrink to a twentieth at most, their hashes not at all. */
const expansionMax = 100;
const expansionFreeBytes = 64 * 1024 * 1024;

/** Rejects with `bad-source`. */
export async function openTar(archive: string): Promise<{ readonly description: TarDescription; readonly close: () => void }> {
  const { file, close } = await plainTar(archive);
  try {
    const members = logMembers(archive, membersOf(file, archive));
    return { description: { kind: 'tar', file, members }, close };
  } catch (error) {
    close();
    throw error;
  }
}

export function tarReader({ file, members }: TarDescription): LogReader {
  const descriptor = openSync(file, 'r');
  return {
    read: async (path, scratch) => {
      const member = members.get(path);
      return member && readRange(descriptor, { file: path, ...member, ...(scratch ? { scratch } : {}) });
    },
    close: () => closeSync(descriptor),
  };
}

async function plainTar(archive: string): Promise<{ readonly file: string; readonly close: () => void }> {
  if (!isGzip(archive)) return { file: archive, close: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'flyball-verify-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Whoever ends the process while it is read leaves nothing behind.
  process.once('exit', remove);
  const close = () => {
    process.off('exit', remove);
    remove();
  };
  const file = join(folder, 'log.tar');
  try {
    await pipeline(createReadStream(archive), createGunzip(), limited(expansionFreeBytes + expansionMax * statSync(archive).size), createWriteStream(file, { mode: 0o600 }));
    return { file, close };
  } catch (cause) {
    close();
    throw new LedgerError('bad-source', `${archive} cannot be decompressed into ${tmpdir()}: ${(cause as Error).message}`, { cause });
  }
}

/** What would fill the disk is no log. */
function limited(bytesMax: number) {
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new Error(`it grows to more than ${bytesMax} bytes, which no log of that length does`);
      yield chunk;
    }
  };
}

function isGzip(archive: string): boolean {
  const descriptor = openSync(archive, 'r');
  try {
    const magic = Buffer.alloc(2);
    return readSync(descriptor, magic, 0, 2, 0) === 2 && magic.readUInt16BE(0) === 0x1f8b;
  } finally {
    closeSync(descriptor);
  }
}

/** The log may lie at the top of the archive or in a folder of it: the shallowest checkpoint says where. */
function logMembers(archive: string, members: ReadonlyMap<string, Member>): Map<string, Member> {
  const suffix = `/${checkpointPath}`;
  const roots = [...members.keys()].filter((name) => `/${name}`.endsWith(suffix)).map((name) => name.slice(0, name.length - checkpointPath.length));
  const root = roots.toSorted((one, other) => one.split('/').length - other.split('/').length)[0];
  if (root === undefined) throw new LedgerError('bad-source', `${archive}: no log in there, it has no file named ${checkpointPath}`);
  return new Map([...members].filter(([name]) => name.startsWith(root)).map(([name, member]) => [name.slice(root.length), member]));
}
