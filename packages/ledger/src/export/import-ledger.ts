// Brings a log from another place into a folder: to be read and verified there, or, with the signing keys, to be
// written on. Nothing counts as imported that the offline verifier does not call good.
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { inPlace, LedgerError } from '../errors.ts';
import { openCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, cosignedCheckpointPath, tilePath, verifierKeysPath, type TileId } from '../format/layout.ts';
import { equalHashes } from '../format/merkle.ts';
import { formatSigningKey, formatVerifierKey, parseSigningKey, verifierKeyOf, type SigningKey } from '../format/note.ts';
import { newTiles, rootFromTiles } from '../format/tile.ts';
import { PublishedLog } from '../index-db/published-log.ts';
import { replaceFile, systemFiles } from '../store/disk/files.ts';
import { placesOf } from '../store/places.ts';
import { rebuildState } from '../store/repair/rebuild-state.ts';
import type { LogReader } from '../verify/log-reader.ts';
import { readTile } from '../verify/segment.ts';
import { openReader, openSource } from '../verify/source.ts';
import { verifyLog, type VerifyOptions } from '../verify/verify.ts';
import { inBatches } from './batches.ts';
import { folderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';
import { isBucket, openStore, type StoreOptions } from './open-store.ts';

export type ImportOptions = StoreOptions & {
  /** A log: a folder, an archive, an http(s) address, or `s3://…`, `gs://…` as an export's report names its place. */
  readonly from: string;
  /** The folder to be: empty, or what an import that was cut short left. */
  readonly to: string;
  /** Verifier keys of the log; without, its own file `vkeys` is believed. */
  readonly keys?: readonly string[];
  /** Checkpoints that the log signed before, as files' contents: the imported one must reach and continue them. */
  readonly since?: readonly (Uint8Array | string)[];
  /** A copy of the lost ledger's folder `keys`: the imported ledger can then be written on. */
  readonly signingKeys?: string;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
};

export type ImportReport = {
  readonly origin: string;
  readonly folder: string;
  readonly size: number;
  readonly tenants: number;
  readonly filesWritten: number;
  /** Whether a node can go on writing it; else it can be read and verified only. */
  readonly isWritable: boolean;
};

/** Rejects with `bad-source`, `bad-store`, `store-…`, `missing-tile`, `import-refused`, `key-lost`, `bad-key`; then `to` is no log yet. */
export async function importLedger(options: ImportOptions): Promise<ImportReport> {
  const { from, to, signingKeys } = options;
  if (existsSync(join(to, checkpointPath)) || existsSync(placesOf(to).identity)) throw new LedgerError('import-refused', `${to} holds a log already: import into a folder of its own`);
  const { reader, close } = await openLog(options);
  try {
    const note = await reader.read(checkpointPath);
    if (note === undefined) throw new LedgerError('bad-source', `${from}: no log there, it has no file named ${checkpointPath}`);
    const { origin } = inPlace(`${from}/${checkpointPath}`, () => openCheckpoint(note, []));
    const found = signingKeys === undefined ? [] : await readSigningKeys(signingKeys, origin);
    const filesWritten = await copyLog({ options, reader, note, store: folderStore(to) });
    const { size = 0, tenants } = await checked(options);
    if (found.length > 0) await makeWritable(found, to);
    return { origin, folder: to, size, tenants, filesWritten, isWritable: found.length > 0 };
  } finally {
    close();
  }
}

async function openLog(options: ImportOptions): Promise<{ readonly reader: LogReader; readonly close: () => void }> {
  if (isBucket(options.from)) {
    const store = await openStore(options.from, options);
    return { reader: { read: async (path) => (await store.read(path))?.bytes, close: () => {} }, close: () => {} };
  }
  const source = await openSource(options.from);
  const reader = openReader(source.description);
  return {
    reader,
    close: () => {
      reader.close();
      source.close();
    },
  };
}

type Copying = { readonly options: ImportOptions; readonly reader: LogReader; readonly note: Uint8Array; readonly store: ObjectStore };

/** How many files that were. The checkpoint comes last. */
async function copyLog({ options: { from, onProgress, signal }, reader, note, store }: Copying): Promise<number> {
  const { size } = openCheckpoint(note, []);
  const tiles = [...newTiles({ since: 0, size })];
  let [done, written] = [0, 0];
  const copy = async (tile: TileId): Promise<void> => {
    signal?.throwIfAborted();
    // Of an import that was cut short. Whole, since files appear whole; right or not the verifier says.
    if (await store.has(tilePath(tile))) return;
    const bytes = await readTile(reader, tile);
    // Of a log that was pruned: whether it was the verifier says.
    if (bytes === undefined && tile.level === 'entries') return;
    if (bytes === undefined) throw new LedgerError('missing-tile', `${from}: ${tilePath(tile)} is missing: the copy is not whole`);
    if (await store.create(tilePath(tile), bytes)) written += 1;
  };
  await inBatches(tiles, async (tile) => {
    if (tile.level === 0) await copy({ ...tile, level: 'entries' });
    await copy(tile);
    done += 1;
    onProgress?.(done, tiles.length);
  });
  const keys = await reader.read(verifierKeysPath);
  await store.remove(verifierKeysPath);
  if (keys !== undefined) await store.create(verifierKeysPath, keys);
  // Few logs have one, and some servers answer 403 for what is not there.
  const cosigned = await reader.read(cosignedCheckpointPath).catch(() => undefined);
  await store.remove(cosignedCheckpointPath);
  if (cosigned !== undefined) await store.create(cosignedCheckpointPath, cosigned);
  await store.create(checkpointPath, note);
  return written + 1 + (keys === undefined ? 0 : 1) + (cosigned === undefined ? 0 : 1);
}

async function checked({ from, to, keys, since, signingKeys, signal }: ImportOptions): Promise<{ readonly size?: number; readonly tenants: number }> {
  const options: VerifyOptions = { target: to, ...(keys === undefined ? {} : { keys }), ...(since === undefined ? {} : { since }), ...(signal === undefined ? {} : { signal }) };
  const report = await verifyLog(options);
  const isForked = report.verdict === 'good' && (await cosignedOtherwise(to));
  if (report.verdict === 'good' && !isForked && (report.prunedBelow === 0 || signingKeys === undefined)) return report;
  await disown(to);
  if (isForked) throw new LedgerError('import-refused', `${from}: its ${cosignedCheckpointPath} is no beginning of it: witnesses were shown another log than this one`);
  if (report.verdict === 'good') throw new LedgerError('import-refused', `${from} is pruned below ${report.prunedBelow}: chains that go on from there cannot be known, so no node can write on; import it without signing keys, or import a copy that was exported before`);
  const why = report.verdict === 'unusable' ? [report.reason] : report.findings.map(({ message }) => message);
  throw new LedgerError('import-refused', `${from} does not verify: ${why.slice(0, 3).join('; ')}`);
}

/** So that nobody takes it for a log, and another import can go on. A log that began here would publish the keys as its own. */
async function disown(to: string): Promise<void> {
  for (const path of [checkpointPath, cosignedCheckpointPath, verifierKeysPath]) await rm(join(to, path), { force: true });
}

/** Whether what witnesses signed is not what the log in `folder` begins with. */
async function cosignedOtherwise(folder: string): Promise<boolean> {
  const log = await PublishedLog.open(folder);
  try {
    const [cosigned, { origin, size }] = [await log.cosignedCheckpoint(), await log.checkpoint()];
    if (cosigned === undefined) return false;
    if (cosigned.origin !== origin || cosigned.size > size) return true;
    return !equalHashes(await rootFromTiles({ size: cosigned.size, treeSize: size }, log.readTile), cosigned.root);
  } finally {
    log.close();
  }
}

const keyPattern = /^\d{4}-[0-9a-f]{8}$/;

type KeyToPlace = { readonly name: string; readonly key: SigningKey };

async function readSigningKeys(folder: string, origin: string): Promise<KeyToPlace[]> {
  const names = (existsSync(folder) ? await readdir(folder) : []).filter((name) => keyPattern.test(name)).toSorted();
  if (names.length === 0) throw new LedgerError('key-lost', `${folder} holds no signing key: give a copy of the folder keys/ of the ledger that was lost`);
  return names.map((name) => {
    const key = inPlace(join(folder, name), () => parseSigningKey((systemFiles.read(join(folder, name)) ?? Buffer.alloc(0)).toString()));
    if (key.name !== origin) throw new LedgerError('bad-key', `${join(folder, name)} is a key of ${key.name}, not of ${origin}`);
    return { name, key };
  });
}

async function makeWritable(found: readonly KeyToPlace[], to: string): Promise<void> {
  try {
    placeKeys(found, to);
    rebuildState(systemFiles, to);
  } catch (error) {
    await disown(to);
    throw error;
  }
}

/** A key that was made after the export is in no receipt of it: it is placed as one whose rotation was cut short, which the next start completes. */
function placeKeys(found: readonly KeyToPlace[], to: string): void {
  const announced = new Set((systemFiles.read(join(to, verifierKeysPath)) ?? Buffer.alloc(0)).toString().split('\n'));
  const isNew = ({ key }: KeyToPlace) => !announced.has(formatVerifierKey(verifierKeyOf(key)));
  if (found.every(isNew)) throw new LedgerError('bad-key', 'none of the signing keys is one that the log names: they are of another ledger of the same origin');
  if (found.filter(isNew).length > 1) throw new LedgerError('bad-key', 'the log knows of none of the last rotations: give the signing keys without the newest');
  const { keys } = placesOf(to);
  systemFiles.makeFolder(placesOf(to).folder);
  systemFiles.makeFolder(keys, 0o700);
  for (const one of found) {
    const bytes = Buffer.from(`${formatSigningKey(one.key)}\n`);
    replaceFile(systemFiles, join(keys, isNew(one) ? `${one.name}.pending` : one.name), bytes, { mode: 0o600, sync: true });
  }
}
