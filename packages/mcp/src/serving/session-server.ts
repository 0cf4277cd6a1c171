// A session: the process that speaks with one client. It answers the protocol's small requests
// itself and gives each tools/call to a task of its own, so that a ping, a cancellation or the
// answer to a question gets through while tools run.
import { exitProcess, genServer, givePort, noReply, processOf, processTable, reply, stop, telemetryEvent, type Exit, type NoReply, type PortId, type Process, type Reply, type Self } from '@flyball/kernel';
import { exchangeOf, type Exchange } from '@flyball/listener';
import { cancelTarget } from '../protocol/cancel.ts';
import { rejectionBody, sessionNotFound } from '../protocol/http-rules.ts';
import { EMPTY_RESULT_JSON, invalidParams, methodNotFound, type Params, type RequestId, type RpcMessage, type RpcRequest, type RpcResponse } from '../protocol/json-rpc.ts';
import type { ClientInfo } from '../protocol/params.ts';
import type { SessionVersion } from '../protocol/versions.ts';
import { startCallProcess } from './call-process.ts';
import { answerConstant, answerToolsList } from './plain-requests.ts';
import { answerWhenAbandoned, CANCELLED, endForReconnect, EVENT_STREAM_HEADERS, JSON_HEADERS, sendError } from './reply-channel.ts';
import { serverAt } from './served.ts';
import { enterSession, forwardToSession } from './session-directory.ts';
import { servingSettings } from './settings.ts';
import { sseComment } from '../protocol/sse.ts';

/** What makes a session, here or where it moves to: plain data. */
export interface SessionSeed {
  readonly id: string;
  /** Path of the server that it belongs to. */
  readonly server: string;
  readonly version: SessionVersion;
  readonly capabilities: Params;
  readonly client: ClientInfo | undefined;
}

/** A message of the client, with the exchange that waits for its answer. */
export interface ClientMessage {
  readonly exchange: PortId;
  readonly message: RpcMessage;
  /** The text it came in, for a session that has moved. */
  readonly body: string;
}

/** What waits for the end of a move: a message, or the client's wish to end the session. */
type Held = ClientMessage | { readonly exchange: PortId; readonly message: undefined; readonly body: undefined };

interface Session {
  readonly seed: SessionSeed;
  /** Calls under way, by the client's request id and by their processes. */
  readonly calls: Map<RequestId, number>;
  readonly requests: Map<number, RequestId>;
  /** Questions that wait for the client: who asked, by the question's id. */
  readonly asks: Map<string, { caller: number; serial: number }>;
  /** The open GET stream. */
  stream: PortId | undefined;
  used: boolean;
  /** In a hand-over: what came for the session where it will be. */
  readonly held: Held[];
  /** `leaving` waits for its calls to end and begins no more; `moving` is being carried. */
  phase: 'here' | 'leaving' | 'moving' | 'moved';
  /** Who waits for the session to be free to move. */
  leaver: number | undefined;
}

const IDLE = { type: 'session-idle' } as const;
const KEEP_ALIVE = { type: 'session-keep-alive' } as const;
const KEEP_ALIVE_MS = 25_000;

export const sessionStarted = telemetryEvent<{ server: string; version: string }>('mcp.session.started');
export const sessionEnded = telemetryEvent<{ server: string; why: string }>('mcp.session.ended');

