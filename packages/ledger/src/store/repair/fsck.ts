// Checks everything in a ledger's folder while no writer has it, says what is wrong and what could be done, and with
// `repair` does what loses nothing that is still there: files are made anew from what the signed root proves right.
// What is acknowledged but nowhere on the disk it names, and never invents.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { LedgerError } from '../../errors.ts';
import { chainGenesis } from '../../format/chain.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../../format/checkpoint.ts';
import { checkpointPath, tileWidth, verifierKeysPath } from '../../format/layout.ts';
import { equalHashes } from '../../format/merkle.ts';
import { parseVerifierKey, verifierKeyOf, type VerifierKey } from '../../format/note.ts';
import { asLedgerError, replaceFile, systemFiles, type Files } from '../disk/files.ts';
import { takeLock, type Lock } from '../disk/lock.ts';
import { placeOf, readEntry } from '../entries.ts';
import { makeFolders, readIdentity, refuseRemains, writeIdentity, type Identity } from '../identity.ts';
import { IdIndex } from '../ids/id-index.ts';
import { Journal } from '../journal/journal.ts';
import { setKeyAside, sortedKeys, verifierKeyLines, writeKey, writeVerifierKeys } from '../keys.ts';
import { placesOf, type Places } from '../places.ts';
import { readPruned } from '../prune.ts';
import { sizesDefault } from '../sizes.ts';
import { parseSnapshot } from '../snapshot.ts';
import type { Tools } from '../store.ts';
import { checkTree, type TreeCheck } from './fsck-tree.ts';
import { saltOfJournal } from './journal-salt.ts';
import { Salvage } from './salvage.ts';
import { writeJournal } from './write-journal.ts';

export type FsckOptions = {
  readonly folder: string;
  readonly repair?: boolean;
  /** With repair: makes a new signing key when none is left. Those who verify must be told of it. */
  readonly newKey?: boolean;
  readonly onProgress?: (receipts: number) => void;
};

export type FsckFinding = {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  /** `repairable`: run with repair. `unrepairable`: restore the file from an export or a backup. */
  readonly state: 'repaired' | 'repairable' | 'unrepairable';
};

export type FsckReport = { readonly folder: string; readonly size: number; readonly findings: readonly FsckFinding[]; readonly isSound: boolean };

export type FsckTools = Pick<Tools, 'takeLock' | 'randomBytes'> & { readonly files: Files };

/** Throws `ledger-locked` while a writer has the ledger, `bad-source` or `no-ledger` where there is none, and what the disk says. */
export function fsck(options: FsckOptions, tools: FsckTools): FsckReport {
  let lock: Lock | undefined;
  try {
    lock = lockFor(options, tools);
    return new Check(options, tools).run();
  } catch (error) {
    throw asLedgerError(error, `checking the ledger in ${options.folder}`);
  } finally {
    lock?.release();
  }
}

/** The same on this machine's disk. Takes about 8 s a million receipts and blocks its thread; call it outside a node. */
export function fsckLedger(options: FsckOptions): FsckReport {
  return fsck(options, { files: systemFiles, takeLock, randomBytes });
}

// To look at a disk that cannot be written needs no lock: nobody else can write it either.
function lockFor({ folder, repair = false }: FsckOptions, { files, takeLock }: FsckTools): Lock | undefined {
  const places = placesOf(folder);
  if (files.read(places.identity) === undefined && files.read(join(folder, checkpointPath)) === undefined) {
    refuseRemains(files, places);
    throw new LedgerError('bad-source', `${folder} holds no ledger`);
  }
  try {
    if (repair) makeFolders(files, places);
    return files.list(places.state).length > 0 || repair ? takeLock(places.lock) : undefined;
  } catch (error) {
    const failure = asLedgerError(error, 'locking the ledger');
    if (repair || failure.code !== 'disk-read-only') throw failure;
    return undefined;
  }
}

class Check {
  readonly #options: FsckOptions;
  readonly #tools: FsckTools;
  readonly #files: Files;
  readonly #places: Places;
  readonly #findings: FsckFinding[] = [];

  constructor(options: FsckOptions, tools: FsckTools) {
    this.#options = options;
    this.#tools = tools;
    this.#files = tools.files;
    this.#places = placesOf(options.folder);
  }

