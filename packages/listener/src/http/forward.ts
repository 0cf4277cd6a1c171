// Passes an exchange on to another shard's internal listener and its answer back, as it comes.
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Exchange } from './exchange.ts';
import { http } from './node-http.ts';

/** Counts how often a request was passed on, so that two shards never play ping-pong with it. */
export const HOPS_HEADER = 'x-flyball-hops';
const HOPS_MAX = 3;

// One agent for all peers: it keeps connections by socket path.
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/** Of this hop alone (RFC 9110, 7.6.1), or set anew for the next. */
const NOT_PASSED_ON = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade', 'te', 'trailer', 'proxy-connection', 'date', HOPS_HEADER]);

/** How often this request was passed on before it came here. */
export function hopsOf(exchange: Exchange): number {
  const hops = Number(exchange.headers[HOPS_HEADER] ?? 0);
  return Number.isSafeInteger(hops) && hops >= 0 ? hops : HOPS_MAX;
}

interface Forward {
  readonly exchange: Exchange;
  readonly socketPath: string;
  readonly request: ClientRequest;
}

/** What is under way to other processes. */
const forwards = new Set<Forward>();
const watchers = new Set<() => void>();

/** Resolves when nothing that was passed on to that socket is without its answer. */
export function whenNoneForwarded(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      for (const forward of forwards) if (forward.socketPath === socketPath) return;
      watchers.delete(look);
      resolve();
    };
    watchers.add(look);
    look();
  });
}

/** Gives the streams of GETs that lead to other processes to `end`, which must end them: they have no end of their own. */
export function endForwardedStreams(end: (exchange: Exchange) => void): void {
  for (const { exchange, request } of forwards) {
    if (exchange.method !== 'GET') continue;
    end(exchange);
    request.destroy();
  }
}

/** False if it has been passed on too often. `unreachable` must answer: nobody listens at `socketPath`. */
export function forwardExchange(exchange: Exchange, socketPath: string, body: string | undefined, unreachable: (exchange: Exchange) => void): boolean {
  const hops = hopsOf(exchange) + 1;
  if (hops > HOPS_MAX) return false;
  const headers: OutgoingHttpHeaders = { ...passedOn(exchange.headers), [HOPS_HEADER]: String(hops) };
  if (body !== undefined) headers['content-length'] = Buffer.byteLength(body);
  const request = http.request({ socketPath, agent, method: exchange.method, path: exchange.request.url, headers });
  track({ exchange, socketPath, request });
  request.on('response', (response) => relay(exchange, response));
  request.on('error', () => {
    if (exchange.streaming) exchange.destroy();
    else if (!exchange.finished) unreachable(exchange);
  });
  exchange.onGone(() => request.destroy());
  request.end(body);
  return true;
}

function track(forward: Forward): void {
  forwards.add(forward);
  forward.request.on('close', () => {
    forwards.delete(forward);
    for (const look of watchers) look();
  });
}

function passedOn(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name)));
}

function relay(exchange: Exchange, response: IncomingMessage): void {
  const headers = Object.entries(passedOn(response.headers)).flatMap(([name, value]) => (typeof value === 'string' ? [name, value] : []));
  const { statusCode = 200 } = response;
  response.setEncoding('utf8');
  if (response.headers['content-length'] === undefined) relayStream(exchange, response, statusCode, headers);
  else relayWhole(exchange, response, statusCode, headers);
}

function relayStream(exchange: Exchange, response: IncomingMessage, status: number, headers: string[]): void {
  exchange.openStream(status, headers);
  response.on('data', (text: string) => {
    if (exchange.write(text) || exchange.finished) return;
    response.pause();
    exchange.onceDrained(() => response.resume());
  });
  response.on('end', () => exchange.end());
  response.on('error', () => exchange.destroy());
}

function relayWhole(exchange: Exchange, response: IncomingMessage, status: number, headers: string[]): void {
  let text = '';
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('end', () => exchange.answer(status, headers, text));
  response.on('error', () => exchange.destroy());
}
