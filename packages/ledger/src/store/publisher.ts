// Puts the log where others read it: full and partial tiles and entry bundles first, then the checkpoint that speaks of
// them. Files of full tiles are synced in the background; only then may the journal forget their entries.
import { dirname, join } from 'node:path';

import { checkpointPath, tilePath, tileWidth, type TileId } from '../format/layout.ts';
import { encodeBundle } from '../format/tile.ts';
import type { Edge } from './edge.ts';
import { replaceFile, writeWhole, type Files } from './files.ts';

/** Entries from `first` (a multiple of 256) on that are in no full bundle on disk. */
export type Pending = { first: number; entries: Uint8Array[] };

export class Publisher {
  readonly #files: Files;
  readonly #folder: string;
  readonly #madeFolders = new Set<string>();
  /** Full files and new folders that a power failure could still take. */
  #unsynced = new Set<string>();
  #fullFilesUnsynced = 0;
  /** What was written of each tile that is not full, by the folder it is in, `….p`. */
  readonly #partials = new Map<string, Set<string>>();
  /** Folders of partial files whose full file is written. */
  #filled: string[] = [];
  /** Those whose full file the last checkpoint speaks of. */
  #outdated: string[] = [];

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
    this.#madeFolders.add(folder);
  }

  /** Writes what the tree of `edge` has and the disk has not; returns how many full bundles that were. */
  writeTiles(edge: Edge, { first, entries }: Pending): number {
    const fullBundles = Math.floor(entries.length / tileWidth);
    for (let at = 0; at < fullBundles; at += 1) {
      this.#writeFull({ level: 'entries', index: first / tileWidth + at, width: tileWidth }, encodeBundle(entries.slice(at * tileWidth, (at + 1) * tileWidth)));
    }
    for (const { tile, bytes } of edge.full) this.#writeFull(tile, bytes);
    for (const { tile, bytes } of edge.partial()) this.#writePartial(tile, bytes);
    const rest = entries.slice(fullBundles * tileWidth);
    if (rest.length > 0) this.#writePartial({ level: 'entries', index: first / tileWidth + fullBundles, width: rest.length }, encodeBundle(rest));
    return fullBundles;
  }

  /** Nobody who reads ever sees half of it. Not synced: what it says can be said again from the journal. */
  writeCheckpoint(text: string): void {
    replaceFile(this.#files, join(this.#folder, checkpointPath), Buffer.from(text));
  }

  /** Removes partial files whose full file two checkpoints know (tlog-tiles allows it: clients ask for the full one). */
  removeOutdated(): void {
    for (const folder of new Set(this.#outdated)) this.#removePartials(folder);
    this.#outdated = this.#filled;
    this.#filled = [];
  }

  /** Remembers partial files that an earlier run left, to be removed once the tile is full. */
  adoptPartials(tile: Omit<TileId, 'width'>): void {
    const folder = join(this.#folder, `${tilePath({ ...tile, width: tileWidth })}.p`);
    if (this.#files.list(folder).length > 0) this.#partials.set(folder, new Set());
  }

  get fullFilesUnsynced(): number {
    return this.#fullFilesUnsynced;
  }

  /** Files and folders to sync; from now on they count as being synced. */
  takeUnsynced(): readonly string[] {
    const paths = [...this.#unsynced].toSorted((a, b) => b.length - a.length);
    this.#unsynced = new Set();
    this.#fullFilesUnsynced = 0;
    return paths;
  }

  #writeFull(tile: TileId, bytes: Uint8Array): void {
    const path = join(this.#folder, tilePath(tile));
    this.#makeFolder(dirname(path));
    writeWhole(this.#files, path, bytes);
    this.#unsynced.add(path).add(dirname(path));
    this.#fullFilesUnsynced += 1;
    if (this.#partials.has(`${path}.p`)) this.#filled.push(`${path}.p`);
  }

  #writePartial(tile: TileId, bytes: Uint8Array): void {
    const path = join(this.#folder, tilePath(tile));
    const folder = dirname(path);
    const written = this.#partials.get(folder) ?? new Set();
    if (written.has(path)) return;
    this.#makeFolder(folder);
    writeWhole(this.#files, path, bytes);
    this.#partials.set(folder, written.add(path));
  }

  #removePartials(folder: string): void {
    for (const name of this.#files.list(folder)) this.#files.remove(join(folder, name));
    this.#files.removeFolder(folder);
    this.#partials.delete(folder);
    this.#madeFolders.delete(folder);
  }

  #makeFolder(folder: string): void {
    if (this.#madeFolders.has(folder)) return;
    this.#makeFolder(dirname(folder));
    this.#files.makeFolder(folder);
    this.#madeFolders.add(folder);
    this.#unsynced.add(dirname(folder));
  }
}
