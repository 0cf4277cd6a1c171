// What an export needs of the place it goes to. Every write is conditional:
// what is there is never written over unseen, so that exporters who meet do each other no harm.

/** `version` changes whenever the bytes do. */
export type Stored = { readonly bytes: Uint8Array; readonly version: string };

/** Keys are relative, with slashes. All reject with `store-failed`. */
export interface ObjectStore {
  /** As users write it: `s3://bucket/prefix`. */
  readonly name: string;
  read(key: string): Promise<Stored | undefined>;
  has(key: string): Promise<boolean>;
  /** False when something has that key; then nothing was written. */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** False when what is there is not of that version any more (undefined: nothing is there). */
  replace(key: string, bytes: Uint8Array, version: string | undefined): Promise<boolean>;
  /** All keys that begin so. */
  list(prefix: string): Promise<readonly string[]>;
  /** Fine if it is not there. */
  remove(key: string): Promise<void>;
}

/** The part of a store that begins so. */
export function storeBelow(store: ObjectStore, prefix: string): ObjectStore {
  return {
    name: `${store.name.replace(/\/$/, '')}/${prefix.replace(/\/$/, '')}`,
    read: (key) => store.read(prefix + key),
    has: (key) => store.has(prefix + key),
    create: (key, bytes) => store.create(prefix + key, bytes),
    replace: (key, bytes, version) => store.replace(prefix + key, bytes, version),
    list: async (start) => (await store.list(prefix + start)).map((key) => key.slice(prefix.length)),
    remove: (key) => store.remove(prefix + key),
  };
}

/**
 * The folder of a log in a store that several logs share: its origin in characters that files, keys and addresses take
 * as they are; what is none of them as `_` and two hex digits a byte, so that no two origins have one folder.
 */
export function logFolder(origin: string): string {
  const name = origin.replaceAll(/[^A-Za-z0-9.-]/gu, (character) => [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''));
  return name.replace(/^\./, '_2e');
}
