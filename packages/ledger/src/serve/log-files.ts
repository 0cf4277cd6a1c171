// The log over HTTP as C2SP tlog-tiles has it, as data: which file answers a path, and with what headers. Whoever has
// a port joins it (cli's ledger routes). Only what may be public is named here; keys/ and state/ have no path.
import { readFile } from 'node:fs/promises';
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

/** The answer with its bytes, from the log in `folder`. Rejects with `disk-failed` when a file is there and cannot be read. */
export async function serveLogFile(folder: string, request: { readonly method: string; readonly path: string }): Promise<HttpAnswer> {
  const answer = answerFor(request);
  if (answer.kind === 'text') return answer;
  const bytes = await readIfThere(join(folder, answer.path));
  if (bytes === undefined) return notFound;
  return { status: 200, headers: answer.headers, body: bytes };
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new LedgerError('disk-failed', `${file} cannot be read (${code})`, { cause });
  }
}
