// Owner of the calls that belong to no session: each stateless request is a task linked to it, so
// that an application that stops takes them along. It answers the server's other stateless
// requests too.
import { exitProcess, genServer, givePort, processOf, type Self } from '@flyball/kernel';
import { addRoute, exchangeOf, type Exchange } from '@flyball/listener';
import { discoverResultJson } from '../protocol/discover.ts';
import type { Envelope } from '../protocol/eras.ts';
import { methodNotFound, type RpcRequest } from '../protocol/json-rpc.ts';
import { serveStreamableHttp } from '../transports/streamable-http.ts';
import { startCallProcess } from './call-process.ts';
import { answerConstant, answerToolsList } from './plain-requests.ts';
import { CANCELLED, sendError } from './reply-channel.ts';
import { preparedOf, serverAt, type ServerSlot } from './served.ts';

export interface StatelessMessage {
  readonly exchange: number;
  readonly request: RpcRequest;
  readonly envelope: Envelope;
}

export const callsServer = genServer({
  init: (path: string, self: Self) => {
    self.trapExit(true);
    addRoute({ path, audience: 'local', handler: (exchange) => serveStreamableHttp(path, self.pid, exchange) }, processOf(self.pid)!);
    return { path };
  },
  casts: {
    request: (state, { exchange: id, request, envelope }: StatelessMessage, self) => {
      const exchange = exchangeOf(id);
      const slot = serverAt(state.path);
      if (exchange !== undefined && slot !== undefined) takeRequest(slot, exchange, request, envelope, self);
    },
  },
  // The exits of its calls need no answer: their exchanges were theirs.
  info: () => {},
});

function takeRequest(slot: ServerSlot, exchange: Exchange, request: RpcRequest, envelope: Envelope, self: Self): void {
  switch (request.method) {
    case 'tools/call':
      return startCall(slot, exchange, request, envelope, self);
    case 'server/discover':
      return answerConstant(exchange, request, () => discoverResultJson(preparedOf(slot)), 'stateless');
    case 'tools/list':
      return answerToolsList(exchange, request, slot, 'stateless');
    default:
      return sendError(exchange, request.id, methodNotFound(request.method), 'stateless');
  }
}

function startCall(slot: ServerSlot, exchange: Exchange, request: RpcRequest, envelope: Envelope, self: Self): void {
  const { version, capabilities, clientInfo } = envelope;
  const call = { request, era: 'stateless', version, capabilities, client: clientInfo, session: undefined } as const;
  const task = startCallProcess(slot, exchange, call, self);
  if (task === undefined) return;
  givePort(exchange.id, task);
  // Without sessions, a client gives a call up by closing its stream (2026-07-28 cancellation, "Transport").
  exchange.onGone(() => exitProcess(task, CANCELLED));
}
