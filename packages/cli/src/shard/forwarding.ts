// Requests for sessions that live in another process of this node go there over its Unix socket.
import { forwardExchange, type Exchange } from '@flyball/listener';
import { shardOfSession, useSessionForwarder } from '@flyball/mcp';
import { whereSessionMayBe, type Place } from './peers.ts';

const JSON_HEADERS = ['Content-Type', 'application/json'];
// What a client does with 404 is what is needed here: it initializes again.
const SESSION_LOST = JSON.stringify({ jsonrpc: '2.0', error: { code: -32_600, message: 'Session not found: the process that held it ended; send initialize' } });

export function forwardSessions(self: Place): void {
  useSessionForwarder((exchange, sessionId, body) => {
    const shard = shardOfSession(sessionId);
    const peer = shard === undefined ? undefined : whereSessionMayBe(self, shard);
    return peer !== undefined && forwardExchange(exchange, peer.http, body, sessionLost);
  });
}

function sessionLost(exchange: Exchange): void {
  exchange.answer(404, JSON_HEADERS, SESSION_LOST);
}
