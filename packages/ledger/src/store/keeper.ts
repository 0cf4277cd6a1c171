// Keeps a start short and memory small while the log grows: moves ids from memory into runs, merges runs, and takes
// snapshots. All of it may fail or be lost without harm to the log; then it is told, and done again later.

import { asLedgerError, unfinishedSuffix, writeWhole, type BackgroundFiles } from './disk/files.ts';
import type { IdIndex } from './ids/id-index.ts';
import type { Places } from './places.ts';
import { formatSnapshot, type Heads, type Snapshot } from './snapshot.ts';

const retryAfterAppends = 4_096;
/** A share makes up for so many appends at least, and for a quarter of what there is to make up for: after a large commit nobody waits longer than after others. */
const appendsPerShareMin = 128;

export type KeeperGround = { readonly files: BackgroundFiles; readonly places: Places; readonly ids: IdIndex; readonly heads: Heads; readonly tell: (what: string) => void; readonly recentIdsMax: number };

type Planned = Pick<Snapshot, 'size' | 'heads'>;

export class Keeper {
  readonly #ground: KeeperGround;
  #unsynced: string[] = [];
  #appended = 0;
  #waitFor = 0;
  /** What the next snapshot says of the log: as it was when the ids began to become a run. */
  #planned: Planned | undefined;
  #saving: Promise<void> | undefined;

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
    const appended = Math.min(this.#appended, Math.max(appendsPerShareMin, this.#appended >> 2));
    this.#appended -= appended;
    if (this.#waitFor > 0) return;
    try {
      this.#note(ids.mergeSome(appended));
      if (this.#planned !== undefined) this.#flushSome(appended, this.#planned);
      // A snapshot names every tenant: with many of them it is taken more rarely, so that its cost an append stays.
      else if (ids.recentCount >= Math.max(recentIdsMax, 2 * heads.size) && this.#saving === undefined) this.#begin(size);
    } catch (error) {
      this.#planned = undefined;
      this.#waitFor = retryAfterAppends;
      tell(asLedgerError(error, 'keeping the index of ids').message);
    }
  }

  /** A last snapshot, so that the next start has nothing to read again. */
  async finish(size: number): Promise<void> {
    const { ids, heads, tell } = this.#ground;
    await this.#saving;
    try {
      this.#note(ids.flushSome(Infinity));
      if (ids.recentCount > 0) ids.beginFlush();
      this.#note(ids.flushSome(Infinity));
      if (this.#unsynced.length > 0) this.#take({ size, heads });
      await this.#saving;
    } catch (error) {
      tell(asLedgerError(error, 'the last snapshot').message);
    }
  }

  #note(run: string | undefined): void {
    if (run !== undefined) this.#unsynced.push(run);
  }

  #begin(size: number): void {
    this.#ground.ids.beginFlush();
    this.#planned = { size, heads: new Map(this.#ground.heads) };
  }

  #flushSome(appended: number, planned: Planned): void {
    const run = this.#ground.ids.flushSome(appended);
    if (run === undefined) return;
    this.#note(run);
    this.#planned = undefined;
    this.#take(planned);
  }

  /** Takes a snapshot that names the runs there are, in the background. */
  #take(planned: Planned): void {
    const unsynced = this.#unsynced;
    this.#unsynced = [];
    this.#saving = this.#save(formatSnapshot({ ...planned, runs: this.#ground.ids.runs }), unsynced).finally(() => {
      this.#saving = undefined;
    });
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

