// Streamable HTTP, both eras: checks what can be checked without the body, reads it, and hands the
// message to the session it belongs to, or to the server where there is none. It answers only what
// it refuses.
import { call, Message, CAST, enqueue, givePort, named, processNamed, processOf, type Pid, type Process, type SupervisorProtocol } from '@flyball/kernel';
import type { BodyOutcome, Exchange } from '@flyball/listener';
import { bodyTooLarge, brokenBody, checkHead, rejectionBody, routeDelete, routeGet, routePost, sessionNotFound, type Rejection } from '../protocol/http-rules.ts';
import { initializeResultJson, initializeVersion } from '../protocol/initialize.ts';
import { encodeError, encodeResult, internalError, invalidParams, parseJson, RPC_CODES, type RequestId, type RpcRequest } from '../protocol/json-rpc.ts';
import { readInitialize } from '../protocol/params.ts';
import { answerWhenAbandoned, JSON_HEADERS, sendError } from '../serving/reply-channel.ts';
import { preparedOf, serverAt } from '../serving/served.ts';
import { forwardToSession, newSessionId, sessionCount, sessionProcess } from '../serving/session-directory.ts';
import type { SessionSeed } from '../serving/session-server.ts';
import { sessionsName } from '../serving/server-tree.ts';
import { servingSettings } from '../serving/settings.ts';

/** One HTTP request to the server at `path`, whose stateless calls `calls` owns. */
export function serveStreamableHttp(path: string, calls: Pid, exchange: Exchange): void {
  const { headers, method } = exchange;
  const refused = checkHead(method, headers, servingSettings().origins);
  if (refused !== undefined) return sendRejection(exchange, refused);
  if (method === 'POST') exchange.readBody(servingSettings().bodyBytesMax, (body) => takePost(path, calls, exchange, body));
  else if (method === 'GET') takeGet(exchange);
  else takeDelete(exchange);
}

function takePost(path: string, calls: Pid, exchange: Exchange, body: BodyOutcome): void {
  if (!body.ok) {
    if (body.reason === 'too-large') sendRejection(exchange, bodyTooLarge(servingSettings().bodyBytesMax));
    return;
  }
  const parsed = parseJson(body.text);
  if (!parsed.ok) return sendRejection(exchange, brokenBody(parsed.invalid));
  const route = routePost(exchange.headers, parsed.value);
  switch (route.kind) {
    case 'session-message':
      return toSession(exchange, route.sessionId, { name: 'message', what: { exchange: exchange.id, message: route.message, body: body.text }, body: body.text, id: idOf(route.message) });
    case 'stateless-request':
      answerWhenAbandoned(exchange, route.request.id, 'stateless');
      return deliverTo(processOf(calls), exchange, 'request', { exchange: exchange.id, request: route.request, envelope: route.envelope });
    case 'initialize':
      return forwardToSession(exchange, undefined, body.text) ? undefined : initialize(path, exchange, route.request);
    case 'stateless-notification':
      return exchange.answer(202, JSON_HEADERS, '');
    case 'session-batch':
      return exchange.answer(400, JSON_HEADERS, encodeError(undefined, { code: RPC_CODES.invalidRequest, message: 'Invalid request: batches are not served; send one message a request' }));
    case 'reject':
      return sendRejection(exchange, route);
  }
}

function idOf(message: { kind: string; id?: RequestId }): RequestId | undefined {
  return message.kind === 'request' ? message.id : undefined;
}

function takeGet(exchange: Exchange): void {
  const route = routeGet(exchange.headers);
  if (route.kind === 'reject') return sendRejection(exchange, route);
  toSession(exchange, route.sessionId, { name: 'stream', what: exchange.id });
}

function takeDelete(exchange: Exchange): void {
  const route = routeDelete(exchange.headers);
  if (route.kind === 'reject') return sendRejection(exchange, route);
  toSession(exchange, route.sessionId, { name: 'delete', what: exchange.id });
}

/** A cast to a session, and what is needed where the session is not here. */
interface ForSession {
  readonly name: 'message' | 'stream' | 'delete';
  readonly what: unknown;
  readonly body?: string;
  readonly id?: RequestId | undefined;
}

function toSession(exchange: Exchange, sessionId: string, { name, what, body, id }: ForSession): void {
  const session = sessionProcess(sessionId);
  if (session !== undefined) {
    exchange.abandoned = sessionLost;
    deliverTo(session, exchange, name, what);
  } else if (!forwardToSession(exchange, sessionId, body)) sendRejection(exchange, sessionNotFound(id));
}

// Enqueued past the mailbox's limit: a request is counted by its connection, and never dropped silently.
// Nor if the process ends before it has read it: the exchange is its own, and says then what `abandoned` says.
function deliverTo(process: Process | undefined, exchange: Exchange, name: string, what: unknown): void {
  if (process === undefined) return exchange.answer(503, JSON_HEADERS, encodeError(undefined, internalError('The server is stopping')));
  givePort(exchange.id, process);
  enqueue(process, new Message(CAST, name, what, undefined));
}

function sessionLost(exchange: Exchange): void {
  sendRejection(exchange, sessionNotFound());
}

function initialize(path: string, exchange: Exchange, request: RpcRequest): void {
  const read = readInitialize(request.params);
  if (!read.ok) return sendError(exchange, request.id, invalidParams(read.message), 'sessionful');
  const slot = serverAt(path);
  const sessions = processNamed(sessionsName(path));
  if (slot === undefined || sessions === undefined) return sendError(exchange, request.id, internalError('The server is stopping'), 'sessionful');
  const { sessionsMax, shard } = servingSettings();
  if (sessionCount() >= sessionsMax) return sendError(exchange, request.id, internalError(`All ${sessionsMax} sessions of this server are in use; try again later`), 'sessionful');
  const version = initializeVersion(read);
  const seed: SessionSeed = { id: newSessionId(shard), server: path, version, capabilities: read.capabilities, client: read.clientInfo };
  call(named<{ protocol: SupervisorProtocol }>(sessionsName(path)), 'startChild', { argument: seed }).then(
    () => exchange.answer(200, [...JSON_HEADERS, 'Mcp-Session-Id', seed.id], encodeResult(request.id, initializeResultJson(preparedOf(slot), version))),
    () => sendError(exchange, request.id, internalError(), 'sessionful'),
  );
}

function sendRejection(exchange: Exchange, rejection: Rejection): void {
  const headers = rejection.allow === undefined ? JSON_HEADERS : [...JSON_HEADERS, 'Allow', rejection.allow];
  exchange.answer(rejection.status, headers, rejectionBody(rejection));
}
