// The bytes of the requests, built once a client. Headers and members, and their order, are those that the
// official client (@modelcontextprotocol/client 2.4.0 over Node's fetch) puts on the wire, as recorded
// between it and its own server: no header is left out to make parsing cheaper.
import type { Dialect } from './plan.ts';

/** Ids have seven digits, so that one can be written over another in place. */
export const FIRST_ID = 1_000_000;
const ID_DIGITS = 7;

const PROTOCOL_VERSION = { sessionful: '2025-11-25', stateless: '2026-07-28' } as const;
const CLIENT_INFO = { name: 'flyball-bench', version: '1.0.0' };
const STATELESS_META = {
  'io.modelcontextprotocol/protocolVersion': PROTOCOL_VERSION.stateless,
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
};

export interface Addressee {
  readonly port: number;
  readonly connection: 'keep-alive' | 'per-request';
}

export function initializeRequest(to: Addressee): Buffer {
  const params = { protocolVersion: PROTOCOL_VERSION.sessionful, capabilities: {}, clientInfo: CLIENT_INFO };
  return post(to, [], JSON.stringify({ method: 'initialize', params, jsonrpc: '2.0', id: 0 }));
}

export function initializedNotification(to: Addressee, sessionId: string): Buffer {
  const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' });
  return post(to, sessionHeaders(sessionId), body);
}

export interface CallRequest {
  readonly bytes: Buffer;
  /** Where the id's digits begin in `bytes`. */
  readonly idAt: number;
}

export interface Call {
  readonly dialect: Dialect;
  readonly sessionId: string | undefined;
  readonly tool: string;
  readonly text: string;
}

export function callRequest(to: Addressee, call: Call): CallRequest {
  const meta = call.dialect === 'stateless' ? { _meta: STATELESS_META } : {};
  const params = { name: call.tool, arguments: { text: call.text }, ...meta };
  const body = JSON.stringify({ method: 'tools/call', params, jsonrpc: '2.0', id: FIRST_ID });
  const bytes = post(to, callHeaders(call), body);
  return { bytes, idAt: bytes.length - '}'.length - ID_DIGITS };
}

function callHeaders(call: Call): string[] {
  if (call.dialect === 'sessionful') return sessionHeaders(call.sessionId ?? 'none');
  return [`mcp-protocol-version: ${PROTOCOL_VERSION.stateless}`, 'mcp-method: tools/call', `mcp-name: ${call.tool}`];
}

function sessionHeaders(sessionId: string): string[] {
  return [`mcp-session-id: ${sessionId}`, `mcp-protocol-version: ${PROTOCOL_VERSION.sessionful}`];
}

function post(to: Addressee, mcpHeaders: readonly string[], body: string): Buffer {
  const head = [
    'POST /mcp HTTP/1.1',
    `host: 127.0.0.1:${to.port}`,
    `connection: ${to.connection === 'keep-alive' ? 'keep-alive' : 'close'}`,
    ...mcpHeaders,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    'accept-language: *',
    'sec-fetch-mode: cors',
    'user-agent: node',
    'accept-encoding: gzip, deflate',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Writes the seven digits of `id` at `at`. */
export function writeId(bytes: Buffer, at: number, id: number): void {
  let rest = id;
  for (let position = at + ID_DIGITS - 1; position >= at; position--) {
    const quotient = (rest / 10) | 0;
    bytes[position] = 48 + rest - quotient * 10;
    rest = quotient;
  }
}
