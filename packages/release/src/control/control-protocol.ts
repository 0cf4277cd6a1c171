/**
 * The control socket's language: JSON-RPC 2.0, one message a line (https://www.jsonrpc.org/specification).
 * Pure: bytes in, requests or ready-made error replies out. No input makes it throw.
 */
export const LINE_BYTES_MAX = 1_048_576;

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
/** An operating error: `data.code` says which. */
export const OPERATING_ERROR = -32_000;

export type RequestId = string | number | null;

export interface ControlRequest {
  /** Undefined in a notification, which gets no reply. */
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ControlFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly code: string };
}

export type ControlReply =
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly result: unknown }
  | { readonly jsonrpc: '2.0'; readonly id: RequestId; readonly error: ControlFailure };

export type Parsed =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly reply: ControlReply };

const NEWLINE = 0x0a;

/** Splits a byte stream into lines. After `tooLong` there is no way to find the next message: end the stream. */
export class LineSplitter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number = LINE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  push(chunk: Buffer): { readonly lines: readonly string[]; readonly tooLong: boolean } {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      if (!this.#keep(chunk.subarray(from, end))) return { lines, tooLong: true };
      const line = this.#take();
      if (line.trim() !== '') lines.push(line);
      from = end + 1;
    }
    return { lines, tooLong: !this.#keep(chunk.subarray(from)) };
  }

  #keep(part: Buffer): boolean {
    this.#bytes += part.length;
    if (this.#bytes > this.#bytesMax) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }

  #take(): string {
    const line = Buffer.concat(this.#parts, this.#bytes).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}

export function parseRequest(line: string): Parsed {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return refuse(null, PARSE_ERROR, 'The line is not JSON; send one JSON-RPC 2.0 message a line.');
  }
  if (!isRecord(message)) return refuse(null, INVALID_REQUEST, 'A request is a JSON object; batches are not taken.');
  const { jsonrpc, id, method, params } = message;
  const known = typeof id === 'string' || typeof id === 'number' || id === null ? id : undefined;
  if (id !== undefined && known === undefined) return refuse(null, INVALID_REQUEST, '"id" must be a string, a number or null.');
  if (jsonrpc !== '2.0') return refuse(known ?? null, INVALID_REQUEST, '"jsonrpc" must be "2.0".');
  if (typeof method !== 'string') return refuse(known ?? null, INVALID_REQUEST, '"method" must be a string.');
  if (params !== undefined && !isRecord(params)) return refuse(known ?? null, INVALID_PARAMS, '"params" must be an object.');
  return { ok: true, request: { id: known, method, params: params ?? {} } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(id: RequestId, code: number, message: string): Parsed {
  return { ok: false, reply: failure(id, { code, message }) };
}

export function success(id: RequestId, result: unknown): ControlReply {
  return { jsonrpc: '2.0', id, result: result ?? null };
}

export function failure(id: RequestId, error: ControlFailure): ControlReply {
  return { jsonrpc: '2.0', id, error };
}

/** One line. What JSON cannot say (shards answer structured clones) becomes its nearest form. */
export function encode(message: unknown): string {
  return `${JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (value instanceof Map) return Object.fromEntries(value);
    if (value instanceof Set) return [...value];
    return value;
  })}\n`;
}
