/**
 * The rules of the Streamable HTTP transport, both eras: what an HTTP request to the MCP endpoint is, or with which
 * status and JSON-RPC error it is refused. Values in, values out; nothing here throws, whatever the client sent.
 * Called by the HTTP transport: `checkHead` before the body is read, then one of the `route…` functions.
 */
import { type Envelope, eraOf, missingEnvelope, unsupportedVersion } from './eras.ts';
import { classify, classifyBatch, clip, encodeError, RPC_CODES, type RequestId, type RpcErrorObject, type RpcInvalid, type RpcMessage, type RpcNotification, type RpcRequest } from './json-rpc.ts';
import { HEADER_PROTOCOL_VERSION, headerMismatch, type Headers, mirrorProblem, one, versionMismatch } from './mirror-headers.ts';
import type { OriginPolicy } from './origin-rules.ts';
import { isSessionVersion, looksStateless } from './versions.ts';

export interface Rejection {
  readonly kind: 'reject';
  readonly status: 400 | 403 | 404 | 405 | 406 | 413 | 415;
  readonly id: RequestId | undefined;
  readonly error: RpcErrorObject;
  /** The `Allow` header of a 405. */
  readonly allow?: string;
}

export type Route =
  | { readonly kind: 'stateless-request'; readonly request: RpcRequest; readonly envelope: Envelope }
  /** To be answered 202 and dropped: 2026-07-28 defines no client notification over HTTP. */
  | { readonly kind: 'stateless-notification'; readonly notification: RpcNotification }
  | { readonly kind: 'initialize'; readonly request: RpcRequest }
  | { readonly kind: 'session-message'; readonly sessionId: string; readonly message: RpcMessage; readonly headerVersion: string | undefined }
  /** Only for a session that negotiated 2025-03-26: the session refuses it otherwise. */
  | { readonly kind: 'session-batch'; readonly sessionId: string; readonly messages: readonly (RpcMessage | RpcInvalid)[] }
  | Rejection;

export type StreamRoute = { readonly kind: 'session-stream'; readonly sessionId: string; readonly lastEventId: string | undefined } | Rejection;
export type DeleteRoute = { readonly kind: 'session-delete'; readonly sessionId: string } | Rejection;

export const HEADER_SESSION_ID = 'mcp-session-id';
const ALLOW = 'GET, POST, DELETE';

function reject(status: Rejection['status'], code: number, message: string, id?: RequestId): Rejection {
  return { kind: 'reject', status, id, error: { code, message } };
}

function refuse(error: RpcErrorObject, id: RequestId | undefined): Rejection {
  return { kind: 'reject', status: 400, id, error };
}

export function rejectionBody(rejection: Rejection): string {
  return encodeError(rejection.id, rejection.error);
}

/** Everything that can be refused before the body is read. Undefined when the request may go on. */
export function checkHead(method: string, headers: Headers, policy: OriginPolicy): Rejection | undefined {
  const origin = one(headers, 'origin');
  if (origin !== undefined && !policy.originAllowed(origin)) {
    return reject(403, RPC_CODES.invalidRequest, `Forbidden: origin ${clip(origin)} is not allowed`);
  }
  const host = one(headers, 'host');
  if (!policy.hostAllowed(host ?? '')) return reject(403, RPC_CODES.invalidRequest, `Forbidden: host ${clip(host ?? '(none)')} is not allowed`);
  if (method === 'POST') return checkPostHead(headers);
  if (method === 'GET') {
    const accept = one(headers, 'accept');
    if (accepts(accept, 'text/event-stream')) return undefined;
    return reject(406, RPC_CODES.invalidRequest, 'Not acceptable: a GET must accept text/event-stream');
  }
  if (method === 'DELETE') return undefined;
  return methodNotAllowed(method);
}

function methodNotAllowed(method: string, allow = ALLOW): Rejection {
  return { ...reject(405, RPC_CODES.invalidRequest, `Method not allowed: ${clip(method, 20)}`), allow };
}

function checkPostHead(headers: Headers): Rejection | undefined {
  const type = one(headers, 'content-type');
  if (type !== 'application/json' && !isJsonType(type)) {
    return reject(415, RPC_CODES.invalidRequest, 'Unsupported media type: Content-Type must be application/json');
  }
  const accept = one(headers, 'accept');
  if (accept === 'application/json, text/event-stream') return undefined;
  if (accepts(accept, 'application/json') && accepts(accept, 'text/event-stream')) return undefined;
  return reject(406, RPC_CODES.invalidRequest, 'Not acceptable: Accept must list application/json and text/event-stream');
}

function isJsonType(type: string | undefined): boolean {
  return type !== undefined && /^application\/json\s*(;|$)/i.test(type);
}

/** No Accept header accepts anything (RFC 9110, 12.5.1); a range with q=0 accepts nothing. */
export function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined) return true;
  const family = `${type.slice(0, type.indexOf('/'))}/*`;
  for (const part of accept.toLowerCase().split(',')) {
    const [range, ...parameters] = part.split(';').map((text) => text.trim());
    if (range !== type && range !== family && range !== '*/*') continue;
    if (!parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return true;
  }
  return false;
}

/** Ids of ours are short visible ASCII: anything else cannot name a session. */
const SESSION_ID = /^[\x21-\x7e]{1,256}$/;

