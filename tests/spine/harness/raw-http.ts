// Bytes to a port and what comes back, below what any HTTP client would let through.
import net from 'node:net';

export interface RawAnswer {
  /** Undefined where the connection ended without an answer. */
  readonly status: number | undefined;
  readonly head: string;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Writes the pieces one after the other, then reads until the server closes. */
export function sendBytes(port: number, ...pieces: readonly (string | Buffer)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A reset after the answer is no loss of it.
    socket.on('error', () => {});
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('utf8'))));
  });
}

/**
 * Bytes that may be half a request, which waits for its rest: once `pause` is over without an answer, this end
 * is closed, which ends it.
 */
export function sendUntilQuiet(port: number, bytes: Buffer, pause: () => Promise<void>): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      void pause().then(() => socket.end());
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('utf8'))));
  });
}

/** Sends the pieces and breaks the connection off as soon as they are written. */
export function sendAndLeave(port: number, ...pieces: readonly (string | Buffer)[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(Buffer.concat(pieces.map((piece) => Buffer.from(piece))), () => socket.resetAndDestroy()));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** A request as text; it asks for the connection to be closed, which ends the answer. */
export function requestText({ method = 'POST', path = '/mcp', headers = {}, body = '' }: RawRequest): string {
  const all = { Host: '127.0.0.1', Connection: 'close', 'Content-Length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${String(body)}`;
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  return { status: status === undefined ? undefined : Number(status), head: end < 0 ? text : text.slice(0, end), body: end < 0 ? '' : text.slice(end + 4) };
}
