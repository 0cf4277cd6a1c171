// The node's own process: its probes, and the routes that only its other processes use.
import { genServer, processOf, reply, type Self } from '@flyball/kernel';
import { addRoute, whenNoneForwarded, type Exchange, type RouteEntry } from '@flyball/listener';
import { adoptSessions } from '@flyball/mcp';
import { FAREWELL_PATH, SESSIONS_PATH, type FarewellBody, type SessionsBody } from './internal-requests.ts';
import { ledgerPart } from './ledger-part.ts';
import type { LedgerRoutes } from './ledger-routes.ts';
import { part } from './peers.ts';

const FAREWELL_BYTES_MAX = 4_096;
const SESSIONS_BYTES_MAX = 64 * 1_048_576;

/** Read by the probes, which must answer whatever the processes do. */
export type Readiness = 'starting' | 'ready' | 'draining';
let readiness: Readiness = 'starting';

export function setReadiness(next: Readiness): void {
  readiness = next;
}

const TEXT_HEADERS = ['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store'];
const JSON_HEADERS = ['Content-Type', 'application/json'];

const routes: readonly RouteEntry[] = [
  { path: '/livez', audience: 'anyone', handler: (exchange) => exchange.answer(200, TEXT_HEADERS, 'ok\n') },
  { path: '/readyz', audience: 'anyone', handler: (exchange) => exchange.answer(isReady() ? 200 : 503, TEXT_HEADERS, readinessText(exchange)) },
  { path: SESSIONS_PATH, audience: 'internal', handler: takeSessions },
  { path: FAREWELL_PATH, audience: 'internal', handler: takeFarewell },
];

/** A node that was told to keep receipts and cannot is not ready: what needs one is refused. */
function isReady(): boolean {
  return readiness === 'ready' && ledgerPart()?.ledgerProblemHere() === undefined;
}

function readinessText(exchange: Exchange): string {
  const applications = readiness === 'ready' ? 'ok' : readiness;
  const problem = ledgerPart()?.ledgerProblemHere();
  if (!exchange.query.has('verbose')) return `${problem === undefined ? applications : 'ledger unavailable'}\n`;
  // Why is for the node's operator (ctl ledger status): strangers may ask here.
  const ledger = ledgerPart() === undefined ? '' : `[${problem === undefined ? '+' : '-'}]ledger ${problem?.code ?? 'ok'}\n`;
  return `[${readiness === 'ready' ? '+' : '-'}]applications ${applications}\n${ledger}readyz check ${isReady() ? 'passed' : 'failed'}\n`;
}

function takeSessions(exchange: Exchange): void {
  exchange.readBody(SESSIONS_BYTES_MAX, (body) => {
    if (!body.ok) return exchange.answer(400, JSON_HEADERS, '{"taken":[]}');
    const { sessions } = JSON.parse(body.text) as SessionsBody;
    void adoptSessions(sessions).then((taken) => exchange.answer(200, JSON_HEADERS, JSON.stringify({ taken })));
  });
}

function takeFarewell(exchange: Exchange): void {
  exchange.readBody(FAREWELL_BYTES_MAX, (body) => {
    if (!body.ok) return exchange.answer(400, JSON_HEADERS, '{}');
    const { http } = JSON.parse(body.text) as FarewellBody;
    part(http);
    void whenNoneForwarded(http).then(() => exchange.answer(200, JSON_HEADERS, '{}'));
  });
}

export interface NodeServerOptions {
  readonly ledger?: LedgerRoutes | undefined;
}

export const nodeServer = genServer({
  init: ({ ledger }: NodeServerOptions, self: Self) => {
    const owner = processOf(self.pid)!;
    for (const route of routes) addRoute(route, owner);
    if (ledger !== undefined) ledgerPart()?.addLedgerRoutes(ledger, owner);
    return {};
  },
  calls: { ping: () => reply('pong' as const) },
});
