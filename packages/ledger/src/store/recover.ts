// What a start does before the first append: finds out what the log holds and that it is one log. The receipts that
// count are those in durable bundles and, after them, those in the journal; they must lead to the published
// checkpoint, or nothing is opened. Writes nothing but the last frame anew (see Journal.settle).
import { join } from 'node:path';

import { LedgerError } from '../errors.ts';
import { chainGenesis } from '../format/chain.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, hashesAtLevel, tilePath, tileWidth } from '../format/layout.ts';
import { equalHashes, leafHash, rootOfHashes } from '../format/merkle.ts';
import { verifierKeyOf } from '../format/note.ts';
import { checkTile, encodeBundle } from '../format/tile.ts';
import type { Files } from './disk/files.ts';
import { Edge } from './edge.ts';
import { idKey, placeOf, readBundle, readEntry } from './entries.ts';
import type { Identity } from './identity.ts';
import { IdIndex } from './ids/id-index.ts';
import { splitEntries, type Frame } from './journal/frame.ts';
import { Journal, type JournalDamage } from './journal/journal.ts';
import type { StoredKey } from './keys.ts';
import { Pending } from './pending.ts';
import type { Places } from './places.ts';
import type { Pruned } from './prune.ts';
import type { Sizes } from './sizes.ts';
import { parseSnapshot, type Heads, type Snapshot } from './snapshot.ts';

export type Recovered = {
  readonly journal: Journal;
  readonly ids: IdIndex;
  readonly heads: Heads;
  readonly edge: Edge;
  readonly pending: Pending;
  /** Entries below are in bundles that are durable. */
  readonly durableEnd: number;
  readonly published: OpenedCheckpoint | undefined;
  /** For the operator: what was not as a clean stop leaves it. */
  readonly told: readonly string[];
};

export type Ground = { readonly files: Files; readonly places: Places; readonly identity: Identity; readonly keys: readonly StoredKey[]; readonly sizes: Sizes; readonly pruned: Pruned | undefined };

/** Throws `journal-damaged`, `journal-lost`, `log-damaged`, `log-forked`, `missing-tile`, `bad-tile` and what the disk says. */
export function recover(ground: Ground): Recovered {
  const { files, places, identity, sizes } = ground;
  const told: string[] = [];
  const journal = new Journal({ files, folder: places.journal, salt: identity.salt, sizes });
  const { frames, damage } = journal.open();
  if (damage !== undefined) throw journalDamaged(damage);
  const published = readPublished(ground, told);
  const { snapshot, ids } = openIndex(ground, told);
  const [first, end] = reachOf(frames);
  checkReach({ end, published, snapshotSize: snapshot.size, places });
  journal.settle(frames.at(-1));
  const durableEnd = first - (first % tileWidth);
  const publishedEnd = (published?.size ?? end) - ((published?.size ?? end) % tileWidth);
  // What was pruned is durable, published, and must not be written again: the journal may well have it still.
  const edgeStart = Math.max(Math.min(durableEnd, publishedEnd), ground.pruned?.prunedBelow ?? 0);
  const edge = new Edge({ size: edgeStart, hashes: edgeHashes(ground, edgeStart) });
  const recovered = { journal, ids, heads: snapshot.heads, edge, pending: new Pending(edgeStart), durableEnd: edgeStart, published, told };
  replay({ ground, recovered, frames, from: Math.min(snapshot.size, edgeStart), snapshotSize: snapshot.size, end });
  return recovered;
}

function reachOf(frames: readonly Frame[]): [first: number, end: number] {
  const last = frames.at(-1);
  return last === undefined ? [0, 0] : [frames[0]!.first, last.first + last.count];
}

function journalDamaged({ path, offset, after, next }: JournalDamage): LedgerError {
  return new LedgerError('journal-damaged', `${path}: acknowledged receipts ${after} to ${next - 1} were changed or torn out of the journal before byte ${offset}; fsck --repair fetches them from the published bundles where it can`);
}

function checkReach({ end, published, snapshotSize, places }: { readonly end: number; readonly published: OpenedCheckpoint | undefined; readonly snapshotSize: number; readonly places: Places }): void {
  const known = Math.max(published?.size ?? 0, snapshotSize);
  if (known <= end) return;
  throw new LedgerError('journal-lost', `${places.journal} ends at receipt ${end}, but ${known} were acknowledged: part of the journal is gone; restore it, or have fsck --repair take what was published`);
}

function readPublished({ files, places, keys }: Ground, told: string[]): OpenedCheckpoint | undefined {
  const bytes = files.read(join(places.folder, checkpointPath));
  if (bytes === undefined) return undefined;
  try {
    const opened = openCheckpoint(bytes, keys.map(({ key }) => verifierKeyOf(key)));
    if (opened.checked.verified.length > 0 && opened.checked.failed.length === 0) return opened;
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
  }
  told.push('the checkpoint was torn, or changed, or signed by a key that is not here: it is made anew from the receipts');
  return undefined;
}

