// Where each file of a tar archive lies: one pass over its headers. Reads what tar programs write (ustar, GNU long names,
// pax) and refuses what they would read otherwise than this does (sizes in pax headers, sparse files, global headers
// that name files): an archive must not be one log here and another once it is unpacked.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { LedgerError } from '../errors.ts';
import { readRange } from './folder-source.ts';

export type Member = { readonly offset: number; readonly length: number };

const blockBytes = 512;
/** Of a long name or pax header: far above any path of a log. */
const headerBytesMax = 65_536;
const regularFile = new Set(['0', '\0', '7']);

/** Of names that come twice the last counts, as when it is unpacked. Throws `bad-source`. */
export function membersOf(file: string, archive: string): Map<string, Member> {
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
    if (type === 'L' || type === 'x' || type === 'g') {
      if (length > headerBytesMax) throw new LedgerError('bad-source', `${archive}: a header of ${length} bytes, more than any file of a log needs`);
      const bytes = readRange(descriptor, { file: archive, offset, length });
      longName = type === 'L' ? cString(Buffer.from(bytes).toString()) : (paxName(Buffer.from(bytes), { archive, isGlobal: type === 'g' }) ?? longName);
    } else {
      // Unpacked, a link or folder of that name would take the place of a file that came before.
      if (regularFile.has(type)) members.set(longName ?? name, { offset, length });
      else members.delete(longName ?? name);
      longName = undefined;
    }
    at = offset + Math.ceil(length / blockBytes) * blockBytes;
  }
  return members;
}

function cString(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

function parseHeader(header: Buffer, archive: string): { readonly name: string; readonly length: number; readonly type: string } {
  const text = (from: number, to: number) => cString(header.toString('utf8', from, to));
  let sum = 8 * 0x20;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += header[at]!;
  const [length, checksum] = [octal(text(124, 136)), octal(text(148, 156))];
  if (checksum !== sum || length === undefined) throw new LedgerError('bad-source', `${archive} is no tar archive, or a header in it is damaged`);
  const prefix = text(257, 262) === 'ustar' ? text(345, 500) : '';
  return { name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`, length, type: String.fromCharCode(header[156]!) };
}

function octal(text: string): number | undefined {
  const digits = text.trim();
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined;
}

/** The path that a pax header gives the next file (POSIX pax, "Extended Header": records of `length key=value\n`). */
function paxName(bytes: Buffer, { archive, isGlobal }: { readonly archive: string; readonly isGlobal: boolean }): string | undefined {
  const refuse = (why: string) => new LedgerError('bad-source', `${archive}: ${why}`);
  let path: string | undefined;
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^([1-9]\d{0,5}) /.exec(bytes.toString('latin1', at, at + 7))?.[1]);
    if (!(at + length <= bytes.length) || bytes[at + length - 1] !== 0x0a) throw refuse('a pax header is damaged');
    const record = bytes.toString('utf8', at + String(length).length + 1, at + length - 1);
    const equals = record.indexOf('=');
    const key = record.slice(0, equals);
    if (key === 'path' && !isGlobal) path = record.slice(equals + 1);
    else if (key === 'path' || key === 'size' || key.startsWith('GNU.sparse')) throw refuse(`a pax header says ${key.slice(0, 40)}, which no archive of a log needs`);
    at += length;
  }
  return path;
}
