// The log over HTTP as C2SP tlog-tiles has it, as data: which file answers a path, and with what headers. Whoever has
// a port joins it (cli's ledger routes). Only what may be public is named here; keys/ and state/ have no path.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { checkpointPath, cosignedCheckpointPath, parseTilePath, tileWidth, verifierKeysPath } from '../format/layout.ts';

/** Names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string>>;

/** `file`: 200 with its bytes, or 404 if it is not there. */
export type FileAnswer =
  | { readonly kind: 'file'; readonly path: string; readonly headers: AnswerHeaders }
  | { readonly kind: 'text'; readonly status: 404 | 405; readonly headers: AnswerHeaders; readonly body: string };

const textType = 'text/plain; charset=utf-8';
/** Full tiles never change; partial ones neither, but they go once the full one is there. */
const fullTileCaching = 'public, max-age=31536000, immutable';
const partialTileCaching = 'public, max-age=60';
const noCaching = 'no-cache';

const publicTexts: ReadonlySet<string> = new Set([checkpointPath, cosignedCheckpointPath, verifierKeysPath]);

/** `path` without query, without the prefix that the log is served under, and without its first slash. Pure. */
export function answerFor({ method, path }: { readonly method: string; readonly path: string }): FileAnswer {
  if (method !== 'GET' && method !== 'HEAD') return { kind: 'text', status: 405, headers: { ...textHeaders, allow: 'GET, HEAD' }, body: 'a log is only read: GET or HEAD\n' };
  if (publicTexts.has(path)) return { kind: 'file', path, headers: textHeaders };
  // There is one way to write a tile's path, and nothing else is a path: what is asked for is never joined to a folder before it is known.
  const tile = parseTilePath(path);
  if (tile === undefined) return notFound;
  const caching = tile.width === tileWidth ? fullTileCaching : partialTileCaching;
  return { kind: 'file', path, headers: { ...safe, 'content-type': 'application/octet-stream', 'cache-control': caching } };
}

/** Receipts hold what others wrote: no browser may take them for a page. */
const safe: AnswerHeaders = { 'x-content-type-options': 'nosniff' };
const textHeaders: AnswerHeaders = { ...safe, 'content-type': textType, 'cache-control': noCaching };
/** Not cached: the file may be there a moment later. */
const notFound: FileAnswer & { readonly kind: 'text' } = { kind: 'text', status: 404, headers: { ...safe, 'content-type': textType, 'cache-control': 'no-store' }, body: 'not found\n' };

export type HttpAnswer = { readonly status: number; readonly headers: AnswerHeaders; readonly body: Uint8Array | string };
/** A file that is there, open; whoever has it reads or closes it. */
export type OpenFileAnswer = { readonly status: 200; readonly headers: AnswerHeaders; readonly file: FileHandle; readonly bytes: number };

/** The answer with its bytes, from the log in `folder`. Rejects with `disk-failed` when a file is there and cannot be read. */
export async function serveLogFile(folder: string, request: { readonly method: string; readonly path: string }): Promise<HttpAnswer> {
  const answer = await openLogFile(folder, request);
  if (!('file' in answer)) return answer;
  const { status, headers, file } = answer;
  try {
    return { status, headers, body: await file.readFile() };
  } catch (cause) {
    throw unreadable(join(folder, request.path), cause);
  } finally {
    await file.close();
  }
}

/** The same without reading it yet: a bundle of large receipts has 16 MiB, too much to hold for everybody who asks and reads slowly. */
export async function openLogFile(folder: string, request: { readonly method: string; readonly path: string }): Promise<HttpAnswer | OpenFileAnswer> {
  const answer = answerFor(request);
  if (answer.kind === 'text') return answer;
  const path = join(folder, answer.path);
  const file = await openIfThere(path);
  if (file === undefined) return notFound;
  const found = await file.stat();
  if (found.isFile()) return { status: 200, headers: answer.headers, file, bytes: found.size };
  await file.close();
  throw unreadable(path, { code: found.isDirectory() ? 'EISDIR' : 'no file' });
}

/** No link is followed: what is published lies in the folder itself. A pipe is not waited for (open(2)). */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, openFlags);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): LedgerError {
  return new LedgerError('disk-failed', `${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
}
