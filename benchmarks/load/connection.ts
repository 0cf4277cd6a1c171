// One TCP connection at a time to the server, opened when something is to be sent. Reads into one buffer
// that is used again (`onread`), which saves the stream machinery per read; a server's CPU is measured here,
// not this side's.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { frameResponse } from './response.ts';
import type { Response } from './response.ts';
import type { FailureKind } from './plan.ts';

const READ_BYTES = 16 * 1024;

export interface ConnectionUser {
  /** All bytes of the answer so far are these: true when they are, byte for byte, what is awaited. */
  recognizes(bytes: Buffer, length: number): boolean;
  answered(response: Response, raw: Buffer): void;
  /** While something is awaited. The connection is gone. */
  broke(kind: FailureKind, detail: string): void;
}

export class Connection {
  readonly #port: number;
  readonly #user: ConnectionUser;
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #socket: Socket | undefined;
  #received: Buffer | undefined;
  #isAwaiting = false;

  constructor(port: number, user: ConnectionUser) {
    this.#port = port;
    this.#user = user;
  }

  send(request: Buffer): void {
    this.#isAwaiting = true;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#received = undefined;
    this.#isAwaiting = false;
  }

  fail(kind: FailureKind, detail: string): void {
    const wasAwaiting = this.#isAwaiting;
    this.close();
    if (wasAwaiting) this.#user.broke(kind, detail);
  }

  #open(): Socket {
    const onread = {
      buffer: this.#readBuffer,
      callback: (length: number): boolean => {
        if (this.#socket === socket) this.#read(length);
        return true;
      },
    };
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true, onread });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#socket === socket) this.fail(error.code === 'ECONNREFUSED' ? 'refused' : 'reset', error.message);
    });
    // Without a listener of 'end' and reading by onread, 'end' still arrives; half-open is not allowed.
    socket.on('end', () => {
      if (this.#socket === socket) this.#ended();
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.fail('reset', 'closed before the answer');
    });
    return socket;
  }

  #read(length: number): void {
    if (!this.#isAwaiting) return this.close(); // Bytes that nobody asked for: the next answer could not be told.
    if (this.#received === undefined) {
      // Before asking: the user may send the next request from within.
      this.#isAwaiting = false;
      if (this.#user.recognizes(this.#readBuffer, length)) return;
      this.#isAwaiting = true;
      this.#received = Buffer.from(this.#readBuffer.subarray(0, length));
    } else {
      this.#received = Buffer.concat([this.#received, this.#readBuffer.subarray(0, length)]);
    }
    this.#frame(this.#received, false);
  }

  #ended(): void {
    if (this.#received === undefined) return this.fail('reset', 'closed before the answer');
    this.#frame(this.#received, true);
  }

  #frame(bytes: Buffer, ended: boolean): void {
    const framed = frameResponse(bytes, ended);
    if (framed.kind === 'incomplete') return;
    if (framed.kind === 'malformed') return this.fail('malformed', framed.reason);
    if (framed.length !== bytes.length) return this.fail('malformed', 'bytes after the end of the answer');
    if (ended || framed.response.closes) this.close();
    this.#received = undefined;
    this.#isAwaiting = false;
    this.#user.answered(framed.response, bytes);
  }
}
