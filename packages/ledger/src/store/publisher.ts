// Puts the log where others read it: full and partial tiles and entry bundles first, then the checkpoint that speaks of
// them. Files of full tiles are synced in the background; only then may the journal forget their entries.
import { dirname, join } from 'node:path';

import { checkpointPath, tilePath, tileWidth, type TileId } from '../format/layout.ts';
import { applyChange, replaceFile, type BackgroundFiles, type FileChange } from './disk/files.ts';
import type { Edge, TileBytes } from './edge.ts';
import type { Pending } from './pending.ts';

type TileFile = { readonly tile: TileId; readonly bytes: Uint8Array };

export type Plan = {
  readonly size: number;
  readonly root: Uint8Array;
  /** Entries below are in full bundles once it is done. */
  readonly fullEnd: number;
  /** Of the edge: full, and written once it is done. */
  readonly tiles: readonly TileBytes[];
  /** To be made first, those above others first. */
  readonly folders: readonly string[];
  readonly files: readonly { readonly write: string; readonly bytes: Uint8Array }[];
  /** Those of `files` that never change again. */
  readonly fullFiles: readonly string[];
};

export class Publisher {
  readonly #files: BackgroundFiles;
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

  constructor(files: BackgroundFiles, folder: string) {
    this.#files = files;
    this.#folder = folder;
    this.#madeFolders.add(folder);
  }

  /** What the tree of `edge` has and the disk has not. */
  plan(edge: Edge, pending: Pending): Plan {
    const bundles: TileFile[] = pending.bundles().map(({ index, width, bytes }) => ({ tile: { level: 'entries', index, width }, bytes }));
    const partialBundle = bundles.filter(({ tile }) => tile.width < tileWidth);
    const full = [...bundles.slice(0, bundles.length - partialBundle.length), ...edge.full];
    const places = [...full, ...edge.partial(), ...partialBundle].map(({ tile, bytes }) => ({ write: join(this.#folder, tilePath(tile)), bytes }));
    const files = places.filter(({ write }) => !this.#partials.get(dirname(write))?.has(write));
    const folders = new Set<string>();
    for (const { write } of files) this.#addFolders(dirname(write), folders);
    const fullFiles = places.slice(0, full.length).map(({ write }) => write);
    const fullEnd = pending.size - (pending.size % tileWidth);
    return { size: edge.size, root: edge.root(), fullEnd, tiles: edge.full, folders: [...folders], files, fullFiles };
  }

  write(plan: Plan): void {
    for (const change of changesOf(plan)) applyChange(this.#files, change);
  }

  /** The same in the background: making many files takes a disk longer than anything else here. */
  writeLater(plan: Plan): Promise<void> {
    return this.#files.changeLater(changesOf(plan));
  }

  /** All files of the plan are written. */
  wrote({ folders, files, fullFiles }: Plan): void {
    for (const folder of folders) {
      this.#madeFolders.add(folder);
      this.#unsynced.add(dirname(folder));
    }
    const full = new Set(fullFiles);
    for (const { write: path } of files) {
      const folder = dirname(path);
      if (!full.has(path)) {
        this.#partials.set(folder, (this.#partials.get(folder) ?? new Set()).add(path));
        continue;
      }
      this.#unsynced.add(path).add(folder);
      this.#fullFilesUnsynced += 1;
      // Once: the same tile may be planned twice.
      if (this.#partials.delete(`${path}.p`)) this.#filled.push(`${path}.p`);
    }
  }

  /** Nobody who reads ever sees half of it. Not synced: what it says can be said again from the journal. */
  writeCheckpoint(text: string): void {
    replaceFile(this.#files, join(this.#folder, checkpointPath), Buffer.from(text));
  }

  /** Removes partial files whose full file two checkpoints know (tlog-tiles allows it: clients ask for the full one). */
  takeOutdated(): readonly FileChange[] {
    const folders = [...new Set(this.#outdated)];
    this.#outdated = this.#filled;
    this.#filled = [];
    return folders.flatMap((folder) => {
      this.#madeFolders.delete(folder);
      return [...this.#files.list(folder).map((name) => ({ remove: join(folder, name) })), { removeFolder: folder }];
    });
  }

  /** Remembers partial files that an earlier run left of tiles between two sizes, to be removed once those are full. */
  adoptPartials({ from, to }: { readonly from: number; readonly to: number }): void {
    for (let level = 0; level === 0 || tileWidth ** level <= to; level += 1) {
      const width = tileWidth ** (level + 1);
      for (let index = Math.floor(from / width); index <= Math.floor(to / width); index += 1) {
        this.#adopt({ level, index });
        if (level === 0) this.#adopt({ level: 'entries', index });
      }
    }
  }

  #adopt(tile: Omit<TileId, 'width'>): void {
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

  /** Adds the folder, and those above it that are not there, above first. */
  #addFolders(folder: string, missing: Set<string>): void {
    if (this.#madeFolders.has(folder) || missing.has(folder)) return;
    this.#addFolders(dirname(folder), missing);
    missing.add(folder);
  }
}

function changesOf({ folders, files }: Plan): readonly FileChange[] {
  return [...folders.map((makeFolder) => ({ makeFolder })), ...files];
}
