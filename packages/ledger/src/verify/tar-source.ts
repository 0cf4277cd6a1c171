// Reads a log's files out of a tar archive without unpacking it: one pass over the headers notes where each file
// lies. A compressed one is first written plain to a temporary file of its own, which goes with the source. Reads
// what tar programs write: ustar, GNU long names, pax paths. Names are only looked up, never opened as paths.
import { closeSync, createReadStream, createWriteStream, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { LedgerError } from '../errors.ts';
import { checkpointPath } from '../format/layout.ts';
import { readRange } from './folder-source.ts';
import type { LogReader, Source } from './source.ts';

export type TarDescription = { readonly file: string; readonly members: ReadonlyMap<string, Member> };
type Member = { readonly offset: number; readonly length: number };

const blockBytes = 512;
/** Of a long name or pax header: far above any path of a log. */
const headerBytesMax = 65_536;

/** Rejects with `bad-source`. */
export async function openTar(archive: string): Promise<Source> {
  const { file, close } = await plainTar(archive);
  try {
    const members = logMembers(archive, membersOf(file, archive));
    return { description: { kind: 'tar', file, members }, close };
  } catch (error) {
    close();
    throw error;
  }
}

export function tarReader({ file, members }: TarDescription): LogReader {
  const descriptor = openSync(file, 'r');
  return {
    read: async (path, scratch) => {
      const member = members.get(path);
      return member && readRange(descriptor, { file: path, ...member, ...(scratch ? { scratch } : {}) });
    },
    close: () => closeSync(descriptor),
  };
}

async function plainTar(archive: string): Promise<{ readonly file: string; readonly close: () => void }> {
  if (!isGzip(archive)) return { file: archive, close: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'flyball-verify-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Whoever ends the process while it is read leaves nothing behind.
  process.once('exit', remove);
  const close = () => {
    process.off('exit', remove);
    remove();
  };
  const file = join(folder, 'log.tar');
  try {
    await pipeline(createReadStream(archive), createGunzip(), createWriteStream(file, { mode: 0o600 }));
    return { file, close };
  } catch (cause) {
    close();
    throw new LedgerError('bad-source', `${archive} cannot be decompressed into ${tmpdir()}: ${(cause as Error).message}`, { cause });
  }
}

function isGzip(archive: string): boolean {
  const descriptor = openSync(archive, 'r');
  try {
    const magic = Buffer.alloc(2);
    return readSync(descriptor, magic, 0, 2, 0) === 2 && magic.readUInt16BE(0) === 0x1f8b;
  } finally {
    closeSync(descriptor);
  }
}

function membersOf(file: string, archive: string): Map<string, Member> {
  const descriptor = openSync(file, 'r');
  try {
    return readHeaders(descriptor, archive);
  } finally {
    closeSync(descriptor);
  }
}

function readHeaders(descriptor: number, archive: string): Map<string, Member> {
  const members = new Map<string, Member>();
  const end = fstatSync(descriptor).size;
  const header = Buffer.alloc(blockBytes);
  let longName: string | undefined;
  for (let at = 0; at + blockBytes <= end; ) {
    readSync(descriptor, header, 0, blockBytes, at);
    if (header[0] === 0) break;
    const { name, length, type } = parseHeader(header, archive);
    const offset = at + blockBytes;
    if (offset + length > end) throw new LedgerError('bad-source', `${archive} is cut off: ${name} is not complete`);
    if (type === 'L' || type === 'x') {
      const text = Buffer.from(readRange(descriptor, { file: archive, offset, length: Math.min(length, headerBytesMax) })).toString();
      longName = type === 'L' ? text.replace(/\0.*$/s, '') : (paxPath(text) ?? longName);
    } else {
      if (type === '0' || type === '\0') members.set(longName ?? name, { offset, length });
      longName = undefined;
    }
    at = offset + Math.ceil(length / blockBytes) * blockBytes;
  }
  return members;
}

function parseHeader(header: Buffer, archive: string): { readonly name: string; readonly length: number; readonly type: string } {
  const text = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '');
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += header[at]!;
  const length = Number.parseInt(text(124, 136).trim() || '0', 8);
  if (Number.parseInt(text(148, 156).trim(), 8) !== sum || !(length >= 0)) throw new LedgerError('bad-source', `${archive} is no tar archive, or a header in it is damaged`);
  const prefix = text(257, 262) === 'ustar' ? text(345, 500) : '';
  return { name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, length, type: String.fromCharCode(header[156]!) };
}

/** pax records are `length key=value\n`. */
function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}

/** The log may lie at the top of the archive or in a folder of it: the shallowest checkpoint says where. */
function logMembers(archive: string, members: ReadonlyMap<string, Member>): Map<string, Member> {
  const suffix = `/${checkpointPath}`;
  const roots = [...members.keys()].filter((name) => `/${name}`.endsWith(suffix)).map((name) => name.slice(0, name.length - checkpointPath.length));
  const root = roots.toSorted((one, other) => one.split('/').length - other.split('/').length)[0];
  if (root === undefined) throw new LedgerError('bad-source', `${archive}: no log in there, it has no file named ${checkpointPath}`);
  return new Map([...members].filter(([name]) => name.startsWith(root)).map(([name, member]) => [name.slice(root.length), member]));
}
