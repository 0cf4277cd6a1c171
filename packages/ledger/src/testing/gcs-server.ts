// A server that speaks as much of Cloud Storage's JSON API as an export uses: uploads with generation preconditions,
// metadata, downloads of one generation, listing in pages. Google's own client is told of it by STORAGE_EMULATOR_HOST.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { BucketServer, type BucketAnswer as Answer } from './bucket-server.ts';

type Stored = { readonly bytes: Buffer; readonly generation: number };

export class GcsServer extends BucketServer<Stored> {
  #lastGeneration = 1_700_000_000_000_000;

  static async start(): Promise<GcsServer> {
    const gcs = new GcsServer();
    await gcs.listen();
    return gcs;
  }

  protected failure(status: number): Answer {
    return failure(status);
  }

  protected do({ method, url = '', headers }: IncomingMessage, body: Buffer): Answer {
    const { pathname, searchParams } = new URL(url, 'http://gcs');
    // Google's client leaves out /storage/v1 but for uploads when STORAGE_EMULATOR_HOST is set.
    const [path, isUpload, name] = /^(\/upload)?(?:\/storage\/v1)?\/b\/bucket\/o(?:\/([^/]*))?$/.exec(pathname) ?? [];
    if (path === undefined) return failure(404);
    if (isUpload !== undefined) return this.#upload(searchParams, parts(body, headers['content-type'] ?? ''));
    if (name === undefined) return json(this.#list(searchParams));
    const key = decodeURIComponent(name);
    const there = this.objects.get(key);
    const wanted = searchParams.get('generation');
    if (there === undefined || (wanted !== null && wanted !== String(there.generation))) return failure(404);
    if (method === 'DELETE') {
      this.objects.delete(key);
      return { status: 204 };
    }
    if (searchParams.get('alt') !== 'media') return json(metadata(key, there));
    return { status: 200, headers: { 'content-type': 'application/octet-stream', 'x-goog-hash': `md5=${md5(there.bytes)}`, 'x-goog-generation': String(there.generation) }, content: there.bytes };
  }

  #upload(query: URLSearchParams, { bytes, name }: { readonly bytes: Buffer; readonly name: string }): Answer {
    const key = query.get('name') ?? name;
    const match = query.get('ifGenerationMatch');
    // Refused here, allowed by Google: an export never writes without a condition.
    if (match === null) return failure(400);
    if (match !== String(this.objects.get(key)?.generation ?? 0)) return failure(412);
    this.#lastGeneration += 1;
    const stored = { bytes, generation: this.#lastGeneration };
    this.objects.set(key, stored);
    return json(metadata(key, stored));
  }

  #list(query: URLSearchParams): object {
    const { keys, next } = this.page(query.get('prefix') ?? '', query.get('pageToken'));
    return { kind: 'storage#objects', items: keys.map((key) => metadata(key, this.objects.get(key)!)), ...(next === undefined ? {} : { nextPageToken: next }) };
  }
}

function metadata(name: string, { bytes, generation }: Stored): object {
  return { kind: 'storage#object', bucket: 'bucket', name, generation: String(generation), size: String(bytes.length), md5Hash: md5(bytes), crc32c: crc32c(bytes) };
}

/** multipart/related: metadata as JSON, then the bytes. */
function parts(body: Buffer, contentType: string): { readonly bytes: Buffer; readonly name: string } {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? '';
  const text = body.toString('latin1');
  const [, first = '', second = ''] = text.split(`--${boundary}`);
  const content = (part: string) => part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '');
  return { name: (JSON.parse(content(first)) as { name?: string }).name ?? '', bytes: Buffer.from(content(second), 'latin1') };
}

function json(value: object): Answer {
  return { status: 200, headers: { 'content-type': 'application/json' }, content: JSON.stringify(value) };
}

function failure(code: number): Answer {
  return { status: code, headers: { 'content-type': 'application/json' }, content: JSON.stringify({ error: { code, message: `told to answer ${code}`, errors: [{ reason: 'test' }] } }) };
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** RFC 3720, appendix B.4; big-endian and base64 as Google has it. */
function crc32c(bytes: Buffer): string {
  let crc = 0xff_ff_ff_ff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82_f6_3b_78 : 0);
  }
  const value = Buffer.alloc(4);
  value.writeUInt32BE(~crc >>> 0);
  return value.toString('base64');
}
