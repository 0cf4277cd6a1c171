// The log of a ledger on the node's own port, as C2SP tlog-tiles: `<prefix>checkpoint`, `<prefix>tile/…`. Files only:
// it needs no writer in this process, so any shard may answer.
import type { Process } from '@flyball/kernel';
import { serveLogFile, type HttpAnswer } from '@flyball/ledger';
import { addRoute, requestFailed, type Audience, type Exchange } from '@flyball/listener';
import { isLoopback } from './loopback.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' } as const;
const FORBIDDEN = 'this log is served to this host only; --ledger-public serves it to anyone\n';

export interface LedgerRoutes {
  /** The ledger's folder, or an export's. */
  readonly folder: string;
  /** Begins and ends with a slash. Its address for verifiers is that of the port with this behind it. */
  readonly prefix: string;
  /** Receipts tell what tenants did: `anyone` is for logs meant to be public. */
  readonly audience: Audience;
}

/** The routes end with `owner`. */
export function addLedgerRoutes({ folder, prefix, audience }: LedgerRoutes, owner: Process): void {
  const handler = (exchange: Exchange): void => {
    if (audience === 'local' && !isFromHere(exchange)) exchange.answer(403, Object.entries(TEXT).flat(), FORBIDDEN);
    else void answer(exchange, { folder, path: exchange.path.slice(prefix.length) });
  };
  addRoute({ path: prefix, isPrefix: true, audience, handler }, owner);
}

/** --allow-public opens MCP to strangers; that does not make a log public. A Unix socket has no address. */
function isFromHere({ request }: Exchange): boolean {
  const { remoteAddress } = request.socket;
  return remoteAddress === undefined || isLoopback(remoteAddress);
}

async function answer(exchange: Exchange, { folder, path }: { readonly folder: string; readonly path: string }): Promise<void> {
  const { method } = exchange;
  const { status, headers, body } = await serveLogFile(folder, { method, path }).catch((error: unknown): HttpAnswer => {
    requestFailed.emit({ method, path: exchange.path, error });
    return { status: 503, headers: TEXT, body: 'the log cannot be read just now\n' };
  });
  exchange.answer(status, Object.entries(headers).flat(), body);
}
