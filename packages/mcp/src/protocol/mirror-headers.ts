/**
 * The HTTP headers that repeat parts of a stateless request's body, so that intermediaries need not parse it: they must
 * say what the body says, or two components would act on different truths (2026-07-28 streamable-http, "Server Validation").
 */
import { clip, RPC_CODES, type RpcErrorObject, type RpcRequest } from './json-rpc.ts';

/** Node's own shape: names in lower case. */
export type Headers = { readonly [name: string]: string | string[] | undefined };

export const HEADER_PROTOCOL_VERSION = 'mcp-protocol-version';

/** A header's one value. Node joins most repeated headers with a comma, which then matches nothing. */
export function one(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

export function headerMismatch(why: string): RpcErrorObject {
  return { code: RPC_CODES.headerMismatch, message: `Header mismatch: ${why}` };
}

export function versionMismatch(header: string, body: string): RpcErrorObject {
  return headerMismatch(`MCP-Protocol-Version header value '${clip(header)}' does not match body value '${clip(body)}'`);
}

/** Undefined when MCP-Protocol-Version, Mcp-Method and Mcp-Name say what the body says. */
export function mirrorProblem(headers: Headers, request: RpcRequest, claimedVersion: string): RpcErrorObject | undefined {
  const version = one(headers, HEADER_PROTOCOL_VERSION);
  if (version === undefined) return headerMismatch('the MCP-Protocol-Version header is missing');
  if (version !== claimedVersion) return versionMismatch(version, claimedVersion);
  const method = one(headers, 'mcp-method');
  if (method === undefined) return headerMismatch('the Mcp-Method header is missing');
  if (method !== request.method) {
    return headerMismatch(`Mcp-Method header value '${clip(method)}' does not match body value '${clip(request.method)}'`);
  }
  const field = nameField(request.method);
  return field === undefined ? undefined : nameProblem(one(headers, 'mcp-name'), request.params?.[field]);
}

function nameField(method: string): 'name' | 'uri' | undefined {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return 'name';
    case 'resources/read':
      return 'uri';
    default:
      return undefined;
  }
}

function nameProblem(header: string | undefined, expected: unknown): RpcErrorObject | undefined {
  if (header === undefined) {
    // Without the field in the body either, it is the params that are wrong, and they get that error later.
    return typeof expected === 'string' ? headerMismatch('the Mcp-Name header is missing') : undefined;
  }
  const decoded = decodeHeaderValue(header);
  if (decoded === undefined) return headerMismatch('the Mcp-Name header has invalid characters or encoding');
  if (typeof expected !== 'string' || decoded === expected) return undefined;
  return headerMismatch(`Mcp-Name header value '${clip(decoded)}' does not match body value '${clip(expected)}'`);
}

const HEADER_TEXT = /^[\t\x20-\x7e]*$/;
const ENCODED = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

/** Plain ASCII, or UTF-8 in Base64 between `=?base64?` and `?=` ("Value Encoding"). Undefined where it is neither. */
export function decodeHeaderValue(value: string): string | undefined {
  if (!HEADER_TEXT.test(value)) return undefined;
  if (!value.startsWith('=?base64?') || !value.endsWith('?=')) return value;
  const encoded = ENCODED.exec(value)?.[1];
  if (encoded === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}
