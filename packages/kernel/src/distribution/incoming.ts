// A connection that somebody made to this shard. It must say hello, in time; from then on its
// frames are a peer's.
import type net from 'node:net';
import { closePort, forgetPort, Port } from '../process/port.ts';
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';
import { BadFrame, encodeFrame, frameBytesMax, FrameReader } from './frame.ts';
import { checkFrame, checkHello, op, type Frame, type Greeting, type Hello } from './wire.ts';

export const helloTimeoutMs = 5_000;
const HELLO_BYTES_MAX = 65_536;

/** Who takes a connection's frames. */
export interface Receiver {
  receive(frame: Frame): void;
  /** It does not keep to the protocol. */
  badFrame(error: Error): void;
  /** Called once it ended, whoever ended it. */
  incomingClosed(incoming: Incoming): void;
}

export interface IncomingOptions {
  readonly socket: net.Socket;
  /** Gives who takes the frames, or says why the connection is refused. */
  readonly admit: (hello: Hello, incoming: Incoming) => Receiver | string;
  /** Closed before it was admitted. */
  readonly refused: (reason: string, hello: Hello | undefined) => void;
}

export class Incoming extends Port {
  readonly #options: IncomingOptions;
  readonly #reader = new FrameReader(HELLO_BYTES_MAX);
  #helloTimer: Timer | undefined;
  #receiver: Receiver | undefined;
  #closed = false;

  constructor(options: IncomingOptions) {
    super();
    this.#options = options;
  }

  /** Once it is in the table of ports. */
  start(): void {
    const { socket } = this.#options;
    this.#helloTimer = startTimer(helloTimeoutMs, () => this.#refuse(`no hello within ${helloTimeoutMs} ms`));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // The peer's death shows as an error or as an end; both close.
    socket.on('error', () => {});
    socket.on('close', () => {
      forgetPort(this);
      this.#end();
    });
  }

  close(): void {
    this.#options.socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#helloTimer !== undefined) cancelTimer(this.#helloTimer);
    this.#receiver?.incomingClosed(this);
  }

  #take(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, (value) => {
        if (this.#receiver === undefined) this.#admit(checkHello(value));
        else this.#receiver.receive(checkFrame(value));
        return !this.#closed;
      });
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      if (this.#receiver === undefined) this.#refuse(error.message);
      else this.#receiver.badFrame(error);
    }
  }

  #admit(hello: Hello): void {
    cancelTimer(this.#helloTimer!);
    const receiver = this.#options.admit(hello, this);
    if (typeof receiver === 'string') {
      this.#greet([op.refused, receiver]);
      this.#refuse(receiver, hello);
      return;
    }
    this.#receiver = receiver;
    this.#reader.bytesMax = frameBytesMax;
    this.#greet([op.welcome]);
  }

  #greet(greeting: Greeting): void {
    this.#options.socket.write(encodeFrame(greeting));
  }

  #refuse(reason: string, hello?: Hello): void {
    this.#options.refused(reason, hello);
    closePort(this.id);
  }
}
