// A frame: what one group commit writes to the journal. A header of 32 bytes, then the entries as a bundle has them,
// filled up to whole blocks, so that no write ever touches a block that holds an acknowledged receipt. Pure.
//
// A receipt cannot imitate a header: its JSON holds no byte below 0x20, and the header's lengths do.
import { crc32 } from 'node:zlib';

export const blockBytes = 4096;
const headerBytes = 32;
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

/** Room for a body of `bodyBytes`, to be filled before the frame is sealed. */
export function newFrame(bodyBytes: number): { readonly bytes: Buffer; readonly body: Buffer } {
  const bytes = Buffer.allocUnsafeSlow(frameBytes(bodyBytes));
  bytes.fill(0, headerBytes + bodyBytes);
  return { bytes, body: bytes.subarray(headerBytes, headerBytes + bodyBytes) };
}

/** Writes the header. `salt` is the ledger's own, so that no other ledger's journal is taken for this one's. */
export function sealFrame(bytes: Buffer, { first, count, body, salt }: Frame & { readonly salt: number }): void {
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(body.length, 4);
  bytes.writeUInt32BE(count, 8);
  bytes.writeDoubleBE(first, 12);
  bytes.writeUInt32BE(crc32(body, salt), 20);
  bytes.writeUInt32BE(0, 24);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 28), salt), 28);
}

export type FoundFrame = Frame & { readonly isWhole: boolean };

/** The frame whose header stands at `offset`; undefined if none does. Not whole: the body is torn or was changed. */
export function frameAt(bytes: Buffer, offset: number, salt: number): FoundFrame | undefined {
  if (offset + headerBytes > bytes.length || bytes.readUInt32BE(offset) !== magic) return undefined;
  if (crc32(bytes.subarray(offset, offset + 28), salt) !== bytes.readUInt32BE(offset + 28)) return undefined;
  const length = bytes.readUInt32BE(offset + 4);
  const body = bytes.subarray(offset + headerBytes, offset + headerBytes + length);
  const isWhole = body.length === length && crc32(body, salt) === bytes.readUInt32BE(offset + 20);
  return { first: bytes.readDoubleBE(offset + 12), count: bytes.readUInt32BE(offset + 8), body, isWhole };
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
