// One HTTP request and its answer, as a port: processes keep its id, the socket stays here. It
// is owned by whoever has to answer; if that dies without having answered, `abandoned` says
// what the client gets.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { forgetPort, openPort, Port, portTable, type ExitReason, type PortId } from '@flyball/kernel';
import { BodyReader, type BodyOutcome } from './body.ts';

/** Names and values in turn, as `ServerResponse.writeHead` takes them. */
export type RawHeaders = readonly string[];

let openExchanges = 0;
let whenNone: (() => void)[] = [];

/** Resolves when no request is being answered. */
export function whenAllAnswered(): Promise<void> {
  return new Promise((resolve) => {
    if (openExchanges === 0) resolve();
    else whenNone.push(resolve);
  });
}

const DRAINED_HEADERS: RawHeaders = ['Connection', 'close'];

// The newest exchange of a connection, which leads to older ones that are still open (pipelining).
// One close listener a connection is cheaper than one a request.
const newestExchange: unique symbol = Symbol('newest exchange');
type TrackedSocket = Socket & { [newestExchange]?: Exchange | undefined };

/** The connection is gone, and with it the clients of its open exchanges. */
export function connectionClosed(socket: Socket): void {
  for (let exchange = (socket as TrackedSocket)[newestExchange]; exchange !== undefined; exchange = exchange.older) exchange.clientGone();
}

