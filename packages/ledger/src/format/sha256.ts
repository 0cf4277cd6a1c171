// SHA-256, the only hash of the ledger. node:crypto's one-shot hash takes three times as long to hand out a Buffer as
// to hand out a string of 32 Latin-1 (“binary”) characters, which is then written where it belongs (Node 24: 690 and 230 ns for
// 65 bytes). Pure.
import { hash } from 'node:crypto';

export const hashBytes = 32;

export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}

/** Writes the hash of `bytes` at `offset` of `target`; they may overlap. */
export function sha256Into(target: Buffer, offset: number, bytes: Uint8Array): void {
  target.write(hash('sha256', bytes, 'binary'), offset, hashBytes, 'latin1');
}
