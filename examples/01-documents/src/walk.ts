/**
 * Which files below a root may be documents. Decides by name, kind and place; reads no content.
 *
 * A symbolic link counts as what it points to only if that lies within the root: a folder of documents
 * that others write to must not become a way to read the machine.
 */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { compareText } from './document.ts';
import { DocumentsError } from './errors.ts';
import type { DirectoryRoot, FileRoot, Root } from './roots.ts';

export type SkipReason =
  | 'hidden'
  | 'ignored-directory'
  | 'other-type'
  | 'odd-name'
  | 'outside-root'
  | 'broken-link'
  | 'linked-directory'
  | 'not-a-file'
  | 'too-deep'
  | 'too-large'
  | 'binary'
  | 'unreadable'
  | 'duplicate-path'
  | 'too-many-files'
  | 'too-many-bytes'
  | 'missing-root';

export interface Skipped {
  readonly path: string;
  readonly reason: SkipReason;
}

/** A file that may be read: its path as a document and where it really is. */
export interface Candidate {
  readonly path: string;
  readonly file: string;
}

export interface Walk {
  readonly candidates: Candidate[];
  readonly skip: (path: string, reason: SkipReason) => void;
  readonly depthMax: number;
  readonly filesMax: number;
  readonly signal: AbortSignal | undefined;
}

interface Place {
  /** With links resolved. */
  readonly root: string;
  readonly directory: string;
  /** Of the documents in this directory, with its slash. */
  readonly prefix: string;
  readonly depth: number;
  readonly onlyNames: readonly string[] | undefined;
}

/** Adds to the walk's candidates, in the order of their names. */
export async function walkRoot(root: Root, walk: Walk): Promise<void> {
  const given = 'file' in root ? root.file : root.directory;
  const real = await resolveRoot(given);
  if (real === undefined) {
    if (root.optional !== true) throw missing(given);
    walk.skip(given, 'missing-root');
    return;
  }
  const kind = await stat(real);
  if ('file' in root) addFileRoot(root, { real, isFile: kind.isFile() }, walk);
  else await walkDirectoryRoot(root, { real, isDirectory: kind.isDirectory() }, walk);
}

async function resolveRoot(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DocumentsError('documents-root-unreadable', `${path} cannot be reached: ${String(cause)}. Check its permissions.`, { cause });
  }
}

function missing(path: string): DocumentsError {
  return new DocumentsError('documents-root-missing', `There is no ${path}. Give a folder or a file that exists.`);
}

function addFileRoot(root: FileRoot, { real, isFile }: { real: string; isFile: boolean }, walk: Walk): void {
  if (!isFile) throw new DocumentsError('documents-root-wrong-kind', `${root.file} is not a file. Give it as a directory.`);
  addCandidate({ path: (root.label ?? basename(root.file)).normalize('NFC'), file: real }, walk);
}

async function walkDirectoryRoot(root: DirectoryRoot, { real, isDirectory }: { real: string; isDirectory: boolean }, walk: Walk): Promise<void> {
  if (!isDirectory) {
    throw new DocumentsError('documents-root-wrong-kind', `${root.directory} is not a folder. Give it as a file.`);
  }
  const prefix = root.label === undefined ? '' : `${root.label.replace(/\/+$/, '')}/`;
  const entries = await readdir(real, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DocumentsError('documents-root-unreadable', `${root.directory} cannot be listed: ${String(cause)}. Check its permissions.`, { cause });
  });
  await walkEntries(entries, { root: real, directory: real, prefix, depth: 1, onlyNames: root.onlyNames }, walk);
}

async function walkEntries(entries: Dirent[], place: Place, walk: Walk): Promise<void> {
  for (const entry of entries.sort((a, b) => compareText(a.name, b.name))) {
    walk.signal?.throwIfAborted();
    const path = `${place.prefix}${entry.name.normalize('NFC')}`;
    const reason = refusedName(entry.name);
    if (reason !== undefined) walk.skip(path, reason);
    else if (entry.isDirectory()) await walkDirectory(entry.name, path, { place, walk });
    else if (entry.isSymbolicLink()) await addLink(entry.name, path, { place, walk });
    else if (!entry.isFile()) walk.skip(path, 'not-a-file');
    else addFile({ path, file: join(place.directory, entry.name) }, { place, walk });
  }
}

interface At {
  readonly place: Place;
  readonly walk: Walk;
}

async function walkDirectory(name: string, path: string, { place, walk }: At): Promise<void> {
  if (name === 'node_modules') return walk.skip(path, 'ignored-directory');
  if (place.depth >= walk.depthMax) return walk.skip(path, 'too-deep');
  const directory = join(place.directory, name);
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch {
    return walk.skip(path, 'unreadable');
  }
  await walkEntries(entries, { ...place, directory, prefix: `${path}/`, depth: place.depth + 1 }, walk);
}

/** A link to a folder within the root is not followed: its files are found where they are, and no circle can form. */
async function addLink(name: string, path: string, { place, walk }: At): Promise<void> {
  let real: string;
  try {
    real = await realpath(join(place.directory, name));
  } catch {
    return walk.skip(path, 'broken-link');
  }
  if (!isInside(place.root, real)) return walk.skip(path, 'outside-root');
  const kind = await stat(real).catch(() => undefined);
  if (kind?.isDirectory() === true) return walk.skip(path, 'linked-directory');
  if (kind?.isFile() !== true) return walk.skip(path, 'not-a-file');
  // By the name of the target too: a link must not unhide what is hidden.
  const reason = real.slice(place.root.length).split(sep).map(refusedName).find((refused) => refused !== undefined);
  if (reason !== undefined) return walk.skip(path, reason);
  addFile({ path, file: real }, { place, walk });
}

function addFile(candidate: Candidate, { place, walk }: At): void {
  const name = basename(candidate.path);
  const wanted = place.onlyNames?.includes(name) ?? isDocumentName(name);
  if (wanted) addCandidate(candidate, walk);
  else walk.skip(candidate.path, 'other-type');
}

function addCandidate(candidate: Candidate, walk: Walk): void {
  if (walk.candidates.length < walk.filesMax) walk.candidates.push(candidate);
  else walk.skip(candidate.path, 'too-many-files');
}

export function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

/** Text formats, and the files that by custom have no extension. */
export function isDocumentName(name: string): boolean {
  const type = /\.(?:md|markdown|mdown|mkd|mdx|txt|text|rst|rest|adoc|asciidoc|asc|org|textile|tex)$/i;
  return type.test(name) || /^(?:readme|license|licence|notice|authors|changelog|changes|news|todo|copying|install)$/i.test(name);
}

/** Control characters in a name would make answers ambiguous; U+FFFD is a name that is not valid UTF-8. */
function refusedName(name: string): SkipReason | undefined {
  if (name.startsWith('.')) return 'hidden';
  return /[\p{Cc}\u2028\u2029\ufffd\\]/u.test(name) ? 'odd-name' : undefined;
}
