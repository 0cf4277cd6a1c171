// Where a receipt may still be found when its bundle or the journal is damaged: full bundles, partial bundles of
// earlier checkpoints, any whole frame of the journal. What is found is only offered; the tree decides what is true.
import { join } from 'node:path';

import { tilePath, tileWidth } from '../../format/layout.ts';
import { splitBundle } from '../../format/tile.ts';
import type { Files } from '../disk/files.ts';
import { splitEntries, type Frame } from '../journal/frame.ts';

export class Salvage {
  readonly #files: Files;
  readonly #folder: string;
  readonly #byIndex = new Map<number, Uint8Array>();
  #bundle = -1;
  #candidates: (readonly Uint8Array[])[] = [];

  constructor(files: Files, folder: string, frames: readonly Frame[]) {
    this.#files = files;
    this.#folder = folder;
    for (const { first, body } of frames) splitEntries(body).forEach((entry, at) => this.#byIndex.set(first + at, entry));
  }

  /** One past the last index that a frame has. */
  get journalEnd(): number {
    return Math.max(0, ...Array.from(this.#byIndex.keys(), (index) => index + 1));
  }

  /** What claims to be the receipt of that index, the full bundle's first. */
  entries(index: number): Uint8Array[] {
    const bundle = Math.floor(index / tileWidth);
    if (bundle !== this.#bundle) this.#read(bundle);
    const claims = this.#candidates.map((entries) => entries[index % tileWidth]);
    return [...claims, this.#byIndex.get(index)].filter((entry) => entry !== undefined);
  }

  /** The files may have been repaired since. */
  forget(): void {
    this.#bundle = -1;
  }

  #read(bundle: number): void {
    const full = join(this.#folder, tilePath({ level: 'entries', index: bundle, width: tileWidth }));
    const partials = this.#files.list(`${full}.p`).toSorted((a, b) => Number(b) - Number(a)).map((name) => join(`${full}.p`, name));
    this.#bundle = bundle;
    this.#candidates = [full, ...partials].flatMap((path) => {
      const bytes = this.#files.read(path);
      return bytes === undefined ? [] : [splitBundle(bytes).entries];
    });
  }
}