export const sessionServer = genServer({
  changesStateInPlace: true,
  init: (seed: SessionSeed, self: Self): Session => {
    self.trapExit(true);
    enterSession(seed.id, processOf(self.pid)!);
    self.sendAfter(servingSettings().sessionIdleTimeoutMs, IDLE);
    sessionStarted.emit({ server: seed.server, version: seed.version });
    return { seed, calls: new Map(), requests: new Map(), asks: new Map(), stream: undefined, used: true, held: [], phase: 'here', leaver: undefined };
  },
  casts: {
    message: (session, incoming: ClientMessage, self) => {
      session.used = true;
      if (isForLater(session, incoming)) session.held.push(incoming);
      else if (session.phase === 'moved') passOn(session, incoming);
      else takeMessage(session, incoming, self);
    },
    stream: (session, id: PortId, self) => openStream(session, id, self),
    delete: (session, exchange: PortId) => {
      const wish = { exchange, message: undefined, body: undefined };
      if (session.phase === 'moving') return void session.held.push(wish);
      if (session.phase === 'moved') return passOn(session, wish);
      exchangeOf(exchange)?.answer(200, JSON_HEADERS, '{}');
      return stop({ shutdown: 'deleted by the client' }, { state: session });
    },
    /** The hand-over can wait no longer for the calls under way. */
    endCalls: (session) => {
      for (const serial of session.requests.keys()) {
        const task = processTable.get(serial);
        if (task !== undefined) exitProcess(task, { shutdown: 'hand-over' });
      }
    },
    /** The hand-over's end: the successor has the session, or the session is lost. */
    moved: (session, taken: boolean) => settleMove(session, taken),
  },
  calls: {
    /** Answered with the client's response to the question of that id. */
    awaitAnswer: (session, ask: { id: string; serial: number }, self) => {
      session.asks.set(ask.id, { caller: self.caller, serial: ask.serial });
      return noReply<RpcResponse>();
    },
    /** Gives the seed away once no call is under way, and holds what comes from then on; undefined if it was given away before. */
    leave: (session, { wait }: { readonly wait: boolean }, self): Reply<SessionSeed | 'busy' | undefined, Session> | NoReply<Session, SessionSeed> => {
      if (session.phase === 'moved') return reply(undefined, session);
      if (!wait && session.calls.size > 0) return reply('busy', session);
      session.phase = 'leaving';
      session.leaver = self.caller;
      leaveIfFree(session, self);
      return noReply(session);
    },
  },
  info: (session, message: Exit | { type: string }, self) => {
    if (message.type === 'EXIT') callEnded(session, (message as Exit).pid.serial, self);
    else if (message.type === KEEP_ALIVE.type) keepStreamAlive(session, self);
    else if (message.type === IDLE.type) return checkIdle(session, self);
  },
  terminate: (session, reason) => {
    sessionEnded.emit({ server: session.seed.server, why: typeof reason === 'string' ? reason : JSON.stringify(reason) });
  },
});

function takeMessage(session: Session, incoming: ClientMessage, self: Self): void {
  const exchange = exchangeOf(incoming.exchange);
  const { message } = incoming;
  if (message.kind === 'request') {
    if (exchange !== undefined) takeRequest(session, exchange, message, self);
    return;
  }
  if (message.kind === 'response') takeResponse(session, message, self);
  else if (message.method === 'notifications/cancelled') cancelCall(session, message.params);
  exchange?.answer(202, JSON_HEADERS, '');
}

function takeRequest(session: Session, exchange: Exchange, request: RpcRequest, self: Self): void {
  if (request.method === 'tools/call') return startCall(session, exchange, request, self);
  const slot = serverAt(session.seed.server);
  if (slot === undefined) return sendError(exchange, request.id, methodNotFound(request.method), 'sessionful');
  switch (request.method) {
    case 'ping':
      return answerConstant(exchange, request, () => EMPTY_RESULT_JSON, 'sessionful');
    case 'tools/list':
      return answerToolsList(exchange, request, slot, 'sessionful');
    default:
      return sendError(exchange, request.id, methodNotFound(request.method), 'sessionful');
  }
}

function startCall(session: Session, exchange: Exchange, request: RpcRequest, self: Self): void {
  const slot = serverAt(session.seed.server);
  if (slot === undefined) return sendError(exchange, request.id, methodNotFound(request.method), 'sessionful');
  if (session.calls.has(request.id)) return sendError(exchange, request.id, invalidParams(`Invalid params: a request with the id ${String(request.id)} is under way`), 'sessionful');
  const { version, capabilities, client, id } = session.seed;
  const call = { request, era: 'sessionful', version, capabilities, client, session: { id, pid: self.pid } } as const;
  const task = startCallProcess(slot, exchange, call, self);
  if (task === undefined) return;
  own(exchange, task, request.id);
  session.calls.set(request.id, task.pid.serial);
  session.requests.set(task.pid.serial, request.id);
}

