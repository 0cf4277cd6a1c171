// Frames: what travels between two shards. Four bytes of length, big endian, then one value in
// V8's serialization format. Pure: bytes in, values out; whoever holds the socket decides what a
// bad one means.
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';
import { KernelError } from '../errors.ts';

/** Bytes of one frame, its length not counted. */
export const frameBytesMax = 64 * 1024 * 1024;

const LENGTH_BYTES = 4;
const lengthPlaceholder = new Uint8Array(LENGTH_BYTES);

/** The other side does not keep to the protocol. */
export class BadFrame extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadFrame';
  }
}

/** Throws 'bad-message' for what cannot be sent: not plain data, or above `frameBytesMax`. */
export function encodeFrame(value: unknown): Buffer {
  const serializer = new DefaultSerializer();
  serializer.writeRawBytes(lengthPlaceholder);
  serializer.writeHeader();
  try {
    serializer.writeValue(value);
  } catch (cause) {
    throw new KernelError('bad-message', `it cannot be sent to another shard: ${(cause as Error).message} Messages are plain data.`, { cause });
  }
  const frame = serializer.releaseBuffer();
  const bytes = frame.length - LENGTH_BYTES;
  if (bytes > frameBytesMax) {
    throw new KernelError('bad-message', `it has ${bytes} bytes, ${frameBytesMax} are the most that is sent to another shard; send it in parts`);
  }
  frame.writeUInt32BE(bytes, 0);
  return frame;
}

class FrameDeserializer extends DefaultDeserializer {
  // Node's own gives views into the bytes read: a small one, kept in a state, would keep all that
  // arrived with it.
  _readHostObject(): ArrayBufferView {
    const inherited = DefaultDeserializer.prototype as unknown as { _readHostObject(this: FrameDeserializer): ArrayBufferView };
    const view = inherited._readHostObject.call(this);
    const bytes = new Uint8Array(view.byteLength);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    if (Buffer.isBuffer(view)) return Buffer.from(bytes.buffer);
    return new (view.constructor as new (buffer: ArrayBuffer) => ArrayBufferView)(bytes.buffer);
  }
}

/** Throws a BadFrame for bytes that hold no value. */
export function decodeFrame(bytes: Buffer): unknown {
  try {
    const deserializer = new FrameDeserializer(bytes);
    deserializer.readHeader();
    return deserializer.readValue();
  } catch (error) {
    throw new BadFrame(`${bytes.length} bytes hold no value: ${(error as Error).message}`);
  }
}

/** Puts frames together from chunks as they come. Of no use any more once it threw. */
export class FrameReader {
  /** Bytes of a frame that are accepted from now on. */
  bytesMax: number;
  #chunks: Buffer[] = [];
  /** Where the unread part of the first chunk begins. */
  #start = 0;
  #unread = 0;
  /** Length of the frame whose bytes come next; undefined before its length is known. */
  #length: number | undefined;

  constructor(bytesMax: number = frameBytesMax) {
    this.bytesMax = bytesMax;
  }

  /** Calls `take` with each value that is complete, until it says false; throws a BadFrame. */
  push(chunk: Buffer, take: (value: unknown) => boolean): void {
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    for (;;) {
      if (this.#length === undefined) {
        if (this.#unread < LENGTH_BYTES) return;
        this.#length = this.#checkedLength(this.#cut(LENGTH_BYTES).readUInt32BE(0));
      }
      if (this.#unread < this.#length) return;
      const bytes = this.#cut(this.#length);
      this.#length = undefined;
      if (!take(decodeFrame(bytes))) return;
    }
  }

  #checkedLength(length: number): number {
    if (length > this.bytesMax) throw new BadFrame(`a frame of ${length} bytes; ${this.bytesMax} are the most`);
    return length;
  }

  #cut(length: number): Buffer {
    const first = this.#chunks[0]!;
    const end = this.#start + length;
    this.#unread -= length;
    if (end > first.length) return this.#gather(length);
    const bytes = first.subarray(this.#start, end);
    this.#start = end;
    if (end === first.length) {
      this.#chunks.shift();
      this.#start = 0;
    }
    return bytes;
  }

  /** The bytes lie in several chunks. */
  #gather(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.#chunks[used]!;
      const copied = chunk.copy(bytes, filled, this.#start, Math.min(chunk.length, this.#start + length - filled));
      filled += copied;
      this.#start += copied;
      if (this.#start === chunk.length) {
        used += 1;
        this.#start = 0;
      }
    }
    this.#chunks.splice(0, used);
    return bytes;
  }
}