function sessionOf(headers: Headers, id?: RequestId): string | Rejection {
  const sessionId = one(headers, HEADER_SESSION_ID);
  if (sessionId === undefined || sessionId === '') {
    return reject(400, RPC_CODES.invalidRequest, 'Bad request: Mcp-Session-Id is missing; send initialize first', id);
  }
  return SESSION_ID.test(sessionId) ? sessionId : sessionNotFound(id);
}

/** The client must then start over with an initialize (2025-11-25 transports, "Session Management"). */
export function sessionNotFound(id?: RequestId): Rejection {
  return reject(404, RPC_CODES.invalidRequest, 'Session not found: it ended or never existed; send initialize', id);
}

export function bodyTooLarge(bodyBytesMax: number): Rejection {
  return reject(413, RPC_CODES.invalidRequest, `The body is larger than ${bodyBytesMax} bytes`);
}

export function brokenBody(broken: RpcInvalid): Rejection {
  return refuse(broken.error, broken.id);
}

export function routePost(headers: Headers, body: unknown): Route {
  if (Array.isArray(body)) return routeBatch(headers, body);
  const message = classify(body);
  const version = one(headers, HEADER_PROTOCOL_VERSION);
  switch (message.kind) {
    case 'invalid':
      return brokenBody(message);
    case 'request':
      return routeRequest(headers, version, message);
    case 'notification':
      return routeNotification(headers, version, message);
    case 'response':
      if (version !== undefined && looksStateless(version)) {
        return reject(400, RPC_CODES.invalidRequest, `Invalid request: protocol version ${clip(version)} has no responses from clients`);
      }
      return routeToSession(headers, version, message, undefined);
  }
}

function routeRequest(headers: Headers, version: string | undefined, request: RpcRequest): Route {
  const era = eraOf(request.method, request.params);
  if (era.kind === 'stateless') {
    const problem = mirrorProblem(headers, request, era.version);
    return problem === undefined ? { kind: 'stateless-request', request, envelope: era } : refuse(problem, request.id);
  }
  if (era.kind === 'refused') {
    const differs = era.claimed !== undefined && version !== undefined && version !== era.claimed;
    return refuse(differs ? versionMismatch(version, era.claimed) : era.error, request.id);
  }
  if (version !== undefined && looksStateless(version)) {
    if (request.method === 'initialize') {
      return refuse(headerMismatch(`initialize cannot be sent with MCP-Protocol-Version ${clip(version)}`), request.id);
    }
    return refuse(missingEnvelope(version), request.id);
  }
  if (request.method !== 'initialize') return routeToSession(headers, version, request, request.id);
  if (headers[HEADER_SESSION_ID] === undefined) return { kind: 'initialize', request };
  return reject(400, RPC_CODES.invalidRequest, 'Invalid request: the session is initialized; send initialize without Mcp-Session-Id for another', request.id);
}

function routeNotification(headers: Headers, version: string | undefined, notification: RpcNotification): Route {
  // Notifications need no envelope, so here the header decides (header rules for them are undefined in 2026-07-28).
  const stateless = version !== undefined && looksStateless(version);
  const era = stateless ? undefined : eraOf(notification.method, notification.params);
  if (stateless || era?.kind === 'stateless') return { kind: 'stateless-notification', notification };
  if (era?.kind === 'refused') return refuse(era.error, undefined);
  return routeToSession(headers, version, notification, undefined);
}

function routeToSession(headers: Headers, version: string | undefined, message: RpcMessage, id: RequestId | undefined): Route {
  if (version !== undefined && !isSessionVersion(version)) return refuse(unsupportedVersion(version), id);
  const sessionId = sessionOf(headers, id);
  if (typeof sessionId !== 'string') return sessionId;
  return { kind: 'session-message', sessionId, message, headerVersion: version };
}

function routeBatch(headers: Headers, body: readonly unknown[]): Route {
  const version = one(headers, HEADER_PROTOCOL_VERSION);
  // 2025-03-26 had batches and not yet the version header.
  if (version !== undefined && version !== '2025-03-26') return brokenBody(classify(body) as RpcInvalid);
  const messages = classifyBatch(body);
  if (!Array.isArray(messages)) return brokenBody(messages as RpcInvalid);
  for (const message of messages as readonly (RpcMessage | RpcInvalid)[]) {
    const alone = message.kind === 'request' && (message.method === 'initialize' || eraOf(message.method, message.params).kind !== 'sessionful');
    if (alone) return reject(400, RPC_CODES.invalidRequest, `Invalid request: ${clip(message.method)} cannot be part of a batch`);
  }
  const sessionId = sessionOf(headers);
  return typeof sessionId === 'string' ? { kind: 'session-batch', sessionId, messages } : sessionId;
}

export function routeGet(headers: Headers): StreamRoute {
  const sessionId = routeBare('GET', headers);
  if (typeof sessionId !== 'string') return sessionId;
  return { kind: 'session-stream', sessionId, lastEventId: one(headers, 'last-event-id') };
}

export function routeDelete(headers: Headers): DeleteRoute {
  const sessionId = routeBare('DELETE', headers);
  return typeof sessionId === 'string' ? { kind: 'session-delete', sessionId } : sessionId;
}

/** GET and DELETE belong to sessions; a stateless client has nothing to get. */
function routeBare(method: 'GET' | 'DELETE', headers: Headers): string | Rejection {
  const version = one(headers, HEADER_PROTOCOL_VERSION);
  if (version !== undefined && looksStateless(version)) return methodNotAllowed(method, 'POST');
  if (version !== undefined && !isSessionVersion(version)) return refuse(unsupportedVersion(version), undefined);
  return sessionOf(headers);
}
