// Which index an id has, for as many ids as there are, in bounded memory: the newest ids in a map, all others in
// sorted runs on disk that are merged four to one, a little at each commit (a log-structured merge tree). A hash may
// stand for several ids: the candidates are compared with the receipts by who asks.
import { join } from 'node:path';

import type { Files } from './files.ts';
import { hashLimit, idHash } from './id-hash.ts';
import { pageIndex, Run, RunWriter, type Page, type RunName } from './id-run.ts';

/** Runs of one level that make one of the next. */
const mergeWidth = 4;
/** Each id is merged once a level: with 16 a commit's id no merge is ever late. */
const mergedPerAppend = 16;

export class IdIndex {
  readonly #files: Files;
  readonly #folder: string;
  readonly #salt: number;
  #recent = new Map<string, number>();
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
    return this.#recent.get(key);
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

  /** Makes a run of the recent ids; returns its path, to be synced before a snapshot names it. */
  flush(): string | undefined {
    if (this.#recent.size === 0) return undefined;
    const { hashes, indexes } = sortedByHash(this.#recent, this.#salt);
    const run = this.#newRun(hashes.length);
    for (let at = 0; at < hashes.length; at += 1) run.writer.add(hashes[at]!, indexes[at]!);
    run.writer.finish();
    this.#runs.push(Run.open(this.#files, run.path, { name: run.name, level: 0, ids: this.#recent.size }));
    this.#recent = new Map();
    return run.path;
  }

  /** A share of the merging that is due, for `appended` new ids. Returns the path of a run that was finished. */
  mergeSome(appended: number): string | undefined {
    this.#merge ??= this.#nextMerge();
    const merge = this.#merge;
    if (merge === undefined || !merge.step(appended * mergedPerAppend)) return undefined;
    this.#merge = undefined;
    const { sources, level, ids } = merge;
    this.#runs = [...this.#runs.filter((run) => !sources.includes(run)), Run.open(this.#files, merge.path, { name: merge.name, level, ids })];
    this.#obsolete.push(...sources);
    return merge.path;
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
    this.#merge?.abandon();
    for (const run of [...this.#runs, ...this.#obsolete]) run.close();
  }

  #nextMerge(): Merge | undefined {
    for (const { level } of this.#runs) {
      const sources = this.#runs.filter((run) => run.level === level);
      if (sources.length < mergeWidth) continue;
      const chosen = sources.slice(0, mergeWidth);
      const ids = chosen.reduce((sum, run) => sum + run.ids, 0);
      return new Merge(chosen, { ...this.#newRun(ids), level: level + 1, ids });
    }
    return undefined;
  }

  #newRun(ids: number): { readonly name: string; readonly path: string; readonly writer: RunWriter } {
    const name = String(this.#nextRun);
    this.#nextRun += 1;
    const path = join(this.#folder, name);
    return { name, path, writer: new RunWriter(this.#files, path, ids) };
  }
}

const none: readonly number[] = [];
const bucketCount = 4096;

/** Into buckets by their first 12 bits, then each a few places on: several times as fast as sorting pairs by comparing. */
function sortedByHash(recent: ReadonlyMap<string, number>, salt: number): { readonly hashes: Float64Array; readonly indexes: Float64Array } {
  const unsorted = new Float64Array(recent.size);
  const starts = new Uint32Array(bucketCount + 1);
  const bucketOf = (hash: number): number => Math.floor(hash / (hashLimit / bucketCount));
  let count = 0;
  for (const key of recent.keys()) {
    const hash = idHash(key, salt);
    unsorted[count] = hash;
    starts[bucketOf(hash) + 1]! += 1;
    count += 1;
  }
  for (let bucket = 1; bucket <= bucketCount; bucket += 1) starts[bucket]! += starts[bucket - 1]!;
  const [hashes, indexes] = [new Float64Array(count), new Float64Array(count)];
  count = 0;
  for (const index of recent.values()) {
    const hash = unsorted[count]!;
    const to = starts[bucketOf(hash)]!;
    starts[bucketOf(hash)] = to + 1;
    hashes[to] = hash;
    indexes[to] = index;
    count += 1;
  }
  sortAlmostSorted(hashes, indexes);
  return { hashes, indexes };
}

function sortAlmostSorted(hashes: Float64Array, indexes: Float64Array): void {
  for (let at = 1; at < hashes.length; at += 1) {
    const [hash, index] = [hashes[at]!, indexes[at]!];
    let to = at;
    for (; to > 0 && hashes[to - 1]! > hash; to -= 1) {
      hashes[to] = hashes[to - 1]!;
      indexes[to] = indexes[to - 1]!;
    }
    hashes[to] = hash;
    indexes[to] = index;
  }
}

/** Several runs becoming one, a few ids at a time. */
class Merge {
  readonly sources: readonly Run[];
  readonly name: string;
  readonly path: string;
  readonly level: number;
  readonly ids: number;
  readonly #writer: RunWriter;
  #cursors: Cursor[];

  constructor(sources: readonly Run[], target: { readonly name: string; readonly path: string; readonly writer: RunWriter; readonly level: number; readonly ids: number }) {
    this.sources = sources;
    this.name = target.name;
    this.path = target.path;
    this.level = target.level;
    this.ids = target.ids;
    this.#writer = target.writer;
    this.#cursors = sources.map((run) => new Cursor(run));
  }

  /** True once all is written. */
  step(idsMax: number): boolean {
    for (let moved = 0; moved < idsMax; moved += 1) {
      let least = this.#cursors[0];
      if (least === undefined) break;
      for (const cursor of this.#cursors) if (cursor.hash < least.hash) least = cursor;
      this.#writer.add(least.hash, least.index);
      const done = least;
      if (!done.next()) this.#cursors = this.#cursors.filter((cursor) => cursor !== done);
    }
    if (this.#cursors.length > 0) return false;
    this.#writer.finish();
    return true;
  }

  abandon(): void {
    this.#writer.abandon();
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
