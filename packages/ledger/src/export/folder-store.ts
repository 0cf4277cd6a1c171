// A folder as a store. Files appear whole or not at all, and are durable before the checkpoint that speaks of them.
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { codeOf } from '../store/disk/files.ts';
import type { ObjectStore } from './object-store.ts';

/** Unlike in a bucket, two that replace one key at the same moment are told apart by their last look only. */
export function folderStore(folder: string): ObjectStore {
  const at = (key: string) => join(folder, key);
  const read: ObjectStore['read'] = async (key) => {
    const bytes = await orMissing(readFile(at(key)));
    return bytes && { bytes, version: versionOf(bytes) };
  };
  return named(folder, {
    read,
    has: async (key) => (await orMissing(stat(at(key)))) !== undefined,
    create: (key, bytes) => put(at(key), bytes, 'create'),
    replace: async (key, bytes, version) => ((await read(key))?.version === version ? put(at(key), bytes, 'replace') : false),
    list: (prefix) => listBelow(folder, prefix),
    remove: async (key) => {
      await orMissing(unlink(at(key)));
      // A `….p` whose last partial tile went; any other folder is not empty.
      await rmdir(dirname(at(key))).catch(() => {});
    },
  });
}

function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function put(path: string, bytes: Uint8Array, how: 'create' | 'replace'): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}.new`;
  try {
    await writeDurably(unfinished, bytes);
    if (how === 'create') {
      // Unlike rename, link never writes over what is there.
      if (!(await linked(unfinished, path))) return false;
    } else await rename(unfinished, path);
  } finally {
    await orMissing(unlink(unfinished));
  }
  await syncFolder(dirname(path));
  return true;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function listBelow(folder: string, prefix: string): Promise<readonly string[]> {
  const names = await orMissing(readdir(join(folder, dirname(`${prefix}_`)), { recursive: true, withFileTypes: true }));
  const keys = (names ?? []).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length));
  return keys.filter((key) => key.startsWith(prefix));
}

async function orMissing<T>(doing: Promise<T>): Promise<T | undefined> {
  try {
    return await doing;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function whyFailed(failure: Error): string {
  // fetch says "fetch failed", its cause what did; Google's client writes several lines.
  const { message } = (failure.cause instanceof Error && failure.message === 'fetch failed' ? failure.cause : failure);
  return message === '' ? String(codeOf(failure.cause ?? failure)) : message.trim().replaceAll(/\s+/g, ' ');
}

/** `code` is that of the system, or an HTTP status. */
function adviceFor(code: unknown): string {
  if (code === 401 || code === 403) return 'see that the credentials are right, and may read, create, list and delete there';
  if (code === 404) return 'see that there is such a bucket';
  return 'run it again, it goes on where it stopped';
}

/** Whatever a client or the disk rejects with becomes `store-failed`, saying where and what. */
export function named(name: string, store: Omit<ObjectStore, 'name'>): ObjectStore {
  const told = async <T>(key: string, doing: Promise<T>): Promise<T> => {
    try {
      return await doing;
    } catch (cause) {
      if (cause instanceof LedgerError) throw cause;
      throw new LedgerError('store-failed', `${name}: ${key === '' ? 'listing' : key} failed: ${whyFailed(cause as Error)}; ${adviceFor(codeOf(cause))}`, { cause });
    }
  };
  return {
    name,
    read: (key) => told(key, store.read(key)),
    has: (key) => told(key, store.has(key)),
    create: (key, bytes) => told(key, store.create(key, bytes)),
    replace: (key, bytes, version) => told(key, store.replace(key, bytes, version)),
    list: (prefix) => told(prefix, store.list(prefix)),
    remove: (key) => told(key, store.remove(key)),
  };
}
