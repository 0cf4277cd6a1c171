// Which index an id has, for as many ids as there are, in bounded memory: the newest ids in a map, all others in
// sorted runs on disk that are merged four to one, a little at each commit (a log-structured merge tree). A hash may
// stand for several ids: the candidates are compared with the receipts by who asks.
import { join } from 'node:path';

import type { Files } from '../disk/files.ts';
import { Flush } from './id-flush.ts';
import { idHash } from './id-hash.ts';
import { Merge } from './id-merge.ts';
import { Run, RunWriter, type NewRun, type RunName } from './id-run.ts';

/** Runs of one level that make one of the next. */
const mergeWidth = 4;
/** Each id is written once a level, and passed three times before the first: with 16 an append nothing is ever late. */
const stepsPerAppend = 16;

export class IdIndex {
  readonly #files: Files;
  readonly #folder: string;
  readonly #salt: number;
  #recent = new Map<string, number>();
  /** The newest ids but those of #recent, becoming a run. */
  #flush: Flush | undefined;
  #runs: Run[];
  #merge: Merge | undefined;
  #obsolete: Run[] = [];
  #nextRun: number;

  /** Throws `index-damaged`. Removes files that no snapshot speaks of, unless it is to keep them. */
  constructor({ files, folder, salt, runs, keepsOthers = false }: { readonly files: Files; readonly folder: string; readonly salt: number; readonly runs: readonly RunName[]; readonly keepsOthers?: boolean }) {
    this.#files = files;
    this.#folder = folder;
    this.#salt = salt;
    const known = new Set(runs.map(({ name }) => name));
    for (const name of files.list(folder)) if (!keepsOthers && !known.has(name)) files.remove(join(folder, name));
    this.#runs = runs.map((run) => Run.open(files, join(folder, run.name), run));
    this.#nextRun = Math.max(0, ...runs.map(({ name }) => Number.parseInt(name, 10) + 1));
  }

  /** Reads all of it; throws `index-damaged`. */
  check(): void {
    for (const run of this.#runs) for (let page = 0; page < run.pages; page += 1) run.readPage(page);
  }

  get recentCount(): number {
    return this.#recent.size;
  }

  get runs(): readonly RunName[] {
    return this.#runs.map(({ name, level, ids }) => ({ name, level, ids }));
  }

  add(key: string, index: number): void {
    this.#recent.set(key, index);
  }

  /** Certain, but only of the newest ids. */
  recent(key: string): number | undefined {
    return this.#recent.get(key) ?? this.#flush?.recent.get(key);
  }

  /** Indexes that may be those of the key, among all that are not recent. Throws `index-damaged`. */
  candidates(key: string): readonly number[] {
    if (this.#runs.length === 0) return none;
    const hash = idHash(key, this.#salt);
    let found: number[] | undefined;
    for (const run of this.#runs) {
      if (!run.mayHold(hash)) continue;
      const indexes = run.find(hash);
      if (indexes.length > 0) found = [...(found ?? []), ...indexes];
    }
    return found ?? none;
  }

  /** Begins to make a run of the ids that are recent now. */
  beginFlush(): void {
    this.#flush = new Flush(this.#recent, this.#salt, this.#newRun(this.#recent.size));
    this.#recent = new Map();
  }

  /** A share of the flush, for `appended` new ids. Returns the path of the run once it is written, to be synced before a snapshot names it. */
  flushSome(appended: number): string | undefined {
    const flush = this.#flush;
    if (flush === undefined) return undefined;
    try {
      const run = this.#advance(flush, { level: 0, appended });
      if (run === undefined) return undefined;
      this.#runs.push(run);
    } catch (error) {
      this.#recent = new Map([...flush.recent, ...this.#recent]);
      this.#flush = undefined;
      throw error;
    }
    this.#flush = undefined;
    return flush.run.path;
  }

  /** A share of the merging that is due. Returns the path of a run that was finished. */
  mergeSome(appended: number): string | undefined {
    this.#merge ??= this.#nextMerge();
    const merge = this.#merge;
    if (merge === undefined) return undefined;
    try {
      const merged = this.#advance(merge, { level: merge.level, appended });
      if (merged === undefined) return undefined;
      this.#runs = [...this.#runs.filter((run) => !merge.sources.includes(run)), merged];
      this.#obsolete.push(...merge.sources);
    } catch (error) {
      this.#merge = undefined;
      throw error;
    }
    this.#merge = undefined;
    return merge.run.path;
  }

  /** The runs that were merged into others since: to be removed once a snapshot without them is durable. */
  takeObsolete(): readonly Run[] {
    const obsolete = this.#obsolete;
    this.#obsolete = [];
    return obsolete;
  }

  /** They could not be done without yet. */
  keep(runs: readonly Run[]): void {
    this.#obsolete.push(...runs);
  }

  /** What cannot be removed now the next start removes. */
  remove(runs: readonly Run[]): void {
    for (const run of runs) run.close();
    for (const run of runs) this.#files.remove(join(this.#folder, run.name));
  }

  close(): void {
    for (const making of [this.#merge, this.#flush]) making?.run.writer.discard();
    for (const run of [...this.#runs, ...this.#obsolete]) run.close();
  }

  #nextMerge(): Merge | undefined {
    for (const { level } of this.#runs) {
      const sources = this.#runs.filter((run) => run.level === level);
      if (sources.length < mergeWidth) continue;
      const chosen = sources.slice(0, mergeWidth);
      return new Merge(chosen, level + 1, this.#newRun(chosen.reduce((sum, run) => sum + run.ids, 0)));
    }
    return undefined;
  }

  #newRun(ids: number): NewRun {
    const name = String(this.#nextRun);
    this.#nextRun += 1;
    const path = join(this.#folder, name);
    return { name, path, ids, writer: new RunWriter(this.#files, path, ids) };
  }

  /** The run once all of it is written. After an error nothing is left of it: it is begun anew. */
  #advance(making: Flush | Merge, { level, appended }: { readonly level: number; readonly appended: number }): Run | undefined {
    const { run } = making;
    try {
      return making.step(appended * stepsPerAppend) ? Run.open(this.#files, run.path, { name: run.name, level, ids: run.ids }) : undefined;
    } catch (error) {
      run.writer.discard();
      throw error;
    }
  }
}

const none: readonly number[] = [];