export class Exchange extends Port {
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #isDraining: () => boolean;
  /** Called if the owner dies before the answer; it must answer. */
  abandoned: ((exchange: Exchange, reason: ExitReason) => void) | undefined = undefined;
  /** The one before it on its connection, while that is open. */
  older: Exchange | undefined;
  #finished = false;
  #body: BodyReader | undefined;
  #onGone: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, isDraining: () => boolean) {
    super();
    this.request = request;
    this.#response = response;
    this.#isDraining = isDraining;
    openPort(this, undefined);
    openExchanges += 1;
    const socket = request.socket as TrackedSocket;
    const before = socket[newestExchange];
    this.older = before === undefined || before.#finished ? undefined : before;
    socket[newestExchange] = this;
  }

  get method(): string {
    return this.request.method ?? '';
  }

  get headers(): IncomingMessage['headers'] {
    return this.request.headers;
  }

  /** Path without the query. */
  get path(): string {
    const { url = '/' } = this.request;
    const end = url.indexOf('?');
    return end < 0 ? url : url.slice(0, end);
  }

  get query(): URLSearchParams {
    const { url = '/' } = this.request;
    const start = url.indexOf('?');
    return new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  }

  /** True once answered, or once the client is gone: nothing more can be sent. */
  get finished(): boolean {
    return this.#finished;
  }

  get streaming(): boolean {
    return this.#response.headersSent && !this.#finished;
  }

  /** Runs once if the client goes away before the answer is complete. */
  onGone(callback: () => void): void {
    this.#onGone = callback;
  }

  /** Reads the whole body as UTF-8 text, at most `bytesMax`. */
  readBody(bytesMax: number, done: (outcome: BodyOutcome) => void): void {
    this.#body = new BodyReader(this.request, bytesMax, done);
  }

  /** The whole answer at once. Nothing if it was answered or the client is gone. */
  answer(status: number, headers: RawHeaders, body: string | Uint8Array): void {
    if (this.#finished) return;
    this.#finish();
    const response = this.#response;
    const upload = uploadUnderWay(this.request);
    const close = this.#isDraining() || upload === 'endless';
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const all = [...headers, 'Content-Length', String(bytes)];
    if (close) all.push(...DRAINED_HEADERS);
    response.writeHead(status, all);
    // Text that is all ASCII goes out as it lies in memory.
    const encoding = bytes === body.length ? 'latin1' : 'utf8';
    if (upload !== 'bounded') return void response.end(body, encoding);
    response.write(body, encoding);
    discardUpload(this.request, () => response.end());
  }

  /**
   * An answer of `bytes` bytes, of which no more is read than the client takes. Settled when all is sent or the client
   * is gone; `pieces` is closed then. The connection breaks off if `pieces` fails or `signal` aborts.
   */
  async answerPieces(status: number, headers: RawHeaders, { bytes, pieces, signal }: { readonly bytes: number; readonly pieces: Readable; readonly signal: AbortSignal }): Promise<void> {
    if (this.#finished) return void pieces.destroy();
    this.#finish();
    const response = this.#response;
    const close = this.#isDraining() || uploadUnderWay(this.request) !== 'none';
    response.writeHead(status, [...headers, 'Content-Length', String(bytes), ...(close ? DRAINED_HEADERS : [])]);
    await pipeline(pieces, response, { signal }).catch(() => response.destroy());
  }

  /** Begins an answer of open length: `write` and `end` follow. A GET's has no end of its own, so its connection ends with it. */
  openStream(status: number, headers: RawHeaders): void {
    if (this.#finished) return;
    const close = this.#isDraining() || this.method === 'GET';
    this.#response.writeHead(status, close ? [...headers, ...DRAINED_HEADERS] : [...headers]);
    this.#response.flushHeaders();
  }

  /** False if the client is gone, or reads so slowly that more than `STREAM_BYTES_MAX` wait. */
  write(text: string): boolean {
    if (this.#finished) return false;
    this.#response.write(text);
    return !this.congested;
  }

  /** Does the client read so slowly that more than `STREAM_BYTES_MAX` wait? */
  get congested(): boolean {
    return this.#response.writableLength > STREAM_BYTES_MAX;
  }

  /** Runs once when all that waited has been sent. */
  onceDrained(callback: () => void): void {
    this.#response.once('drain', callback);
  }

  end(text = ''): void {
    if (this.#finished) return;
    this.#finish();
    this.#response.end(text);
  }

  /** Breaks the connection off, for an answer that cannot be completed. */
  destroy(): void {
    if (!this.#finished) this.#finish();
    this.#response.destroy();
  }

  close(reason: ExitReason): void {
    if (this.#finished) return;
    if (this.abandoned !== undefined) this.abandoned(this, reason);
    if (!this.#finished) this.destroy();
  }

  #finish(): void {
    this.#finished = true;
    this.#onGone = undefined;
    this.older = undefined;
    forgetPort(this);
    openExchanges -= 1;
    if (openExchanges > 0 || whenNone.length === 0) return;
    for (const resolve of whenNone) resolve();
    whenNone = [];
  }

  /** Called by the connection alone. */
  clientGone(): void {
    this.#body?.abort();
    if (this.#finished) return;
    const onGone = this.#onGone;
    this.#finish();
    onGone?.();
  }
}

/** What is still read of an upload that has been answered already; more breaks the connection off. */
const DISCARDED_BYTES_MAX = 67_108_864;

function uploadUnderWay({ complete, headers }: IncomingMessage): 'none' | 'bounded' | 'endless' {
  const length = Number(headers['content-length'] ?? 0);
  // A request without a body may be answered before the parser has seen its end.
  if (complete || (length === 0 && headers['transfer-encoding'] === undefined)) return 'none';
  return length > DISCARDED_BYTES_MAX ? 'endless' : 'bounded';
}

/**
 * Answered in its midst, an upload is read to its end all the same: closing a connection on which unread
 * bytes wait resets it, and the client would lose the answer.
 */
function discardUpload(request: IncomingMessage, done: () => void): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARDED_BYTES_MAX) request.destroy();
  });
  request.once('close', done);
}

/** What a client that does not read may leave waiting in memory. */
export const STREAM_BYTES_MAX = 1_048_576;

/** The open exchange of that id; undefined once it is answered. */
export function exchangeOf(id: PortId): Exchange | undefined {
  const port = portTable.get(id);
  return port instanceof Exchange ? port : undefined;
}
