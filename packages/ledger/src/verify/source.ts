// Where a log is read from: a folder, a tar archive, an address. Opened once by `openSource`, then read by each
// thread through its own reader; the description in between is plain data.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { checkpointPath } from '../format/layout.ts';
import { folderReader } from './folder-source.ts';
import type { LogReader } from './log-reader.ts';
import { openTar, tarReader, type TarDescription } from './tar-source.ts';
import { urlReader } from './url-source.ts';

export type SourceDescription =
  | { readonly kind: 'folder'; readonly folder: string }
  | TarDescription
  | { readonly kind: 'url'; readonly url: string; readonly requestTimeoutMs?: number };

export type Source = { readonly description: SourceDescription; readonly close: () => void };

/** Rejects with `bad-source`. `target` is a folder, a `.tar`, `.tar.gz` or `.tgz`, or an http(s) address. */
export async function openSource(target: string, { requestTimeoutMs }: { readonly requestTimeoutMs?: number } = {}): Promise<Source> {
  const timeout = requestTimeoutMs === undefined ? {} : { requestTimeoutMs };
  if (/^https?:\/\//.test(target)) return { description: { kind: 'url', url: target.replace(/\/+$/, ''), ...timeout }, close: () => {} };
  if (!existsSync(target)) throw new LedgerError('bad-source', `${target}: there is no such folder or archive`);
  const found = statSync(target);
  if (!found.isDirectory() && !found.isFile()) throw new LedgerError('bad-source', `${target} is neither a folder nor a file`);
  if (!found.isDirectory()) return openTar(target);
  if (!existsSync(join(target, checkpointPath))) throw new LedgerError('bad-source', `${target}: no log in there, it has no file named ${checkpointPath}`);
  return { description: { kind: 'folder', folder: target }, close: () => {} };
}

export function openReader(description: SourceDescription): LogReader {
  switch (description.kind) {
    case 'folder':
      return folderReader(description.folder);
    case 'tar':
      return tarReader(description);
    case 'url':
      return urlReader(description);
  }
}
