/**
 * Documents from the file system. Everything has a limit, whatever is left out is reported with the
 * reason, and a file that changes, vanishes or turns into something else meanwhile is only skipped.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { decodeText } from './decode.ts';
import type { Document } from './document.ts';
import type { Root } from './roots.ts';
import { walkRoot } from './walk.ts';
import type { Candidate, SkipReason, Skipped } from './walk.ts';

export interface FolderLimits {
  /** Files looked at, over all roots; default 20,000. */
  readonly filesMax?: number;
  /** Default 2 MiB. */
  readonly fileBytesMax?: number;
  /** Over all roots; default 64 MiB. */
  readonly totalBytesMax?: number;
  /** Folders within folders; default 32. */
  readonly depthMax?: number;
}

export const folderLimits: Required<FolderLimits> = {
  filesMax: 20_000,
  fileBytesMax: 2_097_152,
  totalBytesMax: 67_108_864,
  depthMax: 32,
};

export interface ReadFoldersOptions {
  readonly limits?: FolderLimits;
  /** Documents of the last time: a file with the same size and time is not read again. */
  readonly previous?: readonly Document[];
  /** Aborted: rejects with its reason, between two files at the latest. */
  readonly signal?: AbortSignal;
}

export interface Folder {
  /** In the order of the roots, then of the names. */
  readonly documents: readonly Document[];
  readonly bytes: number;
  /** The first 100 of each reason. */
  readonly skipped: readonly Skipped[];
  readonly skippedCount: Readonly<Partial<Record<SkipReason, number>>>;
  /** Whether anything differs from `previous`. */
  readonly changed: boolean;
}

const skippedListedMax = 100;
/** As many as libuv has threads for files; more only queue. */
const readsAtOnce = 4;

/**
 * Rejects with `DocumentsError` if a root that is not optional is missing, unreadable or of the wrong
 * kind. Everything else that cannot be a document is in `skipped`.
 */
export async function readFolders(roots: readonly Root[], options: ReadFoldersOptions = {}): Promise<Folder> {
  const limits = { ...folderLimits, ...options.limits };
  const skipped = newSkipList();
  const candidates: Candidate[] = [];
  const walk = { ...limits, candidates, skip: skipped.add, signal: options.signal };
  for (const root of roots) await walkRoot(root, walk);
  const unique = withoutDuplicates(candidates, skipped.add);
  const { documents, bytes } = await readAll(unique, { ...options, limits, skip: skipped.add });
  const changed = !sameDocuments(documents, options.previous ?? []);
  return { documents, bytes, skipped: skipped.listed, skippedCount: skipped.counts, changed };
}

type Skip = (path: string, reason: SkipReason) => void;

interface SkipList {
  readonly listed: Skipped[];
  readonly counts: Partial<Record<SkipReason, number>>;
  readonly add: Skip;
}

function newSkipList(): SkipList {
  const listed: Skipped[] = [];
  const counts: Partial<Record<SkipReason, number>> = {};
  const add: Skip = (path, reason) => {
    const count = (counts[reason] ?? 0) + 1;
    counts[reason] = count;
    if (count <= skippedListedMax) listed.push({ path, reason });
  };
  return { listed, counts, add };
}

function withoutDuplicates(candidates: readonly Candidate[], skip: Skip): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ path }) => {
    const first = !seen.has(path);
    if (first) seen.add(path);
    else skip(path, 'duplicate-path');
    return first;
  });
}

interface Reading {
  readonly limits: Required<FolderLimits>;
  readonly skip: Skip;
  readonly previous?: readonly Document[];
  readonly signal?: AbortSignal;
}

/** A few at a time; the results are taken in order, so that the limit of bytes falls on the same files each time. */
async function readAll(candidates: readonly Candidate[], reading: Reading): Promise<{ documents: Document[]; bytes: number }> {
  const known = new Map((reading.previous ?? []).map((document) => [document.path, document]));
  const documents: Document[] = [];
  let bytes = 0;
  let full = false;
  for (let at = 0; at < candidates.length; at += readsAtOnce) {
    reading.signal?.throwIfAborted();
    if (full) {
      for (const { path } of candidates.slice(at)) reading.skip(path, 'too-many-bytes');
      break;
    }
    const batch = candidates.slice(at, at + readsAtOnce);
    const results = await Promise.all(batch.map((candidate) => readDocument(candidate, known.get(candidate.path), reading.limits)));
    for (const [offset, result] of results.entries()) {
      const { path } = batch[offset] as Candidate;
      if (typeof result === 'string') {
        reading.skip(path, result);
      } else if (bytes + result.bytes > reading.limits.totalBytesMax) {
        full = true;
        reading.skip(path, 'too-many-bytes');
      } else {
        documents.push(result);
        bytes += result.bytes;
      }
    }
  }
  return { documents, bytes };
}

/**
 * The link was resolved before: one that has taken the file's place since is refused, and a pipe
 * does not block. What counts is what the open descriptor is, not what the name was.
 */
async function readDocument({ path, file }: Candidate, known: Document | undefined, limits: Required<FolderLimits>): Promise<Document | SkipReason> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = await handle.stat();
    if (!status.isFile()) return 'not-a-file';
    if (status.size > limits.fileBytesMax) return 'too-large';
    const modifiedAtMs = Math.trunc(status.mtimeMs);
    if (known !== undefined && known.bytes === status.size && known.modifiedAtMs === modifiedAtMs) return known;
    const content = await readWhole(handle, { bytesExpected: status.size, bytesMax: limits.fileBytesMax });
    if (content === undefined) return 'too-large';
    const text = decodeText(content);
    return text === undefined ? 'binary' : { path, text, modifiedAtMs, bytes: content.length };
  } catch {
    return 'unreadable';
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

interface Size {
  readonly bytesExpected: number;
  readonly bytesMax: number;
}

/** To the end, wherever that is by now; undefined once there is more than the limit. */
async function readWhole(handle: FileHandle, { bytesExpected, bytesMax }: Size): Promise<Uint8Array | undefined> {
  // One byte more than expected, so that the usual file ends with the second read.
  let buffer = new Uint8Array(bytesExpected + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > bytesMax) return undefined;
    if (length === buffer.length) buffer = enlarged(buffer);
  }
}

function enlarged(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(buffer.length * 2);
  larger.set(buffer);
  return larger;
}

function sameDocuments(documents: readonly Document[], previous: readonly Document[]): boolean {
  if (documents.length !== previous.length) return false;
  const known = new Map(previous.map((document) => [document.path, document]));
  return documents.every((document) => {
    const before = known.get(document.path);
    return before === document || (before !== undefined && before.text === document.text && before.modifiedAtMs === document.modifiedAtMs);
  });
}
