// Copies what a log has published to another place, as much as is not there yet. May run while the log is written:
// it takes one checkpoint and whatever that speaks of. In the place each log has a folder of its own, so that many
// nodes export to one place; tiles are created, never replaced, and the checkpoint comes last, so that what is there
// is a whole log at each moment, and an export that was cut short goes on where it stopped.
import { inPlace, LedgerError } from '../errors.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, cosignedCheckpointPath, hashesAtLevel, tileAt, tilePath, tileWidth, verifierKeysPath, type TileId } from '../format/layout.ts';
import { equalHashes, leafHash } from '../format/merkle.ts';
import { parseVerifierKey } from '../format/note.ts';
import { checkTile, decodeBundle, newTiles, rootFromTiles } from '../format/tile.ts';
import { systemFiles } from '../store/disk/files.ts';
import { placesOf } from '../store/places.ts';
import { readPruned } from '../store/prune.ts';
import type { LogReader } from '../verify/log-reader.ts';
import { readTile } from '../verify/segment.ts';
import { openReader, openSource, type SourceDescription } from '../verify/source.ts';
import { inBatches, batchWidth } from './batches.ts';
import { logFolder, storeBelow, type ObjectStore, type Stored } from './object-store.ts';
import { openStore, type StoreOptions } from './open-store.ts';

export type ExportOptions = StoreOptions & {
  /** The ledger's folder; or any other log that can be read: an archive, an address. */
  readonly from: string;
  /** A folder, `s3://BUCKET/PREFIX` or `gs://BUCKET/PREFIX`; the log gets a folder of its own below it. */
  readonly to: string;
  /** Entries below may be missing: the log was pruned. A ledger's own folder says so itself. */
  readonly minimumIndex?: number;
  /** How many tiles of those to be copied are done. */
  readonly onProgress?: (done: number, of: number) => void;
  /** Aborting rejects with the signal's reason; what is copied stays. */
  readonly signal?: AbortSignal;
};

export type ExportReport = {
  readonly origin: string;
  /** Where the log is now: what `verify` and `import` take. */
  readonly place: string;
  /** Receipts that are there, and that were there before. */
  readonly size: number;
  readonly sizeBefore: number;
  readonly filesWritten: number;
  readonly bytesWritten: number;
};

/**
 * Rejects with `bad-source`, `bad-note`, `bad-checkpoint`, `log-damaged`, `missing-tile`, `bad-tile` for what is to be
 * copied; with `bad-store`, `store-client-missing`, `store-failed`, `export-forked`, `export-ahead`, `export-gap`, `export-raced` for
 * where to.
 */
export async function exportLedger(options: ExportOptions): Promise<ExportReport> {
  const source = await openSource(options.from);
  const reader = openReader(source.description);
  try {
    const log = await readLog(reader, options.from);
    const store = storeBelow(await openStore(options.to, options), `${logFolder(log.checkpoint.origin)}/`);
    return await new Export(options, { ...log, prunedBelow: Math.max(options.minimumIndex ?? 0, prunedHere(source.description)) }, store).run();
  } finally {
    reader.close();
    source.close();
  }
}

type Log = { readonly reader: LogReader; readonly checkpoint: OpenedCheckpoint; readonly note: Uint8Array; readonly keys: Uint8Array; readonly cosigned: Uint8Array | undefined };

/** What the writer of this folder has pruned; nothing for what is no ledger's own folder. */
function prunedHere(source: SourceDescription): number {
  return source.kind === 'folder' ? (readPruned(systemFiles, placesOf(source.folder))?.prunedBelow ?? 0) : 0;
}

/** The checkpoint, signed by one of the log's keys and borne out by its tiles. */
async function readLog(reader: LogReader, from: string): Promise<Log> {
  // Before it, so that it is not newer. Few logs have one, and some servers answer 403 for what is not there.
  const cosigned = await reader.read(cosignedCheckpointPath).catch(() => undefined);
  const note = await reader.read(checkpointPath);
  // Read after it, so that they name whoever signed it.
  const keys = await reader.read(verifierKeysPath);
  if (note === undefined) throw new LedgerError('bad-source', `${from}: no log there, it has no file named ${checkpointPath}`);
  if (keys === undefined) throw new LedgerError('bad-source', `${from}: the log has no file ${verifierKeysPath}: its checkpoint cannot be checked before it is copied`);
  const verifiers = inPlace(`${from}/${verifierKeysPath}`, () => keysOf(keys));
  const checkpoint = inPlace(`${from}/${checkpointPath}`, () => openCheckpoint(note, verifiers));
  const { verified, failed } = checkpoint.checked;
  if (verified.length === 0 || failed.length > 0) throw new LedgerError('log-damaged', `${from}: the checkpoint has no valid signature of the log's keys; it was changed; flyball ledger verify tells more`);
  const log = { reader, checkpoint, note, keys, cosigned };
  const { size, root } = checkpoint;
  if (!equalHashes(await rootFromTiles({ size }, tilesOf(log)), root)) throw new LedgerError('log-damaged', `${from}: the tiles do not lead to the checkpoint of ${size}; flyball ledger verify tells which receipt was changed`);
  return log;
}

