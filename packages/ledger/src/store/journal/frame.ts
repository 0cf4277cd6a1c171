// A frame: what one group commit writes to the journal. A header of 32 bytes, then the entries as a bundle has them,
// filled up to whole blocks, so that no write ever touches a block that holds an acknowledged receipt. Pure.
//
// A receipt cannot imitate a header: its JSON holds no byte below 0x20, and the header's lengths do.
import { crc32 } from 'node:zlib';

import { LedgerError } from '../../errors.ts';
import { entryBytesMax } from '../../format/layout.ts';

export const blockBytes = 4096;
const headerBytes = 32;
/** Of the header, before its own checksum. */
const checkedBytes = 28;
const magic = 0x46_42_4a_31; // FBJ1

export type Frame = {
  /** Index of its first entry. */
  readonly first: number;
  readonly count: number;
  /** Each entry after its length, a big-endian uint16. */
  readonly body: Uint8Array;
};

/** Bytes that a frame takes in the journal. */
export function frameBytes(bodyBytes: number): number {
  return Math.ceil((headerBytes + bodyBytes) / blockBytes) * blockBytes;
}

/** Where a frame is put together: one buffer, used again for each. */
export class FrameRoom {
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #end = headerBytes;

  begin(): void {
    this.#end = headerBytes;
  }

  get bodyBytes(): number {
    return this.#end - headerBytes;
  }

  /** Adds the entry that the three texts make one after the other (joining them first would cost a copy), and returns it, a view until the next is added. Throws `receipt-too-large`, having added nothing. */
  add(id: string, head: string, middle: string, tail: string): Uint8Array {
    this.#reserve(2 + 3 * (head.length + middle.length + tail.length));
    const start = this.#end + 2;
    let at = start + this.#bytes.write(head, start);
    at += this.#bytes.write(middle, at);
    at += this.#bytes.write(tail, at);
    const length = at - start;
    if (length > entryBytesMax) throw new LedgerError('receipt-too-large', `receipt ${id} has ${length} bytes; ${entryBytesMax} at most: keep what is large elsewhere and record its hash`);
    this.#bytes.writeUInt16BE(length, this.#end);
    this.#end = at;
    return this.#bytes.subarray(start, at);
  }

  /** Adds an entry that is there as bytes. */
  addBytes(entry: Uint8Array): void {
    this.#reserve(2 + entry.length);
    this.#bytes.writeUInt16BE(entry.length, this.#end);
    this.#bytes.set(entry, this.#end + 2);
    this.#end += 2 + entry.length;
  }

  /** The frame as it goes to the journal, and the entries in it. `salt` is the ledger's own, so that no other ledger's journal is taken for this one's. */
  seal({ first, count, salt }: { readonly first: number; readonly count: number; readonly salt: number }): { readonly sealed: Buffer; readonly body: Buffer } {
    const length = frameBytes(this.bodyBytes);
    this.#reserve(length - this.#end);
    const body = this.#bytes.subarray(headerBytes, this.#end);
    const sealed = this.#bytes.subarray(0, length);
    sealed.fill(0, this.#end);
    sealed.writeUInt32BE(magic, 0);
    sealed.writeUInt32BE(body.length, 4);
    sealed.writeUInt32BE(count, 8);
    sealed.writeDoubleBE(first, 12);
    sealed.writeUInt32BE(crc32(body, salt), 20);
    sealed.writeUInt32BE(0, 24);
    sealed.writeUInt32BE(crc32(sealed.subarray(0, checkedBytes), salt), checkedBytes);
    return { sealed, body };
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(longer, 0, 0, this.#end);
    this.#bytes = longer;
  }
}

export type FoundFrame = Frame & { readonly isWhole: boolean };

/** The frame whose header stands at `offset`; undefined if none does. Not whole: the body is torn or was changed. */
export function frameAt(bytes: Buffer, offset: number, salt: number): FoundFrame | undefined {
  const check = headerCheck(bytes, offset);
  if (check === undefined || crc32(check.bytes, salt) !== check.crc) return undefined;
  const length = bytes.readUInt32BE(offset + 4);
  const body = bytes.subarray(offset + headerBytes, offset + headerBytes + length);
  const isWhole = body.length === length && crc32(body, salt) === bytes.readUInt32BE(offset + 20);
  return { first: bytes.readDoubleBE(offset + 12), count: bytes.readUInt32BE(offset + 8), body, isWhole };
}

/** What a header at `offset` is checked by, whatever the salt; undefined if none can stand there. */
export function headerCheck(bytes: Buffer, offset: number): { readonly bytes: Buffer; readonly crc: number } | undefined {
  if (offset + headerBytes > bytes.length || bytes.readUInt32BE(offset) !== magic) return undefined;
  return { bytes: bytes.subarray(offset, offset + checkedBytes), crc: bytes.readUInt32BE(offset + checkedBytes) };
}

/** The entries in a frame's body. */
export function splitEntries(body: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at + 2 <= body.length; ) {
    const end = at + 2 + ((body[at]! << 8) | body[at + 1]!);
    entries.push(body.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