  run(): FsckReport {
    const identity = this.#identity();
    this.#verifierKeyFile();
    const checkpoint = this.#checkpoint(identity.origin);
    this.#keys(identity.origin);
    const journal = new Journal({ files: this.#files, folder: this.#places.journal, salt: identity.salt, sizes: sizesDefault });
    const opened = journal.open({ isReadOnly: true });
    const salvage = new Salvage(this.#files, this.#places.folder, journal.salvage());
    journal.close();
    const size = checkpoint?.size ?? 0;
    const prunedBelow = readPruned(this.#files, this.#places)?.prunedBelow ?? 0;
    const tree = checkTree({ files: this.#files, folder: this.#places.folder, salvage, size, prunedBelow, ...(this.#options.onProgress ? { onProgress: this.#options.onProgress } : {}) });
    this.#tree(tree, checkpoint);
    salvage.forget();
    // Chains can be followed only where all receipts are what they were.
    const isReadable = this.#findings.every(({ code, state }) => state === 'repaired' || !code.endsWith('-bundle'));
    const end = isReadable ? this.#followChains(salvage, { from: prunedBelow, size }) : size;
    if (isReadable) this.#journal(opened, { end, published: size, salvage, identity });
    this.#index(identity);
    return { folder: this.#places.folder, size: end, findings: this.#findings, isSound: this.#findings.every(({ state }) => state === 'repaired') };
  }

  /** Notes a finding; `repair` is what would make it good. */
  #found(finding: Omit<FsckFinding, 'state'>, repair?: () => void): void {
    if (repair !== undefined && this.#options.repair) repair();
    const state = repair === undefined ? 'unrepairable' : this.#options.repair ? 'repaired' : 'repairable';
    this.#findings.push({ ...finding, state });
  }

  #identity(): Identity {
    try {
      const identity = readIdentity(this.#files, this.#places, undefined);
      if (identity !== undefined) return identity;
    } catch (error) {
      if (!(error instanceof LedgerError) || (error.code !== 'state-lost' && error.code !== 'bad-state')) throw error;
    }
    const text = (this.#files.read(join(this.#places.folder, checkpointPath)) ?? Buffer.alloc(0)).toString();
    const salt = saltOfJournal(this.#files, this.#places);
    const identity = { origin: text.split('\n')[0]!, salt: salt ?? this.#tools.randomBytes(4).readUInt32BE() };
    const message = `the identity of the ledger is gone or unreadable; it follows from the checkpoint and ${salt === undefined ? 'no journal that could be read is left' : 'the journal'}`;
    this.#found({ code: 'state-lost', path: this.#places.identity, message }, () => writeIdentity(this.#files, this.#places, identity));
    return identity;
  }

  /** Who reads the log reads this file first. */
  #verifierKeyFile(): void {
    const lines = verifierKeyLines(this.#files, this.#places);
    const keys = lines.filter(isVerifierKey);
    if (keys.length === lines.length) return;
    const path = join(this.#places.folder, verifierKeysPath);
    const message = `${lines.length - keys.length} of its ${lines.length} lines are no verifier keys: nobody can check the log by it; the log's own keys are written anew`;
    this.#found({ code: 'bad-key', path, message }, () => replaceFile(this.#files, path, Buffer.from(keys.map((line) => `${line}\n`).join('')), { sync: true }));
  }

  #keys(origin: string): void {
    const { keys, damaged } = sortedKeys(this.#files, this.#places, origin);
    for (const { path, message } of damaged) {
      const says = `${message}; restore it from a backup, or repair with a new key, which sets this file aside`;
      this.#found({ code: 'bad-key', path, message: says }, this.#options.newKey ? () => setKeyAside(this.#files, this.#places, path) : undefined);
    }
    // Others sign on; or it has been said what to do.
    if (keys.length > 0 || (damaged.length > 0 && !this.#options.newKey)) return;
    const message = 'no signing key is left: restore keys/ from a backup, or repair with a new key, which all who verify must then be told';
    const make = (): void => {
      const number = verifierKeyLines(this.#files, this.#places).length + 1;
      const { key } = writeKey(this.#files, this.#places, { origin, seed: this.#tools.randomBytes(32), number });
      writeVerifierKeys(this.#files, this.#places, [key]);
    };
    this.#found({ code: 'key-lost', path: this.#places.keys, message }, this.#options.newKey ? make : undefined);
  }

  #checkpoint(origin: string): OpenedCheckpoint | undefined {
    const path = join(this.#places.folder, checkpointPath);
    const bytes = this.#files.read(path);
    try {
      if (bytes === undefined) throw new LedgerError('bad-checkpoint', 'the checkpoint is missing');
      const opened = openCheckpoint(bytes, this.#verifierKeys(origin));
      if (opened.checked.failed.length > 0) throw new LedgerError('bad-checkpoint', 'a signature of the checkpoint does not hold: it was changed');
      if (opened.checked.verified.length > 0) return opened;
      throw new LedgerError('bad-checkpoint', 'the checkpoint is signed by no key that is known here');
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      // The journal leads to the same tree; should it be damaged too, that is found below.
      this.#found({ code: 'bad-checkpoint', path, message: `${error.message}; the next start makes it anew from the receipts` }, () => {
        if (bytes !== undefined) this.#files.remove(path);
      });
      return undefined;
    }
  }

  #verifierKeys(origin: string): readonly VerifierKey[] {
    const own = sortedKeys(this.#files, this.#places, origin).keys.map(verifierKeyOf);
    const known = verifierKeyLines(this.#files, this.#places).filter(isVerifierKey).map((line) => parseVerifierKey(line));
    return [...own, ...known].filter((key, at, all) => all.findIndex(({ id }) => id === key.id) === at);
  }

  #tree({ findings, root, lost }: TreeCheck, checkpoint: OpenedCheckpoint | undefined): void {
    const isProven = checkpoint !== undefined && lost.length === 0 && equalHashes(root, checkpoint.root);
    for (const { code, path, message, bytes } of findings) {
      const canRepair = isProven && bytes !== undefined;
      this.#found({ code, path, message }, canRepair ? () => replaceFile(this.#files, this.#withFolder(path), bytes, { sync: true }) : undefined);
    }
    if (checkpoint === undefined || isProven || lost.length > 0) return;
    this.#found({ code: 'log-forked', path: checkpointPath, message: `the receipts on disk do not lead to the signed root of ${checkpoint.size}: one was changed together with its tile; compare with an export` });
  }

  /** A file that is missing may be so with its folder. */
  #withFolder(path: string): string {
    const parts = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) this.#files.makeFolder(join(this.#places.folder, ...parts.slice(0, depth)));
    return join(this.#places.folder, path);
  }

  #journal({ frames, damage }: ReturnType<Journal['open']>, { end, published, salvage, identity }: { readonly end: number; readonly published: number; readonly salvage: Salvage; readonly identity: Identity }): void {
    const last = frames.at(-1);
    const journalEnd = last === undefined ? 0 : last.first + last.count;
    // What no full bundle has must stand in it. Where its oldest frame is the damaged one, it only begins later.
    const neededFrom = published - (published % tileWidth);
    const beginsLate = last !== undefined && frames[0]!.first > neededFrom;
    if (damage === undefined && !beginsLate && journalEnd >= end) return;
    const acknowledged = salvage.journalEnd;
    const lost = acknowledged > end ? `receipts ${end} to ${(damage?.next ?? acknowledged) - 1} are nowhere on this disk, and those after them up to ${acknowledged - 1} cannot be kept` : 'what it held is found elsewhere, but for what may have been acknowledged after the last checkpoint';
    const where = beginsLate && journalEnd >= end ? `begins at receipt ${frames[0]!.first}, not at ${neededFrom}` : `ends at receipt ${journalEnd} of ${end}`;
    const message = `the journal ${where}: ${lost}`;
    const from = Math.max(0, Math.min(end - (end % tileWidth || tileWidth), neededFrom));
    const entries = Array.from({ length: end - from }, (_, at) => salvage.entries(from + at)[0]!);
    this.#found({ code: damage === undefined && !beginsLate ? 'journal-lost' : 'journal-damaged', path: this.#places.journal, message }, () => writeJournal(this.#files, this.#places, { entries, end, salt: identity.salt }));
  }

  /** How far the receipts reach, each the next of its tenant's chain; to `size` at least. */
  #followChains(salvage: Salvage, { from, size }: { readonly from: number; readonly size: number }): number {
    const heads = new Map<string, ChainHead>();
    for (let index = from; ; index += 1) {
      const next = salvage.entries(index).map((entry) => linkOf(entry, { index, heads, isPruned: from > 0 })).find((link) => link !== undefined);
      if (next === undefined && index < size) {
        this.#found({ code: 'log-damaged', path: `receipt ${index}`, message: `receipt ${index} does not continue the chain of its tenant, although the tree has it so: it was recorded wrongly` });
        return size;
      }
      if (next === undefined) return index;
      heads.set(...next);
    }
  }

  #index({ salt }: Identity): void {
    const bytes = this.#files.read(this.#places.snapshot);
    if (bytes === undefined) return;
    try {
      const snapshot = parseSnapshot(bytes);
      if (snapshot === undefined) throw new LedgerError('index-damaged', 'the snapshot of chains and ids was changed or cut');
      const index = new IdIndex({ files: this.#files, folder: this.#places.idRuns, salt, runs: snapshot.runs, keepsOthers: true });
      index.check();
      index.close();
    } catch (error) {
      const failure = asLedgerError(error, 'reading the index of ids');
      this.#found({ code: 'index-damaged', path: this.#places.snapshot, message: `${failure.message}` }, () => this.#files.remove(this.#places.snapshot));
    }
  }
}

function isVerifierKey(line: string): boolean {
  try {
    return parseVerifierKey(line) !== undefined;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

type ChainHead = { readonly count: number; readonly hash: string };

const genesisHead: ChainHead = { count: 0, hash: Buffer.from(chainGenesis).toString('hex') };

/** The tenant's next head, if the entry is the next of its chain. */
function linkOf(entry: Uint8Array, { index, heads, isPruned }: { readonly index: number; readonly heads: ReadonlyMap<string, ChainHead>; readonly isPruned: boolean }): [tenantId: string, head: ChainHead] | undefined {
  try {
    const receipt = readEntry(entry, index);
    // Where the beginning was pruned the first receipt of a tenant may be in the middle of its chain.
    const before = isPruned ? { count: receipt.prevReceiptCount, hash: receipt.prevReceiptHash } : genesisHead;
    const head = heads.get(receipt.tenantId) ?? before;
    if (receipt.prevReceiptCount !== head.count || receipt.prevReceiptHash !== head.hash) return undefined;
    return [receipt.tenantId, { count: head.count + 1, hash: Buffer.from(placeOf(entry, receipt).chainHash).toString('hex') }];
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
