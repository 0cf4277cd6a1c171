// The log of a ledger on the node's own port, as C2SP tlog-tiles: `<prefix>checkpoint`, `<prefix>tile/…`. Files only:
// it needs no writer in this process, so any shard may answer.
import { Readable } from 'node:stream';
import { cancelTimer, startTimer, type Process } from '@flyball/kernel';
import { openLogFile, type HttpAnswer, type OpenFileAnswer } from '@flyball/ledger';
import { addRoute, requestFailed, type Audience, type Exchange } from '@flyball/listener';
import { isLoopback } from './loopback.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } as const;
const FORBIDDEN = 'this log is served to this host only; --ledger-public serves it to anyone\n';
// A page of any site could have its name lead here (DNS rebinding), and read what tenants did.
const FORBIDDEN_HOST = 'this log is served under the names of this host only, such as 127.0.0.1 and localhost; --ledger-public serves it under any\n';
const UNREADABLE: HttpAnswer = { status: 503, headers: TEXT, body: 'the log cannot be read just now\n' };
/** Sent at once: the system's own buffers take it. */
const WHOLE_BYTES_MAX = 65_536;
const sendingMaxDefault = 512;
/** 16 MiB, the longest file, at 0.5 Mbit/s. */
const SEND_TIMEOUT_MS = 300_000;

export interface LedgerRoutes {
  /** The ledger's folder, or an export's. */
  readonly folder: string;
  /** Begins and ends with a slash. Its address for verifiers is that of the port with this behind it. */
  readonly prefix: string;
  /** Receipts tell what tenants did: `anyone` is for logs meant to be public. */
  readonly audience: Audience;
  /** Files that are being sent at once, larger ones than `WHOLE_BYTES_MAX`; 512 unless given. */
  readonly sendingMax?: number;
}

/** The routes end with `owner`. */
export function addLedgerRoutes({ folder, prefix, audience, sendingMax = sendingMaxDefault }: LedgerRoutes, owner: Process): void {
  const handler = (exchange: Exchange): void => {
    const { headers: { host } } = exchange;
    if (audience === 'local' && !isFromHere(exchange)) exchange.answer(403, Object.entries(TEXT).flat(), FORBIDDEN);
    else if (audience === 'local' && !isNameOfThisHost(host)) exchange.answer(403, Object.entries(TEXT).flat(), FORBIDDEN_HOST);
    else void answer(exchange, { folder, path: exchange.path.slice(prefix.length), sendingMax });
  };
  addRoute({ path: prefix, isPrefix: true, audience, handler }, owner);
}

/** --allow-public opens MCP to strangers; that does not make a log public. A Unix socket has no address. */
function isFromHere({ request }: Exchange): boolean {
  const { remoteAddress } = request.socket;
  return remoteAddress === undefined || isLoopback(remoteAddress);
}

function isNameOfThisHost(host = 'localhost'): boolean {
  return isLoopback(host.toLowerCase().replace(/:\d{1,5}$/, ''));
}

async function answer(exchange: Exchange, { folder, path, sendingMax }: { readonly folder: string; readonly path: string; readonly sendingMax: number }): Promise<void> {
  const { method } = exchange;
  const found = await open(folder, { method, path }).catch((error: unknown): HttpAnswer => {
    requestFailed.emit({ method, path: exchange.path, error });
    return UNREADABLE;
  });
  if ('body' in found) exchange.answer(found.status, Object.entries(found.headers).flat(), found.body);
  else await send(exchange, found, sendingMax);
}

async function open(folder: string, request: { readonly method: string; readonly path: string }): Promise<HttpAnswer | OpenFileAnswer> {
  const found = await openLogFile(folder, request);
  if ('body' in found || found.bytes > WHOLE_BYTES_MAX) return found;
  const { status, headers, file } = found;
  return { status, headers, body: await file.readFile().finally(() => file.close()) };
}

let sending = 0;

/** A piece at a time, and to so many clients at once: one that asks for much and does not read costs the node next to nothing. */
async function send(exchange: Exchange, { status, headers, file, bytes }: OpenFileAnswer, sendingMax: number): Promise<void> {
  if (sending >= sendingMax) {
    await file.close();
    return exchange.answer(503, Object.entries({ ...TEXT, 'retry-after': '1' }).flat(), 'the log is being sent to too many; ask again\n');
  }
  sending += 1;
  const late = new AbortController();
  const timer = startTimer(SEND_TIMEOUT_MS, () => late.abort());
  const pieces = exchange.method === 'HEAD' ? Readable.from([]) : file.createReadStream({ end: bytes - 1, autoClose: false });
  await exchange.answerPieces(status, Object.entries(headers).flat(), { bytes, pieces, signal: late.signal });
  // Shorter than it was a moment ago: the client must not wait for the rest.
  if ('bytesRead' in pieces && pieces.bytesRead < bytes) exchange.request.socket.destroy();
  cancelTimer(timer);
  sending -= 1;
  await file.close();
}
