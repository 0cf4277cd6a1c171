// The port behind an HTTP listener: Node's server with its connections, which it keeps when
// accepting stops, be it for a moment (its acceptor crashed) or for good (drain). It reads no
// body and decides nothing: each request becomes an exchange and goes to its route.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import net from 'node:net';
import { openPort, Port, telemetryEvent, type Process } from '@flyball/kernel';
import type { ListenHandle } from '../descriptors.ts';
import { connectionClosed, Exchange } from './exchange.ts';
import { http } from './node-http.ts';
import { findRoute } from './routes.ts';

export interface HttpServerOptions {
  /** Open connections; more are closed at once. */
  readonly connectionsMax: number;
  /** An idle connection is closed after this long. */
  readonly keepAliveTimeoutMs: number;
  /** May this peer use routes for local users? Asked once a request. */
  readonly isLocal: (request: IncomingMessage) => boolean;
  /** Only other processes of this node connect: serves the internal routes too. */
  readonly internal?: boolean;
}

export const requestFailed = telemetryEvent<{ method: string; path: string; error: unknown }>('listener.request.failed');
export const connectionRefused = telemetryEvent<{ open: number; connectionsMax: number }>('listener.connection.refused');

const JSON_HEADERS = ['Content-Type', 'application/json'];

export class HttpServerPort extends Port {
  readonly #server: Server;
  readonly #isLocal: HttpServerOptions['isLocal'];
  readonly #internal: boolean;
  #draining = false;
  #connections = 0;
  #onEmpty: (() => void) | undefined;
  readonly #isDraining = (): boolean => this.#draining;

  constructor(options: HttpServerOptions, owner: Process) {
    super();
    this.#isLocal = options.isLocal;
    this.#internal = options.internal === true;
    this.#server = http.createServer({ keepAliveTimeout: options.keepAliveTimeoutMs, noDelay: true, requireHostHeader: false }, (request, response) => this.#handle(request, response));
    this.#server.maxConnections = options.connectionsMax;
    this.#server.on('connection', (socket: net.Socket) => this.#connected(socket));
    this.#server.on('drop', () => connectionRefused.emit({ open: this.#connections, connectionsMax: options.connectionsMax }));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseUnreadable(error.code, socket));
    openPort(this, owner);
  }

  get connections(): number {
    return this.#connections;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Accepts on a bound descriptor, or on a Unix socket path. */
  listen(where: ListenHandle | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(where, 4_096, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Stops accepting; connections live on. `http.Server.close` would close the idle ones under a client that is just sending. */
  stopAccepting(): void {
    net.Server.prototype.close.call(this.#server);
  }

  /** From now on each answer closes its connection; `done` runs when none is left. */
  drain(done: () => void): void {
    this.#draining = true;
    this.#onEmpty = done;
    if (this.#connections === 0) setImmediate(done);
  }

  close(): void {
    this.stopAccepting();
    this.#server.closeAllConnections();
  }

  #connected(socket: net.Socket): void {
    this.#connections += 1;
    socket.once('close', () => {
      connectionClosed(socket);
      this.#connections -= 1;
      if (this.#connections === 0) this.#onEmpty?.();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const exchange = new Exchange(request, response, this.#isDraining);
    try {
      const route = findRoute(exchange.path);
      if (route === undefined || (route.audience === 'internal' && !this.#internal)) exchange.answer(404, JSON_HEADERS, '{"error":"not found"}');
      else if (route.audience === 'local' && !this.#isLocal(request)) exchange.answer(403, JSON_HEADERS, FORBIDDEN);
      else route.handler(exchange);
    } catch (error) {
      requestFailed.emit({ method: exchange.method, path: exchange.path, error });
      exchange.answer(500, JSON_HEADERS, '{"error":"internal error"}');
    }
  }
}

const FORBIDDEN = JSON.stringify({
  error: 'forbidden: this address serves strangers only the probes until authentication is configured; start with --allow-public to serve MCP to all',
});

/** What the parser gave up on, by its error code; all else is no HTTP. */
const UNREADABLE_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Content Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function refuseUnreadable(code: string | undefined, socket: import('node:stream').Duplex): void {
  const status = UNREADABLE_STATUS[code ?? ''] ?? '400 Bad Request';
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  else socket.destroy();
}
