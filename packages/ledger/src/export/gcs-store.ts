// A bucket of Google Cloud Storage as a store, by preconditions on generations: 0 is "nothing there" (Cloud Storage,
// "Request preconditions"). The client finds its own credentials, and an emulator by STORAGE_EMULATOR_HOST.
import { EventEmitter } from 'node:events';

import { LedgerError } from '../errors.ts';
import { named } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';

export type GcsOptions = {
  readonly projectId?: string;
  /** A service account's key; without, the client's own search for credentials. */
  readonly keyFilename?: string;
};

/** The client hangs eleven listeners on the stream of one download, where Node warns of a leak from eleven on. */
const listenersMax = 12;

/** Rejects with `store-client-missing`. */
export async function gcsStore({ bucket: name, prefix }: { readonly bucket: string; readonly prefix: string }, options: GcsOptions): Promise<ObjectStore> {
  const { Storage } = await import('@google-cloud/storage').catch((cause: unknown) => {
    throw new LedgerError('store-client-missing', 'gs:// needs the package @google-cloud/storage: npm install @google-cloud/storage', { cause });
  });
  EventEmitter.defaultMaxListeners = Math.max(EventEmitter.defaultMaxListeners, listenersMax);
  const bucket = new Storage({ ...options }).bucket(name);
  const write = (key: string, bytes: Uint8Array, generation: string): Promise<boolean> =>
    unless(412, async () => {
      await bucket.file(prefix + key).save(Buffer.from(bytes), { resumable: false, contentType: 'application/octet-stream', preconditionOpts: { ifGenerationMatch: generation } });
      return true;
    }).then((isWritten) => isWritten ?? false);
  return named(`gs://${name}/${prefix}`, {
    read: (key) =>
      unless(404, async () => {
        const [{ generation }] = await bucket.file(prefix + key).getMetadata();
        const version = String(generation);
        const [bytes] = await bucket.file(prefix + key, { generation: version }).download();
        return { bytes, version };
      }),
    has: async (key) => (await bucket.file(prefix + key).exists())[0],
    create: (key, bytes) => write(key, bytes, '0'),
    replace: (key, bytes, version) => write(key, bytes, version ?? '0'),
    list: async (start) => (await bucket.getFiles({ prefix: prefix + start }))[0].map((file) => file.name.slice(prefix.length)),
    remove: async (key) => {
      await bucket.file(prefix + key).delete({ ignoreNotFound: true });
    },
  });
}

async function unless<T>(code: number, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if ((error as { code?: unknown }).code === code) return undefined;
    throw error;
  }
}