/** Without a snapshot everything is read again, but for what was pruned: of that the heads were kept, the ids are gone. */
function openIndex(ground: Ground, told: string[]): { readonly snapshot: Snapshot; readonly ids: IdIndex } {
  const { files, places, identity, pruned } = ground;
  const bytes = files.read(places.snapshot);
  const snapshot = bytes && parseSnapshot(bytes);
  if (bytes !== undefined && snapshot === undefined) told.push('the snapshot of chains and ids was damaged: it is made anew from the receipts');
  const index = { files, folder: places.idRuns, salt: identity.salt };
  const fresh = pruned ?? { size: 0, runs: [], heads: new Map() };
  const usable = usableSnapshot(snapshot, pruned);
  if (pruned !== undefined && usable !== snapshot) told.push(`the ids of receipts ${snapshot?.size ?? 0} to ${pruned.size - 1} are forgotten, since some of those were pruned: one of them that is appended again is recorded again`);
  try {
    return { snapshot: usable, ids: new IdIndex({ ...index, runs: usable.runs }) };
  } catch (error) {
    if (!isIndexTrouble(error)) throw error;
    told.push('the index of ids was damaged or lost: it is made anew from the receipts');
    return { snapshot: fresh, ids: new IdIndex({ ...index, runs: [] }) };
  }
}

/** A snapshot from before what was pruned cannot be carried on from there: its ids hold, the heads are those that pruning kept. */
function usableSnapshot(snapshot: Snapshot | undefined, pruned: Pruned | undefined): Snapshot {
  if (pruned === undefined) return snapshot ?? { size: 0, runs: [], heads: new Map() };
  return snapshot !== undefined && snapshot.size >= pruned.prunedBelow ? snapshot : { size: pruned.size, runs: snapshot?.runs ?? [], heads: pruned.heads };
}

function isIndexTrouble(error: unknown): boolean {
  return (error instanceof LedgerError && error.code === 'index-damaged') || (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Level by level from 1 on, the hashes of the tile that is not full, each made of the full tile below it. */
export function edgeHashes({ files, places }: Pick<Ground, 'files' | 'places'>, size: number): Uint8Array[][] {
  const levels: Uint8Array[][] = [];
  for (let level = 1; hashesAtLevel(level, size) > 0; level += 1) {
    const count = hashesAtLevel(level, size);
    const from = count - (count % tileWidth);
    levels.push(Array.from({ length: count - from }, (_, at) => hashOfTile(files, places.folder, { level: level - 1, index: from + at, width: tileWidth })));
  }
  return levels;
}

function hashOfTile(files: Files, folder: string, tile: { readonly level: number; readonly index: number; readonly width: number }): Uint8Array {
  const bytes = files.read(join(folder, tilePath(tile)));
  if (bytes === undefined) throw new LedgerError('missing-tile', `${tilePath(tile)} is missing; fsck --repair makes it anew from the entry bundles`);
  return rootOfHashes(checkTile(bytes, tile));
}

type Replay = { readonly ground: Ground; readonly recovered: Recovered; readonly frames: readonly Frame[]; readonly from: number; readonly snapshotSize: number; readonly end: number };

function replay({ ground, recovered, frames, from, snapshotSize, end }: Replay): void {
  const { edge, heads, ids, pending, published } = recovered;
  const edgeStart = edge.size;
  checkRoot(edge, published);
  for (const { index, entry } of entriesFrom(ground, frames, { from, end })) {
    if (index >= snapshotSize) {
      heads.set(...linkOf(entry, index, heads, ids));
    }
    if (index < edgeStart) continue;
    edge.push(leafHash(entry));
    pending.push(encodeBundle([entry]));
    checkRoot(edge, published);
  }
  if (edge.size !== end) throw new LedgerError('log-damaged', `the receipts end at ${edge.size} instead of ${end}`);
}

function* entriesFrom({ files, places }: Ground, frames: readonly Frame[], { from, end }: { readonly from: number; readonly end: number }): Generator<{ readonly index: number; readonly entry: Uint8Array }> {
  const [journalFirst] = reachOf(frames);
  let bundle: readonly Uint8Array[] = [];
  for (let index = from; index < Math.min(journalFirst, end); index += 1) {
    if (index === from || index % tileWidth === 0) bundle = readBundle(files, places.folder, Math.floor(index / tileWidth));
    yield { index, entry: bundle[index % tileWidth]! };
  }
  for (const { first, body } of frames) {
    for (const [at, entry] of splitEntries(body).entries()) if (first + at >= from) yield { index: first + at, entry };
  }
}

/** The tenant's next head; notes the id. Throws `log-damaged` when the receipt is not the next of its chain. */
function linkOf(entry: Uint8Array, index: number, heads: Heads, ids: IdIndex): [tenantId: string, { readonly count: number; readonly hash: Uint8Array }] {
  const receipt = readEntry(entry, index);
  const head = heads.get(receipt.tenantId);
  const isNext = receipt.prevReceiptCount === (head?.count ?? 0) && receipt.prevReceiptHash === Buffer.from(head?.hash ?? chainGenesis).toString('hex');
  if (!isNext) throw new LedgerError('log-damaged', `receipt ${index} does not continue the chain of tenant ${receipt.tenantId}: a receipt was changed or lost on disk; fsck tells which`);
  ids.add(idKey(receipt.tenantId, receipt.id), index);
  return [receipt.tenantId, { count: receipt.prevReceiptCount + 1, hash: placeOf(entry, receipt).chainHash }];
}

function checkRoot(edge: Edge, published: OpenedCheckpoint | undefined): void {
  if (published === undefined || edge.size !== published.size || equalHashes(edge.root(), published.root)) return;
  throw new LedgerError('log-forked', `the receipts on disk do not lead to the published checkpoint of ${published.size}: one of them, a tile or the checkpoint was changed; fsck tells which`);
}
