// The file system as the writer needs it, and nothing more of it: whoever tests the writer injects one that fails,
// tears or dies at a chosen call. Synchronous: the calls run in the writer's own thread, where a promise a call would
// cost more than the call. What may take long is done meanwhile, in another thread (background-files.ts).
import { closeSync, constants, fdatasyncSync, fsyncSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, renameSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { LedgerError } from '../../errors.ts';

export interface Files {
  /** Makes one folder; fine if it is there. */
  makeFolder(path: string, mode?: number): void;
  /** The names in a folder; none if it is not there. */
  list(path: string): string[];
  /** The whole file; undefined if it is not there. */
  read(path: string): Buffer | undefined;
  /** How many bytes were read; fewer than asked for at the end of the file. */
  readAt(file: number, into: Uint8Array, position: number): number;
  sizeOf(file: number): number;
  /** `write` makes the file if there is none and keeps what is in it. Mode 0644 unless given. */
  open(path: string, purpose: 'read' | 'write', mode?: number): number;
  close(file: number): void;
  /** How many bytes were written, which may be fewer than given. */
  writeAt(file: number, bytes: Uint8Array, position: number): number;
  /** Returns once data and length would survive a power failure (fdatasync). */
  sync(file: number): void;
  /** The same for a file or folder by path. */
  syncPath(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  removeFolder(path: string): void;
}

export type FileChange =
  | { readonly makeFolder: string }
  | { readonly write: string; readonly bytes: Uint8Array }
  | { readonly remove: string }
  | { readonly removeFolder: string };

/** Files of which some can be changed while the caller goes on. */
export interface BackgroundFiles extends Files {
  /** Makes files and folders durable, by path; rejects at the first that fails. Changes asked for later may come first. */
  syncLater(paths: readonly string[]): Promise<void>;
  /** One change after the other; rejects at the first that fails, with those after it not done. Bytes are taken as they are at the call. */
  changeLater(changes: readonly FileChange[]): Promise<void>;
}

export const systemFiles: Files = {
  makeFolder(path, mode = 0o755) {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  },
  list: (path) => orMissing(() => readdirSync(path)) ?? [],
  read: (path) => orMissing(() => readFileSync(path)),
  readAt: (file, into, position) => readSync(file, into, 0, into.length, position),
  sizeOf: (file) => fstatSync(file).size,
  open: (path, purpose, mode = 0o644) => openSync(path, purpose === 'read' ? 'r' : constants.O_CREAT | constants.O_RDWR, mode),
  close: (file) => closeSync(file),
  writeAt: (file, bytes, position) => writeSync(file, bytes, 0, bytes.length, position),
  sync: (file) => fdatasyncSync(file),
  syncPath(path) {
    const file = openSync(path, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename: (from, to) => renameSync(from, to),
  remove: (path) => unlinkSync(path),
  removeFolder: (path) => rmdirSync(path),
};

/** The same files, and a function that closes what is still open of them: after a start that failed half-way. */
export function tracked<Some extends Files>(files: Some): { readonly files: Some; readonly closeAll: () => void } {
  const open = new Set<number>();
  const tracking: Some = {
    ...files,
    open(path, purpose, mode) {
      const file = files.open(path, purpose, mode);
      open.add(file);
      return file;
    },
    close(file) {
      open.delete(file);
      files.close(file);
    },
  };
  return { files: tracking, closeAll: () => open.forEach((file) => tracking.close(file)) };
}

function orMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** All of it, however often the system writes less than it was given. */
export function writeFully(files: Files, file: number, bytes: Uint8Array, position = 0): void {
  for (let at = 0; at < bytes.length; ) {
    const written = files.writeAt(file, at === 0 ? bytes : bytes.subarray(at), position + at);
    if (written === 0) throw new LedgerError('disk-failed', 'the disk takes no more bytes and does not say why');
    at += written;
  }
}

export function applyChange(files: Files, change: FileChange): void {
  if ('makeFolder' in change) files.makeFolder(change.makeFolder);
  else if ('write' in change) writeWhole(files, change.write, change.bytes);
  else if ('remove' in change) files.remove(change.remove);
  else files.removeFolder(change.removeFolder);
}

export type WriteOptions = { readonly mode?: number; readonly sync?: boolean };

/** Writes over what is there, never truncating first: who reads a file of the same bytes meanwhile sees no gap. */
export function writeWhole(files: Files, path: string, bytes: Uint8Array, { mode, sync = false }: WriteOptions = {}): void {
  const file = files.open(path, 'write', mode);
  try {
    writeFully(files, file, bytes);
    if (sync) files.sync(file);
  } finally {
    files.close(file);
  }
}

export const unfinishedSuffix = '.new';

/** The file has either its old bytes or the new ones, at each moment; with `sync` after a power failure too. */
export function replaceFile(files: Files, path: string, bytes: Uint8Array, options: WriteOptions = {}): void {
  const unfinished = `${path}${unfinishedSuffix}`;
  // What a crash left there may be longer.
  if (files.read(unfinished) !== undefined) files.remove(unfinished);
  writeWhole(files, unfinished, bytes, options);
  files.rename(unfinished, path);
  if (options.sync) files.syncPath(dirname(path));
}

const diskFull = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const notWritable = new Set(['EROFS', 'EACCES', 'EPERM']);

/** A failure of the file system as one of the ledger's errors; errors of the ledger stay what they are. */
export function asLedgerError(error: unknown, doing: string, whenRoom = 'appending goes on by itself'): LedgerError {
  if (error instanceof LedgerError) return error;
  const code = codeOf(error) ?? String(error);
  if (diskFull.has(code)) return new LedgerError('disk-full', `${doing}: the disk is full (${code}); nothing is lost: make room, and ${whenRoom}`, { cause: error });
  if (notWritable.has(code)) return new LedgerError('disk-read-only', `${doing}: the folder cannot be written (${code}); mount it for writing, or give this user the right to`, { cause: error });
  return new LedgerError('disk-failed', `${doing}: the disk failed (${code}); what was acknowledged is checked at the next start`, { cause: error });
}