function own(exchange: Exchange, task: Process, id: RequestId): void {
  answerWhenAbandoned(exchange, id, 'sessionful');
  givePort(exchange.id, task);
}

function cancelCall(session: Session, params: Params | undefined): void {
  const target = cancelTarget(params);
  const serial = target === undefined ? undefined : session.calls.get(target.requestId);
  if (serial === undefined) return;
  const task = processTable.get(serial);
  if (task !== undefined) exitProcess(task, CANCELLED);
}

function takeResponse(session: Session, response: RpcResponse, self: Self): void {
  const ask = session.asks.get(String(response.id));
  if (ask === undefined) return;
  session.asks.delete(String(response.id));
  self.answer(ask.caller, response);
}

function callEnded(session: Session, serial: number, self: Self): void {
  const id = session.requests.get(serial);
  if (id === undefined) return;
  session.requests.delete(serial);
  session.calls.delete(id);
  if (session.asks.size > 0) for (const [askId, ask] of session.asks) if (ask.serial === serial) session.asks.delete(askId);
  if (session.phase === 'leaving') leaveIfFree(session, self);
}

function openStream(session: Session, id: PortId, self: Self): void {
  const exchange = exchangeOf(id);
  if (exchange === undefined) return;
  if (session.phase === 'moved') return endForReconnect(exchange);
  // The newest wins: a client that reconnects must not be refused because its old connection still lingers.
  if (session.stream !== undefined) exchangeOf(session.stream)?.end();
  exchange.abandoned = (abandoned) => abandoned.end();
  givePort(id, processOf(self.pid)!);
  exchange.openStream(200, EVENT_STREAM_HEADERS);
  exchange.write(sseComment('open'));
  if (session.stream === undefined) self.sendAfter(KEEP_ALIVE_MS, KEEP_ALIVE);
  session.stream = id;
}

function keepStreamAlive(session: Session, self: Self): void {
  const exchange = session.stream === undefined ? undefined : exchangeOf(session.stream);
  if (exchange === undefined) {
    session.stream = undefined;
    return;
  }
  session.used = true;
  exchange.write(sseComment());
  self.sendAfter(KEEP_ALIVE_MS, KEEP_ALIVE);
}

function checkIdle(session: Session, self: Self): ReturnType<typeof stop<Session>> | void {
  if (!session.used && session.calls.size === 0) return stop({ shutdown: 'idle' });
  session.used = false;
  self.sendAfter(servingSettings().sessionIdleTimeoutMs, IDLE);
}

function leaveIfFree(session: Session, self: Self): void {
  if (session.calls.size > 0 || session.leaver === undefined) return;
  // Nobody carries it if the one who asked has given up waiting.
  session.phase = self.answer(session.leaver, session.seed) ? 'moving' : 'here';
  session.leaver = undefined;
}

// A call that began now would hold the session back; all else is for the calls that are under way.
function isForLater({ phase }: Session, { message }: ClientMessage): boolean {
  return phase === 'moving' || (phase === 'leaving' && message.kind === 'request' && message.method === 'tools/call');
}

function settleMove(session: Session, taken: boolean): ReturnType<typeof stop<Session>> | void {
  session.phase = 'moved';
  for (const held of session.held.splice(0)) {
    if (taken) passOn(session, held);
    else refuse(held);
  }
  if (!taken) return stop({ shutdown: 'hand-over' });
  // The client opens its stream again and finds it at the successor.
  const stream = session.stream === undefined ? undefined : exchangeOf(session.stream);
  if (stream !== undefined) endForReconnect(stream);
}

function passOn({ seed }: Session, held: Held): void {
  const exchange = exchangeOf(held.exchange);
  if (exchange !== undefined && !forwardToSession(exchange, seed.id, held.body)) refuse(held);
}

function refuse({ exchange, message }: Held): void {
  const rejection = sessionNotFound(message?.kind === 'request' ? message.id : undefined);
  exchangeOf(exchange)?.answer(rejection.status, JSON_HEADERS, rejectionBody(rejection));
}