function keysOf(bytes: Uint8Array) {
  return Buffer.from(bytes).toString().split('\n').filter((line) => line.trim() !== '').map(parseVerifierKey);
}

function tilesOf({ reader }: Log) {
  return async (tile: TileId): Promise<Uint8Array> => {
    const bytes = await readTile(reader, tile);
    if (bytes === undefined) throw new LedgerError('missing-tile', `${tilePath(tile)} is missing: it was pruned before it was exported, or lost`);
    return bytes;
  };
}

class Export {
  readonly #options: ExportOptions;
  readonly #log: Log & { readonly prunedBelow: number };
  readonly #store: ObjectStore;
  #filesWritten = 0;
  #bytesWritten = 0;

  constructor(options: ExportOptions, log: Log & { readonly prunedBelow: number }, store: ObjectStore) {
    this.#options = options;
    this.#log = log;
    this.#store = store;
  }

  async run(): Promise<ExportReport> {
    const { size, origin } = this.#log.checkpoint;
    const before = await this.#store.read(checkpointPath);
    const sizeBefore = before === undefined ? 0 : await this.#checkBeginning(before);
    if (before === undefined) await this.#checkRemains();
    const tiles = [...newTiles({ since: sizeBefore, size })];
    await this.#copy(tiles, await this.#firstMissing(tiles));
    await this.#replace(verifierKeysPath, this.#log.keys, await this.#store.read(verifierKeysPath));
    await this.#replaceCosigned();
    await this.#replace(checkpointPath, this.#log.note, before);
    await this.#removeOutdated(sizeBefore);
    return { origin, place: this.#store.name, size, sizeBefore, filesWritten: this.#filesWritten, bytesWritten: this.#bytesWritten };
  }

  /** The size of what is there, if that is a beginning of this log. */
  async #checkBeginning({ bytes }: Stored): Promise<number> {
    const { name } = this.#store;
    const there = inPlace(`${name}/${checkpointPath}`, () => openCheckpoint(bytes, []));
    const { size } = this.#log.checkpoint;
    if (there.origin !== this.#log.checkpoint.origin) throw new LedgerError('export-forked', `${name} holds the log of ${there.origin}: give another place`);
    if (there.size > size) throw new LedgerError('export-ahead', `${name} holds ${there.size} receipts, the ledger only ${size}: the ledger was set back to an older state; compare them by flyball ledger verify --since, and restore from the export, before anything else is appended`);
    const root = await rootFromTiles({ size: there.size, treeSize: size }, tilesOf(this.#log));
    // What lies between is nowhere: a copy with a hole would not verify, and nobody could tell why.
    if (there.size < this.#log.prunedBelow) throw new LedgerError('export-gap', `${name} holds ${there.size} receipts, and the ledger was pruned below ${this.#log.prunedBelow}: it cannot be continued; keep it as it is, and begin a copy in another place`);
    if (!equalHashes(root, there.root)) throw new LedgerError('export-forked', `${name} holds ${there.size} receipts that are no beginning of this log: it is another log of the same origin, or one of the two was changed; nothing there was touched`);
    // Every log begins like an empty one; whose that is its signature says.
    if (there.size === 0 && openCheckpoint(bytes, keysOf(this.#log.keys)).checked.verified.length === 0) throw new LedgerError('export-forked', `${name} holds an empty log of ${there.origin} that no key of this one signed: it is another's of the same origin; nothing there was touched, give another place`);
    return there.size;
  }

  /** Of a first export that was cut short, before the log was pruned: going on would leave a hole. */
  async #checkRemains(): Promise<void> {
    const { prunedBelow } = this.#log;
    const has = (bundle: number): Promise<boolean> => this.#store.has(tilePath({ level: 'entries', index: bundle, width: tileWidth }));
    const last = Math.floor(prunedBelow / tileWidth) - 1;
    if (last < 0 || !(await has(0)) || (await has(last))) return;
    throw new LedgerError('export-gap', `${this.#store.name} holds what is left of an export that was cut short, and the ledger was pruned below ${prunedBelow} since: it cannot be continued; begin a copy in another place`);
  }

  /** Batches are done one after the other, so all before the last one that has something is there. */
  async #firstMissing(tiles: readonly TileId[]): Promise<number> {
    let [present, missing] = [-1, Math.ceil(tiles.length / batchWidth)];
    for (let step = 1; present + 1 < missing; step *= 2) {
      // From the start in growing steps, so that an export that is up to date asks once; then halving what is left.
      const batch = present + step < missing ? present + step : Math.floor((present + missing) / 2);
      if (await this.#store.has(tilePath(tiles[batch * batchWidth]!))) present = batch;
      else {
        missing = batch;
        step = 0.5;
      }
    }
    // That one may not be whole.
    return Math.max(0, present) * batchWidth;
  }

  async #copy(tiles: readonly TileId[], from: number): Promise<void> {
    let done = from;
    await inBatches(tiles.slice(from), async (tile) => {
      this.#options.signal?.throwIfAborted();
      await this.#copyTile(tile);
      done += 1;
      this.#options.onProgress?.(done, tiles.length);
    });
  }

  /** The bundle first: where the tile of its hashes is, it is too. */
  async #copyTile(tile: TileId): Promise<void> {
    const read = tilesOf(this.#log);
    const hashes = checkTile(await read(tile), tile);
    const end = (tile.index + 1) * tileWidth;
    // Not asked for, even if it is still there: it is about to go.
    if (tile.level === 0 && end > this.#log.prunedBelow) {
      const id: TileId = { ...tile, level: 'entries' };
      const bundle = await read(id);
      // Damage must not get into the copy, where it would be found only when that is needed.
      if (!equalHashes(Buffer.concat(decodeBundle(bundle, id).map((entry) => leafHash(entry))), hashes)) throw new LedgerError('log-damaged', `${tilePath(id)} does not hold the receipts that ${tilePath(tile)} has the hashes of; flyball ledger verify tells which was changed`);
      await this.#create(tilePath(id), bundle);
    }
    await this.#create(tilePath(tile), hashes);
  }

  async #create(key: string, bytes: Uint8Array): Promise<void> {
    if (await this.#store.create(key, bytes)) {
      this.#count(bytes);
      return;
    }
    const there = await this.#store.read(key);
    if (there === undefined || !Buffer.from(there.bytes).equals(bytes)) throw new LedgerError('export-forked', `${this.#store.name}/${key} is there with other bytes than the log's: an export of another log of this origin, or changed; nothing there was touched`);
  }

  /** What witnesses signed, if it is newer than what is there. */
  async #replaceCosigned(): Promise<void> {
    const { cosigned, checkpoint } = this.#log;
    const size = cosigned === undefined ? Infinity : inPlace(cosignedCheckpointPath, () => openCheckpoint(cosigned, []).size);
    if (cosigned === undefined || size > checkpoint.size) return;
    const there = await this.#store.read(cosignedCheckpointPath);
    if (there !== undefined && openCheckpoint(there.bytes, []).size > size) return;
    await this.#replace(cosignedCheckpointPath, cosigned, there);
  }

  async #replace(key: string, bytes: Uint8Array, before: Stored | undefined): Promise<void> {
    if (before !== undefined && Buffer.from(before.bytes).equals(bytes)) return;
    if (!(await this.#store.replace(key, bytes, before?.version))) {
      // An answer that got lost is asked for again: then it was we who replaced it.
      const there = await this.#store.read(key);
      if (there === undefined || !Buffer.from(there.bytes).equals(bytes)) throw new LedgerError('export-raced', `${this.#store.name}/${key} was replaced meanwhile: another export of this log is running; run this one again`);
    }
    this.#count(bytes);
  }

  #count(bytes: Uint8Array): void {
    this.#filesWritten += 1;
    this.#bytesWritten += bytes.length;
  }

  /** Partial tiles whose full one is there now (tlog-tiles, "Partial Tiles": readers then ask for the full one). */
  async #removeOutdated(sizeBefore: number): Promise<void> {
    for (const tile of filledSince(sizeBefore, this.#log.checkpoint.size)) {
      for (const key of await this.#store.list(`${tilePath({ ...tile, width: tileWidth })}.p/`)) await this.#store.remove(key);
    }
  }
}

/** The tiles that were partial in the tree of `before` leaves and are full in that of `size`. */
export function* filledSince(before: number, size: number): Generator<Omit<TileId, 'width'>> {
  for (let level = 0; hashesAtLevel(level, before) > 0; level += 1) {
    const at = hashesAtLevel(level, before);
    if (at % tileWidth === 0) continue;
    const { index, width } = tileAt({ level, at: at - 1, size });
    if (width < tileWidth) continue;
    yield { level, index };
    if (level === 0) yield { level: 'entries', index };
  }
}
