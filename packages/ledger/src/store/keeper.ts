// Keeps a start short and memory small while the log grows: moves ids from memory into runs, merges runs, and takes
// snapshots. All of it may fail or be lost without harm to the log; then it is told, and done again later.

import { asLedgerError, unfinishedSuffix, writeWhole, type BackgroundFiles } from './files.ts';
import type { IdIndex } from './id-index.ts';
import type { Places } from './places.ts';
import { formatSnapshot, type Heads } from './snapshot.ts';

const retryAfterAppends = 4_096;

export type KeeperGround = { readonly files: BackgroundFiles; readonly places: Places; readonly ids: IdIndex; readonly heads: Heads; readonly tell: (what: string) => void; readonly recentIdsMax: number };

export class Keeper {
  readonly #ground: KeeperGround;
  #unsynced: string[] = [];
  #appended = 0;
  #waitFor = 0;
  #busy: Promise<void> | undefined;

  constructor(ground: KeeperGround) {
    this.#ground = ground;
  }

  appended(count: number): void {
    this.#appended += count;
    this.#waitFor -= count;
  }

  /** A share of what is due; bounded, whatever the size of the log. */
  work(size: number): void {
    const { ids, heads, tell, recentIdsMax } = this.#ground;
    const appended = this.#appended;
    this.#appended = 0;
    if (this.#waitFor > 0) return;
    try {
      const merged = ids.mergeSome(appended);
      if (merged !== undefined) this.#unsynced.push(merged);
      // A snapshot names every tenant: with many of them it is taken more rarely, so that its cost an append stays.
      if (ids.recentCount >= Math.max(recentIdsMax, 2 * heads.size) && this.#busy === undefined) void this.#begin(size);
    } catch (error) {
      this.#waitFor = retryAfterAppends;
      tell(asLedgerError(error, 'keeping the index of ids').message);
    }
  }

  /** A last snapshot, so that the next start has nothing to read again. */
  async finish(size: number): Promise<void> {
    await this.#busy;
    if (this.#ground.ids.recentCount === 0 && this.#unsynced.length === 0) return;
    try {
      await this.#begin(size);
    } catch (error) {
      this.#ground.tell(asLedgerError(error, 'the last snapshot').message);
    }
  }

  #begin(size: number): Promise<void> {
    const { ids, heads } = this.#ground;
    const run = ids.flush();
    const unsynced = [...this.#unsynced, ...(run === undefined ? [] : [run])];
    this.#unsynced = [];
    const snapshot = formatSnapshot({ size, runs: ids.runs, heads });
    this.#busy = this.#save(snapshot, unsynced).finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #save(snapshot: Buffer, unsynced: string[]): Promise<void> {
    const { files, places, ids, tell } = this.#ground;
    const obsolete = ids.takeObsolete();
    const unfinished = `${places.snapshot}${unfinishedSuffix}`;
    try {
      if (files.read(unfinished) !== undefined) files.remove(unfinished);
      writeWhole(files, unfinished, snapshot);
      await files.syncLater([...unsynced, places.idRuns, unfinished]);
      files.rename(unfinished, places.snapshot);
      await files.syncLater([places.state]);
    } catch (error) {
      this.#unsynced.push(...unsynced);
      ids.keep(obsolete);
      this.#waitFor = retryAfterAppends;
      tell(asLedgerError(error, 'taking a snapshot').message);
      return;
    }
    try {
      ids.remove(obsolete);
    } catch (error) {
      tell(asLedgerError(error, 'removing old runs of ids').message);
    }
  }
}

