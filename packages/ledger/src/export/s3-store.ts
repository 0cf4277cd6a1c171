// An S3-compatible bucket as a store, by conditional writes: `If-None-Match: *` to create, `If-Match` to replace
// (Amazon S3, "Conditional writes"; MinIO, R2, Ceph and others speak the same).
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { LedgerError } from '../errors.ts';
import { named } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';

export type S3Options = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** `us-east-1` unless given. */
  readonly region?: string;
  /** Address of a store that is not Amazon's; buckets are then paths below it. */
  readonly endpoint?: string;
};

const requestTimeoutMs = 60_000;
const conflictsMax = 5;
const conflictDelayMs = 100;
/** Of aws4fetch: for answers of 429 and 5xx, the first after 50 ms, then twice as long each time. */
const retries = 6;

type Send = (method: string, key: string, more?: { readonly query?: Record<string, string>; readonly headers?: Record<string, string>; readonly body?: Uint8Array }) => Promise<Response>;

/** Rejects with `store-client-missing`. */
export async function s3Store({ bucket, prefix }: { readonly bucket: string; readonly prefix: string }, options: S3Options): Promise<ObjectStore> {
  const send = await sender(bucket, options);
  const put = async (key: string, body: Uint8Array, condition: Record<string, string>): Promise<boolean> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await send('PUT', prefix + key, { body, headers: condition });
      // 404: what was to be replaced is gone; where nothing was to be, there is no such bucket.
      const isLost = response.status === 412 || (response.status === 404 && 'if-match' in condition);
      if (response.ok || isLost) {
        await response.body?.cancel();
        return response.ok;
      }
      // Another write of the key is under way: who of the two was first is known in a moment.
      if (response.status !== 409 || attempt === conflictsMax) throw await refusal(response);
      await response.body?.cancel();
      await delay(conflictDelayMs * attempt);
    }
  };
  return named(`s3://${bucket}/${prefix}`, {
    read: async (key) => {
      const response = await answered(send('GET', prefix + key), [404]);
      if (response.status === 404) return void (await response.body?.cancel());
      return { bytes: new Uint8Array(await response.arrayBuffer()), version: response.headers.get('etag') ?? '' };
    },
    has: async (key) => (await answered(send('HEAD', prefix + key), [404])).ok,
    create: (key, bytes) => put(key, bytes, { 'if-none-match': '*' }),
    replace: (key, bytes, version) => put(key, bytes, version === undefined ? { 'if-none-match': '*' } : { 'if-match': version }),
    list: async (start) => (await listKeys(send, prefix + start)).map((key) => key.slice(prefix.length)),
    remove: async (key) => {
      await (await answered(send('DELETE', prefix + key), [404])).body?.cancel();
    },
  });
}

async function sender(bucket: string, { endpoint, region = 'us-east-1', ...credentials }: S3Options): Promise<Send> {
  const { AwsClient } = await import('aws4fetch').catch((cause: unknown) => {
    throw new LedgerError('store-client-missing', 's3:// needs the package aws4fetch: npm install aws4fetch', { cause });
  });
  const client = new AwsClient({ ...credentials, region, service: 's3', retries });
  const base = endpoint === undefined ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  return (method, key, { query = {}, headers = {}, body } = {}) => {
    const url = new URL(`${base}/${key.split('/').map(encodeURIComponent).join('/')}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    // Signed with the rest: what arrives is what was sent.
    const contentHash = hash('sha256', body ?? '', 'hex');
    const init = { method, headers: { ...headers, 'x-amz-content-sha256': contentHash }, signal: AbortSignal.timeout(requestTimeoutMs) };
    return client.fetch(url.href, body === undefined ? init : { ...init, body: body as Uint8Array<ArrayBuffer> });
  };
}

async function answered(sending: Promise<Response>, alsoFine: readonly number[]): Promise<Response> {
  const response = await sending;
  if (response.ok || alsoFine.includes(response.status)) return response;
  throw await refusal(response);
}

/** Its `code` is the status. */
async function refusal(response: Response): Promise<Error> {
  const text = await response.text();
  return Object.assign(new Error(`the store answers ${response.status} ${/<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''}`.trim()), { code: response.status });
}

async function listKeys(send: Send, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const response: Response = await answered(send('GET', '', { query: { 'list-type': '2', 'encoding-type': 'url', prefix, ...(token === '' ? {} : { 'continuation-token': token }) } }), []);
    const text = await response.text();
    for (const [, key = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) keys.push(decodeURIComponent(key.replaceAll('+', ' ')));
    token = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  }
  return keys;
}
