// Whether a copy elsewhere has receipts that are about to be removed here. It reads them all, there, and compares each
// with its hash here: what is pruned is gone for good, so nobody's word is taken for it, not even the checkpoint's.
import { LedgerError } from '../errors.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, tileAt, tilePath, tileWidth } from '../format/layout.ts';
import { equalHashes, leafHash } from '../format/merkle.ts';
import { decodeBundle, rootFromTiles } from '../format/tile.ts';
import { PublishedLog } from '../index-db/published-log.ts';
import type { LogReader } from '../verify/log-reader.ts';
import { readTile } from '../verify/segment.ts';
import { openReader, openSource } from '../verify/source.ts';
import { inBatches } from './batches.ts';
import { logFolder, storeBelow } from './object-store.ts';
import { isBucket, openStore, type StoreOptions } from './open-store.ts';

export type CheckExportedOptions = StoreOptions & {
  /** The ledger's folder. */
  readonly from: string;
  /** What the export was given as `to`, or the log in it: a folder, an archive, an address, `s3://…`, `gs://…`. */
  readonly to: string;
  /** The receipts [first, end) that the copy must have, by whole bundles. */
  readonly first: number;
  readonly end: number;
  /** How many bundles are compared. */
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
};

type Copy = { readonly place: string; readonly reader: LogReader; readonly checkpoint: OpenedCheckpoint; readonly close: () => void };

/**
 * Resolves to where the copy is. Rejects with `not-exported` when it lacks one of them, `export-forked` or
 * `export-ahead` when it is no beginning of this log, `bad-store`, `store-…` and `bad-source` when it cannot be read.
 */
export async function checkExported(options: CheckExportedOptions): Promise<string> {
  const log = await PublishedLog.open(options.from);
  try {
    const copy = await findCopy(options, (await log.checkpoint()).origin);
    try {
      await checkBeginning(log, copy, options.end);
      await compareBundles(log, copy, options);
      return copy.place;
    } finally {
      copy.close();
    }
  } finally {
    log.close();
  }
}

/** In the folder that an export makes for the log, else in the place itself. */
async function findCopy(options: CheckExportedOptions, origin: string): Promise<Copy> {
  for (const place of [`${options.to.replace(/\/+$/, '')}/${logFolder(origin)}`, options.to]) {
    const found = await openPlace(place, options);
    const bytes = await found?.reader.read(checkpointPath);
    if (found === undefined) continue;
    if (bytes !== undefined) return { place, ...found, checkpoint: openCheckpoint(bytes, []) };
    found.close();
  }
  throw new LedgerError('not-exported', `${options.to} holds no copy of ${origin}: give the place that flyball ledger export was given`);
}

async function openPlace(place: string, options: CheckExportedOptions): Promise<{ readonly reader: LogReader; readonly close: () => void } | undefined> {
  if (isBucket(place)) {
    const store = storeBelow(await openStore(place, options), '');
    return { reader: { read: async (path) => (await store.read(path))?.bytes, close: () => {} }, close: () => {} };
  }
  try {
    const source = await openSource(place);
    const reader = openReader(source.description);
    const close = (): void => {
      reader.close();
      source.close();
    };
    return { reader, close };
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'bad-source') return undefined;
    throw error;
  }
}

async function checkBeginning(log: PublishedLog, { place, checkpoint: there }: Copy, end: number): Promise<void> {
  const { origin, size } = await log.checkpoint();
  if (there.origin !== origin) throw new LedgerError('not-exported', `${place} holds the log of ${there.origin}, not of ${origin}`);
  if (there.size < end) throw new LedgerError('not-exported', `${place} holds the first ${there.size} receipts only, ${end} are needed: export again`);
  if (there.size > size) throw new LedgerError('export-ahead', `${place} holds ${there.size} receipts, the ledger only ${size}: the ledger was set back to an older state; nothing is removed from it`);
  const root = await rootFromTiles({ size: there.size, treeSize: size }, log.readTile);
  if (!equalHashes(root, there.root)) throw new LedgerError('export-forked', `${place} holds receipts that are no beginning of this log: it is another log of the same origin, or one of the two was changed`);
}

async function compareBundles(log: PublishedLog, { place, reader, checkpoint }: Copy, { first, end, onProgress, signal }: CheckExportedOptions): Promise<void> {
  const bundles = Array.from({ length: (end - first) / tileWidth }, (_, at) => first / tileWidth + at);
  let done = 0;
  await inBatches(bundles, async (bundle) => {
    signal?.throwIfAborted();
    const id = tileAt({ level: 'entries', at: bundle * tileWidth, size: checkpoint.size });
    const bytes = await readTile(reader, id);
    if (bytes === undefined) throw new LedgerError('not-exported', `${place} lacks ${tilePath(id)}, receipts ${bundle * tileWidth} to ${bundle * tileWidth + id.width - 1}: it was made of a log that had been pruned, or lost them`);
    const hashes = await log.readTile({ ...id, level: 0 });
    if (!equalHashes(Buffer.concat(decodeBundle(bytes, id).map((entry) => leafHash(entry))), hashes)) throw new LedgerError('not-exported', `${place}: ${tilePath(id)} does not hold the receipts that the ledger has there; flyball ledger verify tells which of the two was changed`);
    done += 1;
    onProgress?.(done, bundles.length);
  });
}
