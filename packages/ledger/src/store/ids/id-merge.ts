// Several runs becoming one, a few ids at a time.
import { pageIndex, type NewRun, type Page, type Run } from './id-run.ts';

export class Merge {
  readonly sources: readonly Run[];
  readonly level: number;
  readonly run: NewRun;
  #cursors: Cursor[];

  constructor(sources: readonly Run[], level: number, run: NewRun) {
    this.sources = sources;
    this.level = level;
    this.run = run;
    this.#cursors = sources.map((source) => new Cursor(source));
  }

  /** True once all is written. */
  step(idsMax: number): boolean {
    for (let moved = 0; moved < idsMax; moved += 1) {
      let least = this.#cursors[0];
      if (least === undefined) break;
      for (const cursor of this.#cursors) if (cursor.hash < least.hash) least = cursor;
      this.run.writer.add(least.hash, least.index);
      const done = least;
      if (!done.next()) this.#cursors = this.#cursors.filter((cursor) => cursor !== done);
    }
    if (this.#cursors.length > 0) return false;
    this.run.writer.finish();
    return true;
  }
}

class Cursor {
  readonly #run: Run;
  #number = 0;
  #page: Page;
  #at = 0;

  constructor(run: Run) {
    this.#run = run;
    this.#page = run.readPage(0);
  }

  get hash(): number {
    return this.#page.hashes[this.#at]!;
  }

  get index(): number {
    return pageIndex(this.#page, this.#at);
  }

  next(): boolean {
    this.#at += 1;
    if (this.#at < this.#page.count) return true;
    this.#number += 1;
    if (this.#number === this.#run.pages) return false;
    this.#page = this.#run.readPage(this.#number, this.#page.bytes);
    this.#at = 0;
    return true;
  }
}
