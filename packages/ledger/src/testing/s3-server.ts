// A server that speaks as much of the S3 API as an export uses: signatures (checked, by the rules of "Signature
// Version 4" and not by the client's code), conditional writes, listing in pages. Fails when told to.
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { BucketServer, type BucketAnswer } from './bucket-server.ts';

export const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'secret/of+tests' };

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

export class S3Server extends BucketServer<Buffer> {
  /** Does what the first PUT of each key asks, and answers 500: what a client sees of an answer that got lost. */
  losesAnswers = false;
  readonly #lost = new Set<string>();

  static async start(): Promise<S3Server> {
    const s3 = new S3Server();
    await s3.listen();
    return s3;
  }

  protected do(request: IncomingMessage, body: Buffer): BucketAnswer {
    if (!isSigned(request, body)) return { status: 403, content: '<Error><Code>SignatureDoesNotMatch</Code></Error>' };
    const answer = this.#do(request, body);
    return this.#loses(request) ? { status: 500 } : answer;
  }

  protected failure(status: number): BucketAnswer {
    return { status, content: '<Error><Code>SlowDown</Code></Error>' };
  }

  #loses({ method, url = '' }: IncomingMessage): boolean {
    if (!this.losesAnswers || method !== 'PUT' || this.#lost.has(url)) return false;
    this.#lost.add(url);
    return true;
  }

  #do({ method, url = '', headers }: IncomingMessage, body: Buffer): BucketAnswer {
    const { pathname, searchParams } = new URL(url, 'http://s3');
    const key = decodeURIComponent(pathname).slice('/bucket/'.length);
    if (!pathname.startsWith('/bucket/')) return { status: 404, content: '<Error><Code>NoSuchBucket</Code></Error>' };
    const there = this.objects.get(key);
    if (method === 'GET' && key === '') return { status: 200, content: this.#list(searchParams) };
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && there !== undefined) return { status: 412 };
      if (headers['if-match'] !== undefined && there === undefined) return { status: 404 };
      if (headers['if-match'] !== undefined && headers['if-match'] !== etagOf(there!)) return { status: 412 };
      this.objects.set(key, body);
      return { status: 200, headers: { etag: etagOf(body) } };
    }
    if (method === 'DELETE') return { status: this.objects.delete(key) ? 204 : 404 };
    return there === undefined ? { status: 404, content: '<Error><Code>NoSuchKey</Code></Error>' } : { status: 200, headers: { etag: etagOf(there) }, content: there };
  }

  #list(query: URLSearchParams): string {
    const { keys, next } = this.page(query.get('prefix') ?? '', query.get('continuation-token'));
    const page = keys.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join('');
    const more = next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`;
    return `<?xml version="1.0"?><ListBucketResult>${page}${more}</ListBucketResult>`;
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

/** Amazon S3, "Signature Calculations for the Authorization Header". */
function isSigned({ method, url = '', headers }: IncomingMessage, body: Buffer): boolean {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, access, day = '', region = '', names = '', signature] = pattern.exec(headers.authorization ?? '') ?? [];
  if (access !== credentials.accessKeyId || headers['x-amz-content-sha256'] !== sha256(body)) return false;
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const encode = (text: string) => encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = decodeURIComponent(pathname).split('/').map(encode).join('/');
  const query = [...searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted().join('&');
  const signed = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = [method, path, query, signed, names, headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = ['s3', 'aws4_request'].reduce<Buffer>(hmac, hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), region));
  return hmac(key, toSign).toString('hex') === signature;
}
