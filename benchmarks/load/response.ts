// HTTP/1.1 framing of an answer: Content-Length, chunked, until the end of the connection, or none
// (RFC 9112, section 6.3). Pure: looks at all the bytes received so far for the answer under way.

export interface Response {
  readonly status: number;
  readonly contentType: string;
  readonly sessionId: string | undefined;
  readonly body: Buffer;
  /** The server will take no further request on this connection. */
  readonly closes: boolean;
}

export type Framed =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'complete'; readonly response: Response; readonly length: number };

const INCOMPLETE = { kind: 'incomplete' } as const;

export function frameResponse(bytes: Buffer, ended: boolean): Framed {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return ended ? malformed('the connection ended within the head') : INCOMPLETE;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1];
  if (status === undefined) return malformed(`not a status line: ${statusLine.slice(0, 80)}`);
  const head = { status: Number(status), headers: new Map<string, string>(lines.map(headerOf)) };
  const body = bodyOf(bytes, headEnd + 4, head, ended);
  if (body.kind !== 'complete') return body;
  return { kind: 'complete', length: body.length, response: responseOf(head, body.bytes) };
}

interface Head {
  readonly status: number;
  readonly headers: Map<string, string>;
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function responseOf({ status, headers }: Head, body: Buffer): Response {
  return {
    status,
    contentType: headers.get('content-type') ?? '',
    sessionId: headers.get('mcp-session-id'),
    body,
    closes: headers.get('connection')?.toLowerCase() === 'close' || !isDelimited(status, headers),
  };
}

function isDelimited(status: number, headers: Map<string, string>): boolean {
  return headers.has('content-length') || headers.has('transfer-encoding') || status === 204;
}

type Body = Exclude<Framed, { kind: 'complete' }> | { kind: 'complete'; bytes: Buffer; length: number };

function bodyOf(bytes: Buffer, start: number, { status, headers }: Head, ended: boolean): Body {
  if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return chunkedBody(bytes, start, ended);
  const declared = headers.get('content-length');
  if (declared !== undefined) {
    const end = start + Number(declared);
    if (bytes.length >= end) return { kind: 'complete', bytes: bytes.subarray(start, end), length: end };
    return ended ? malformed('the connection ended within the body') : INCOMPLETE;
  }
  if (status === 204) return { kind: 'complete', bytes: Buffer.alloc(0), length: start };
  return ended ? { kind: 'complete', bytes: bytes.subarray(start), length: bytes.length } : INCOMPLETE;
}

function chunkedBody(bytes: Buffer, start: number, ended: boolean): Body {
  const parts: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) break;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(size)) return malformed('a chunk without a size');
    const end = lineEnd + 2 + size + 2;
    if (bytes.length < end) break;
    if (size === 0) return { kind: 'complete', bytes: Buffer.concat(parts), length: end };
    parts.push(bytes.subarray(lineEnd + 2, end - 2));
    at = end;
  }
  return ended ? malformed('the connection ended within a chunk') : INCOMPLETE;
}

function malformed(reason: string): { kind: 'malformed'; reason: string } {
  return { kind: 'malformed', reason };
}
