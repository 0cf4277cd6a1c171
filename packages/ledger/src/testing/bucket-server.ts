// What servers of buckets have in common, whatever API they speak: objects in memory, a free port of this machine, and
// failures when told to. For tests only.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type BucketAnswer = { readonly status: number; readonly headers?: Record<string, string>; readonly content?: Buffer | string };

/** So few that an export's listings have several pages. */
export const pageKeysMax = 3;

export abstract class BucketServer<Stored> {
  readonly objects = new Map<string, Stored>();
  readonly requests: string[] = [];
  /** Told of each request before it is answered. */
  onRequest: (request: string) => void = () => {};
  /** Of the next requests, one each: answer so instead. */
  faults: number[] = [];
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then(({ status, headers = {}, content = '' }) => response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : content));
  });

  protected listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  protected abstract do(request: IncomingMessage, body: Buffer): BucketAnswer;
  protected abstract failure(status: number): BucketAnswer;

  /** A page of the keys that begin so, from the token of the page before on. */
  protected page(prefix: string, token: string | null): { readonly keys: readonly string[]; readonly next: string | undefined } {
    const from = Number(token ?? 0);
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
    return { keys: keys.slice(from, from + pageKeysMax), next: from + pageKeysMax < keys.length ? String(from + pageKeysMax) : undefined };
  }

  async #answer(request: IncomingMessage): Promise<BucketAnswer> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    this.requests.push(`${request.method} ${request.url}`);
    this.onRequest(this.requests.at(-1)!);
    const fault = this.faults.shift();
    return fault === undefined ? this.do(request, body) : this.failure(fault);
  }
}
