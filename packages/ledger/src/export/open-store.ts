// The places that logs are kept in, by how users write them.
import { LedgerError } from '../errors.ts';
import { folderStore } from './folder-store.ts';
import { gcsStore, type GcsOptions } from './gcs-store.ts';
import type { ObjectStore } from './object-store.ts';
import { s3Store, type S3Options } from './s3-store.ts';

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
