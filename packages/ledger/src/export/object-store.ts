// What an export needs of the place it goes to, and the one way of writing such a place. Every write is conditional:
// what is there is never written over unseen, so that exporters who meet do each other no harm.
import { LedgerError } from '../errors.ts';
import { folderStore } from './folder-store.ts';
import { gcsStore, type GcsOptions } from './gcs-store.ts';
import { s3Store, type S3Options } from './s3-store.ts';

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

export type StoreOptions = { readonly s3?: S3Options; readonly gcs?: GcsOptions };

/** What a place is, by how it is written. */
export type StorePlace = { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 's3' | 'gs'; readonly bucket: string; readonly prefix: string };

/** Throws `bad-store`. Anything without a scheme is a folder. */
export function parseStorePlace(text: string): StorePlace {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) return { kind: 'folder', folder: text };
  const [bucket = '', ...keys] = rest.split('/');
  const prefix = keys.filter((part) => part !== '').map((part) => `${part}/`).join('');
  if (bucket !== '' && (scheme === 's3' || scheme === 'gs')) return { kind: scheme, bucket, prefix };
  throw new LedgerError('bad-store', `${text}: logs are kept in a folder, in s3://BUCKET/PREFIX or in gs://BUCKET/PREFIX`);
}

export function isBucket(text: string): boolean {
  return /^(s3|gs):\/\//.test(text);
}

/** Rejects with `bad-store`, `store-client-missing`. */
export async function openStore(text: string, options: StoreOptions): Promise<ObjectStore> {
  const place = parseStorePlace(text);
  if (place.kind === 'folder') return folderStore(place.folder);
  if (place.kind === 'gs') return gcsStore(place, options.gcs ?? {});
  if (options.s3 === undefined) throw new LedgerError('bad-store', `${text}: an S3 store needs an access key`);
  return s3Store(place, options.s3);
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
