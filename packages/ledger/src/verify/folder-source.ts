// Reads a log's files from a folder: a live ledger's, an export, an unpacked archive. Never writes.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { fileBytesMax, type LogReader, type Scratch } from './log-reader.ts';

export function folderReader(folder: string): LogReader {
  return {
    // Synchronous below: this is a verifier's own thread or process, and a promise a read costs more than the read.
    read: async (path, scratch) => readWhole(join(folder, path), scratch),
    close: () => {},
  };
}

function readWhole(file: string, scratch?: Scratch): Uint8Array | undefined {
  let descriptor: number;
  try {
    // Who opens a pipe waits for its writer, unless he says that he will not.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LedgerError('bad-source', `${file} cannot be read (${code})`, { cause });
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new LedgerError('bad-source', `${file} is no file`);
    return readRange(descriptor, { file, offset: 0, length: found.size, ...(scratch ? { scratch } : {}) });
  } finally {
    closeSync(descriptor);
  }
}

export type Range = { readonly file: string; readonly offset: number; readonly length: number; readonly scratch?: Scratch };

/** Throws `bad-source` when the bytes are too many for a log's file or end early. */
export function readRange(descriptor: number, { file, offset, length, scratch }: Range): Uint8Array {
  if (length > fileBytesMax) throw new LedgerError('bad-source', `${file}: ${length} bytes, more than any file of a log has`);
  const bytes = scratch ? room(scratch, length) : Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const read = readSync(descriptor, bytes, at, length - at, offset + at);
    if (read === 0) return bytes.subarray(0, at);
    at += read;
  }
  return bytes;
}

function room(scratch: Scratch, length: number): Buffer {
  if (scratch.bytes.length < length) scratch.bytes = Buffer.allocUnsafeSlow(Math.max(length, 2 * scratch.bytes.length));
  return scratch.bytes.subarray(0, length);
}
