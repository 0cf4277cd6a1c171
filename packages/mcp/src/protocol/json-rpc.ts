/**
 * JSON-RPC 2.0 as MCP narrows it: what a parsed body is, and the text of what is sent. Called for each message by every
 * transport; never throws, never looks at a method's meaning.
 */
import { parseJson as parseStrangersJson } from '@flyball/kernel';

import type { Era } from './versions.ts';

export type RequestId = string | number;
export type Params = { readonly [key: string]: unknown };

export const RPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  headerMismatch: -32020,
  missingClientCapability: -32021,
  unsupportedVersion: -32022,
} as const;
export type RpcCode = (typeof RPC_CODES)[keyof typeof RPC_CODES];

export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: Params | undefined;
}
export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: Params | undefined;
}
/** The client's answer to a request of ours; exactly one of `result` and `error` is set. */
export interface RpcResponse {
  readonly kind: 'response';
  readonly id: RequestId;
  readonly result: Params | undefined;
  readonly error: RpcErrorObject | undefined;
}
export interface RpcInvalid {
  readonly kind: 'invalid';
  /** Kept where the message had a usable one, so that the sender can tell which request failed. */
  readonly id: RequestId | undefined;
  readonly error: RpcErrorObject;
}
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** Batches beyond this are refused: one POST must not fan out without bound. */
export const BATCH_LENGTH_MAX = 100;

export type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly invalid: RpcInvalid };

export function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: parseStrangersJson(text) };
  } catch {
    return { ok: false, invalid: invalid(undefined, RPC_CODES.parseError, 'Parse error: the body is not JSON') };
  }
}

export function isObject(value: unknown): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** MCP ids are strings or integers, never null (2025-11-25 basic, "Requests"). */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

/** Says what one parsed message is. Arrays are invalid here: see `classifyBatch`. */
export function classify(body: unknown): RpcMessage | RpcInvalid {
  if (typeof body !== 'object' || body === null) return notAMessage(undefined, 'the body is not an object');
  if (Array.isArray(body)) return notAMessage(undefined, 'batches are not part of this protocol version; send one message a request');
  const { jsonrpc, id, method, params } = body as Params;
  if (jsonrpc !== '2.0') return notAMessage(id, 'jsonrpc must be "2.0"');
  if (method === undefined) return classifyResponse(body as Params);
  if (typeof method !== 'string') return notAMessage(id, 'method must be a string');
  if (params !== undefined && !isObject(params)) return badParams(id, params);
  if (id === undefined && !Object.hasOwn(body, 'id')) return { kind: 'notification', method, params };
  if (!isRequestId(id)) return notAMessage(undefined, 'id must be a string or an integer');
  return { kind: 'request', id, method, params };
}

function badParams(id: unknown, params: unknown): RpcInvalid {
  // An array is legal in JSON-RPC, though in no MCP message: a matter of params, not of the message's structure.
  if (Array.isArray(params)) return invalid(usable(id), RPC_CODES.invalidParams, 'Invalid params: params must be an object');
  return notAMessage(id, 'params must be an object');
}

function classifyResponse(body: Params): RpcResponse | RpcInvalid {
  const { id, result, error } = body;
  if (result === undefined && error === undefined) return notAMessage(id, 'method is missing');
  if (!isRequestId(id)) return notAMessage(undefined, 'a response needs the id of its request');
  if (error === undefined) {
    if (!isObject(result)) return notAMessage(id, 'result must be an object');
    return { kind: 'response', id, result, error: undefined };
  }
  if (result !== undefined) return notAMessage(id, 'a response has a result or an error, not both');
  if (!isErrorObject(error)) return notAMessage(id, 'error must have an integer code and a message');
  return { kind: 'response', id, result: undefined, error };
}

function isErrorObject(error: unknown): error is RpcErrorObject {
  return isObject(error) && Number.isSafeInteger(error['code']) && typeof error['message'] === 'string';
}

/** For versions that take batches. Invalid elements keep their place: each gets its own error. */
export function classifyBatch(body: readonly unknown[]): readonly (RpcMessage | RpcInvalid)[] | RpcInvalid {
  if (body.length === 0) return notAMessage(undefined, 'the batch is empty');
  if (body.length > BATCH_LENGTH_MAX) return notAMessage(undefined, `the batch has more than ${BATCH_LENGTH_MAX} messages`);
  return body.map(classify);
}

function usable(id: unknown): RequestId | undefined {
  return isRequestId(id) ? id : undefined;
}

function notAMessage(id: unknown, why: string): RpcInvalid {
  return invalid(usable(id), RPC_CODES.invalidRequest, `Invalid request: ${why}`);
}

export function invalid(id: RequestId | undefined, code: RpcCode, message: string): RpcInvalid {
  return { kind: 'invalid', id, error: { code, message } };
}

/**
 * HTTP status of a JSON-RPC error that answers a request which had reached its era's dispatch. Sessionful clients take
 * 404 for "your session is gone", so there such errors travel on 200; 2026-07-28 names a status for some codes
 * (streamable-http, "Protocol Version Header", "Server Validation"). Never 5xx.
 */
export function httpStatusOf(code: number, era: Era): 200 | 400 | 404 {
  if (era === 'sessionful') return 200;
  switch (code) {
    case RPC_CODES.methodNotFound:
      return 404;
    case RPC_CODES.headerMismatch:
    case RPC_CODES.missingClientCapability:
    case RPC_CODES.unsupportedVersion:
    case RPC_CODES.parseError:
    case RPC_CODES.invalidRequest:
      return 400;
    default:
      return 200;
  }
}

export function idJson(id: RequestId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id);
}

/** `resultJson` is put in as it is: constant results are encoded once, elsewhere. */
export function encodeResult(id: RequestId, resultJson: string): string {
  return `{"jsonrpc":"2.0","id":${idJson(id)},"result":${resultJson}}`;
}

/** Without an id for what could not be attributed to a request: MCP leaves the member out, it is never null. */
export function encodeError(id: RequestId | undefined, error: RpcErrorObject): string {
  const errorJson = JSON.stringify({ code: error.code, message: error.message, data: error.data });
  return id === undefined ? `{"jsonrpc":"2.0","error":${errorJson}}` : `{"jsonrpc":"2.0","id":${idJson(id)},"error":${errorJson}}`;
}

export function encodeRequest(id: RequestId, method: string, paramsJson: string): string {
  return `{"jsonrpc":"2.0","id":${idJson(id)},"method":"${method}","params":${paramsJson}}`;
}

export function encodeNotification(method: string, paramsJson?: string): string {
  if (paramsJson === undefined) return `{"jsonrpc":"2.0","method":"${method}"}`;
  return `{"jsonrpc":"2.0","method":"${method}","params":${paramsJson}}`;
}

export const EMPTY_RESULT_JSON = '{}';

export function methodNotFound(method: string): RpcErrorObject {
  return { code: RPC_CODES.methodNotFound, message: `Method not found: ${clip(method)}` };
}

export function invalidParams(message: string, data?: unknown): RpcErrorObject {
  return data === undefined ? { code: RPC_CODES.invalidParams, message } : { code: RPC_CODES.invalidParams, message, data };
}

/** The cause stays in the log: what a client sees must not carry internals. */
export function internalError(message = 'Internal error'): RpcErrorObject {
  return { code: RPC_CODES.internalError, message };
}

/** What a client sent, made short enough to repeat in an error. */
export function clip(text: string, lengthMax = 120): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`;
}
