// The connection that this shard made to a peer: everything it tells the peer goes through it, in
// order. Frames of one turn of the event loop leave together. What a peer that does not read leaves
// waiting has a limit.
import net from 'node:net';
import { Port } from '../process/port.ts';
import { BadFrame, FrameReader } from './frame.ts';
import { checkGreeting, op } from './wire.ts';

/** Bytes that may wait in a connection; one frame larger than what is left of it waits alone. */
export const waitingBytesMax = 64 * 1024 * 1024;
/** Above `waitingBytesMax` only what nobody can be refused still waits; above this the peer is given up. */
export const controlBytesMax = 2 * waitingBytesMax;

/** An answer to a hello is short. */
const GREETING_BYTES_MAX = 65_536;
/** Up to here, one write of joined frames costs less than a vector of them. */
const JOINED_BYTES_MAX = 65_536;

export interface OutgoingEvents {
  welcomed(): void;
  refused(why: string): void;
  broken(error: BadFrame): void;
  /** Called once, whoever closed it. */
  closed(error: Error | undefined): void;
}

export class Outgoing extends Port {
  readonly #path: string;
  readonly #events: OutgoingEvents;
  readonly #reader = new FrameReader(GREETING_BYTES_MAX);
  #socket: net.Socket | undefined;
  #connected = false;
  #batch: Buffer[] = [];
  #batchBytes = 0;
  readonly #flush = (): void => this.#write();

  constructor(path: string, events: OutgoingEvents) {
    super();
    this.#path = path;
    this.#events = events;
  }

  /** Frames may be put before it is connected; they wait. */
  connect(): void {
    const socket = net.connect({ path: this.#path });
    let failure: Error | undefined;
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('connect', () => {
      this.#connected = true;
    });
    socket.on('data', (chunk: Buffer) => this.#greet(chunk));
    socket.on('close', () => this.#events.closed(failure));
    this.#socket = socket;
  }

  /** Whether it ever was. */
  get connected(): boolean {
    return this.#connected;
  }

  /** What waits here for the peer to read, in bytes. */
  get waitingBytes(): number {
    return this.#batchBytes + (this.#socket?.writableLength ?? 0);
  }

  /** False, and nothing is queued, if too much waits. */
  offer(frame: Buffer): boolean {
    const waiting = this.waitingBytes;
    if (waiting > 0 && waiting + frame.length > waitingBytesMax) return false;
    this.#put(frame);
    return true;
  }

  /** As `offer`, for what must not be lost while the connection lasts; false: give the peer up. */
  force(frame: Buffer): boolean {
    if (this.waitingBytes > controlBytesMax) return false;
    this.#put(frame);
    return true;
  }

  /** What the operating system takes at once still goes out. */
  close(): void {
    this.#write();
    this.#socket?.destroy();
  }

  #put(frame: Buffer): void {
    if (this.#batch.length === 0) setImmediate(this.#flush);
    this.#batch.push(frame);
    this.#batchBytes += frame.length;
  }

  #write(): void {
    const socket = this.#socket;
    const [batch, bytes] = [this.#batch, this.#batchBytes];
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    if (socket === undefined || socket.destroyed) return;
    if (batch.length === 1) socket.write(batch[0]!);
    else if (bytes <= JOINED_BYTES_MAX) socket.write(Buffer.concat(batch, bytes));
    else {
      socket.cork();
      for (const frame of batch) socket.write(frame);
      socket.uncork();
    }
  }

  #greet(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, (value) => {
        const greeting = checkGreeting(value);
        if (greeting[0] === op.welcome) this.#events.welcomed();
        else this.#events.refused(greeting[1]);
        return true;
      });
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#events.broken(error);
    }
  }
}
