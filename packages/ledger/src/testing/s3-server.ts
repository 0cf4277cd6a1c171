// A server that speaks as much of the S3 API as an export uses: signatures (checked, by the rules of "Signature
// Version 4" and not by the client's code), conditional writes, listing in pages. Fails when told to.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'secret/of+tests' };
const pageKeysMax = 3;

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly requests: string[] = [];
  /** Told of each request before it is answered. */
  onRequest: (request: string) => void = () => {};
  /** Of the next requests, one each: answer so instead. */
  faults: number[] = [];
  /** Does what the first PUT of each key asks, and answers 500: what a client sees of an answer that got lost. */
  losesAnswers = false;
  readonly #lost = new Set<string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<S3Server> {
    const server = createServer();
    const s3 = new S3Server(server);
    server.on('request', (request, response) => void s3.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return s3;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    this.requests.push(`${request.method} ${request.url}`);
    this.onRequest(this.requests.at(-1)!);
    const fault = this.faults.shift();
    if (fault !== undefined) return void response.writeHead(fault).end('<Error><Code>SlowDown</Code></Error>');
    if (!isSigned(request, body)) return void response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>');
    const { status, headers = {}, content = '' } = this.#do(request, body);
    if (this.#loses(request)) return void response.writeHead(500).end();
    response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : content);
  }

  #loses({ method, url = '' }: IncomingMessage): boolean {
    if (!this.losesAnswers || method !== 'PUT' || this.#lost.has(url)) return false;
    this.#lost.add(url);
    return true;
  }

  #do({ method, url = '', headers }: IncomingMessage, body: Buffer): { status: number; headers?: Record<string, string>; content?: Buffer | string } {
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
    const from = Number(query.get('continuation-token') ?? 0);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).toSorted();
    const page = keys.slice(from, from + pageKeysMax).map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join('');
    const more = from + pageKeysMax < keys.length ? `<NextContinuationToken>${from + pageKeysMax}</NextContinuationToken>` : '';
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
