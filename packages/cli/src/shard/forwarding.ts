// Requests for sessions that live in another process of this node go there over its Unix socket, and
// so do requests for new ones once this process hands over.
import { forwardExchange, type Exchange } from '@flyball/listener';
import { endForReconnect, shardOfSession, useSessionForwarder } from '@flyball/mcp';
import type { Peer } from '@flyball/release';
import { successor, whereSessionMayBe, type Place } from './peers.ts';

const JSON_HEADERS = ['Content-Type', 'application/json'];
// What a client does with 404 is what is needed here: it initializes again.
const SESSION_LOST = JSON.stringify({ jsonrpc: '2.0', error: { code: -32_600, message: 'Session not found: the process that held it ended; send initialize' } });
const TRY_AGAIN = JSON.stringify({ jsonrpc: '2.0', error: { code: -32_603, message: 'Internal error: the process that takes over ended; try again' } });

export function forwardSessions(self: Place): void {
  useSessionForwarder((exchange, sessionId, body) => {
    if (sessionId === undefined) return passOn(exchange, successor(), body, tryAgain);
    const shard = shardOfSession(sessionId);
    const peer = shard === undefined ? undefined : whereSessionMayBe(self, shard);
    if (peer !== undefined && exchange.method === 'GET' && successor() !== undefined) {
      // Passed on, the stream would keep this process alive.
      endForReconnect(exchange);
      return true;
    }
    return passOn(exchange, peer, body, sessionLost);
  });
}

function passOn(exchange: Exchange, peer: Peer | undefined, body: string | undefined, unreachable: (exchange: Exchange) => void): boolean {
  return peer !== undefined && forwardExchange(exchange, peer.http, body, unreachable);
}

function sessionLost(exchange: Exchange): void {
  exchange.answer(404, JSON_HEADERS, SESSION_LOST);
}

function tryAgain(exchange: Exchange): void {
  exchange.answer(503, JSON_HEADERS, TRY_AGAIN);
}
