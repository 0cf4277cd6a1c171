// The writer's core: one ledger's folder, opened, appended to, published. Runs in the writer's thread, single-handed;
// its file system and lock are handed to it, so that tests fail each call of theirs in turn. README.md has the life
// of an append.

import { LedgerError } from '../errors.ts';
import { chainGenesis } from '../format/chain.ts';
import { formatCheckpoint, type Checkpoint } from '../format/checkpoint.ts';
import { tileWidth } from '../format/layout.ts';
import { leafHash } from '../format/merkle.ts';
import { formatNote, parseVerifierKey, type VerifierKey } from '../format/note.ts';
import { begin } from './begin.ts';
import { answersOf, Commit, type DraftTexts, type PackedAnswers, type Place } from './commit.ts';
import { cosigned, remember, type SignedCheckpoint } from './cosigning.ts';
import { applyChange, asLedgerError, replaceFile, type BackgroundFiles, type FileChange } from './disk/files.ts';
import type { Lock, TakeLock } from './disk/lock.ts';
import type { Edge } from './edge.ts';
import { idKey, placeOf, readBundle, readEntry } from './entries.ts';
import { makeFolders, readIdentity, requireLedger, type Identity } from './identity.ts';
import type { IdIndex } from './ids/id-index.ts';
import { FrameRoom } from './journal/frame.ts';
import { JournalRoom } from './journal/journal-room.ts';
import type { Journal } from './journal/journal.ts';
import { Keeper } from './keeper.ts';
import type { Pending } from './pending.ts';
import { placesOf, type Places } from './places.ts';
import { prunedFiles, pruneEnd, pruningDraft, readPruned, writePruned } from './prune.ts';
import { Publisher, type Plan } from './publisher.ts';
import { recover } from './recover.ts';
import { Signer } from './signer.ts';
import { sizesDefault, type Sizes } from './sizes.ts';
import type { Heads } from './snapshot.ts';

export type StoreOptions = {
  readonly folder: string;
  /** The log's name, such as `ledger.example.org/node-1`. May be left out where a ledger is. */
  readonly origin?: string;
  /** Verifier keys of the witnesses whose cosignatures are taken. */
  readonly witnesses?: readonly string[];
  /** Nothing is begun where no ledger is. */
  readonly mustExist?: boolean;
  /** The time of opening, as in receipts: for a rotation that was cut short. */
  readonly at: string;
};

export type Tools = {
  readonly files: BackgroundFiles;
  readonly takeLock: TakeLock;
  readonly randomBytes: (count: number) => Buffer;
  /** What the operator should know of; the store goes on. */
  readonly tell: (what: string) => void;
  readonly sizes?: Sizes;
};


export class Store {
  readonly places: Places;
  readonly identity: Identity;
  readonly #tools: Tools;
  readonly #files: BackgroundFiles;
  readonly #sizes: Sizes;
  readonly #lock: Lock;
  readonly #witnesses: readonly VerifierKey[];
  readonly #journal: Journal;
  readonly #ids: IdIndex;
  readonly #heads: Heads;
  readonly #edge: Edge;
  readonly #pending: Pending;
  readonly #frame = new FrameRoom();
  readonly #publisher: Publisher;
  readonly #keeper: Keeper;
  readonly #signer: Signer;
  readonly #journalRoom: JournalRoom;
  #prunedBelow: number;
  #published: SignedCheckpoint;
  /** By text: those that a witness may still cosign. */
  readonly #lately = new Map<string, SignedCheckpoint>();
  #publishing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #lastBundle: { readonly bundle: number; readonly entries: readonly Uint8Array[] } | undefined;
  #failure: LedgerError | undefined;

  /** Throws what the table of errors says of starting. */
  static open(options: StoreOptions, tools: Tools): Store {
    const places = placesOf(options.folder);
    let lock: Lock | undefined;
    try {
      if (options.mustExist) requireLedger(tools.files, places);
      makeFolders(tools.files, places);
      lock = tools.takeLock(places.lock);
      return new Store(options, tools, { places, lock });
    } catch (error) {
      lock?.release();
      throw asLedgerError(error, `opening the ledger in ${options.folder}`, 'it can be opened');
    }
  }

  private constructor({ origin, witnesses = [], at }: StoreOptions, tools: Tools, { places, lock }: { readonly places: Places; readonly lock: Lock }) {
    this.places = places;
    this.#tools = tools;
    this.#files = tools.files;
    this.#sizes = tools.sizes ?? sizesDefault;
    this.#lock = lock;
    this.#witnesses = witnesses.map((text) => parseVerifierKey(text));
    this.identity = readIdentity(this.#files, places, origin) ?? begin({ ...tools, places, origin });
    this.#signer = new Signer(this.#files, places, this.identity.origin);
    const pruned = readPruned(this.#files, places);
    this.#prunedBelow = pruned?.prunedBelow ?? 0;
    const recovered = recover({ files: this.#files, places, identity: this.identity, keys: this.#signer.stored, sizes: this.#sizes, pruned });
    recovered.told.forEach((what) => tools.tell(what));
    this.#journal = recovered.journal;
    this.#ids = recovered.ids;
    this.#heads = recovered.heads;
    this.#edge = recovered.edge;
    this.#pending = recovered.pending;
    this.#journal.prepare();
    this.#publisher = new Publisher(this.#files, places.folder);
    this.#publisher.adoptPartials({ from: recovered.durableEnd, to: this.size });
    this.#journalRoom = new JournalRoom({ files: this.#files, journal: this.#journal, publisher: this.#publisher, pending: this.#pending, tell: tools.tell, durableEnd: recovered.durableEnd });
    this.#keeper = new Keeper({ files: this.#files, places, ids: this.#ids, heads: this.#heads, tell: tools.tell, recentIdsMax: this.#sizes.recentIdsMax });
    const opened = recovered.published;
    this.#published = opened ? { size: opened.size, text: opened.note.text, note: formatNote(opened.note) } : { size: -1, text: '', note: '' };
    if (opened) remember(this.#lately, this.#published);
    if (this.#signer.isRotating) this.#tryTo('announcing the new key', () => this.#announceKey(at));
    this.#tryTo('publishing', () => this.#publish());
  }

  get size(): number {
    return this.#pending.size;
  }

  get published(): SignedCheckpoint {
    return this.#published;
  }

  /** Why nothing can be appended any more, until the ledger is opened again. */
  get failure(): LedgerError | undefined {
    return this.#failure ?? this.#journalRoom.failure;
  }

  /** Durable when it returns; each draft has its answer, in order. Throws only when the whole commit failed. */
  append(texts: DraftTexts): PackedAnswers {
    if (this.failure !== undefined) throw this.failure;
    const commit = new Commit(texts, { first: this.size, heads: this.#heads, find: this.#find, room: this.#frame });
    if (commit.count > 0) this.#write(commit);
    return commit.answers;
  }

  /** What appending leaves to be done once its authors have their answers: the tree, the index, syncing. */
  settle(): void {
    this.#grow();
    this.#keeper.work(this.size);
    if (this.#publisher.fullFilesUnsynced >= this.#sizes.syncFilesMin) void this.#journalRoom.sync();
    this.#journalRoom.keepAhead();
  }

  /** The tenant's chain hash; 32 zero bytes for one without receipts. */
  lastHash(tenantId: string): Uint8Array {
    return this.#heads.get(tenantId)?.hash ?? chainGenesis;
  }

  /** Where the receipt of that id is. */
  find(tenantId: string, id: string): Place | undefined {
    return this.#find(idKey(tenantId, id), tenantId, id);
  }

  /** A receipt's bytes, published or not; undefined beyond the end. Throws `receipt-pruned`, `missing-tile`, `bad-tile`. */
  entry(index: number): Uint8Array | undefined {
    if (index < 0 || index >= this.size) return undefined;
    if (index >= this.#pending.first) return this.#pending.entry(index);
    if (index < this.#prunedBelow) throw new LedgerError('receipt-pruned', `receipt ${index} was pruned, as all below ${this.#prunedBelow}; an export or backup may have it`);
    const bundle = Math.floor(index / tileWidth);
    // The last one is kept: who asks for one entry of it asks for more.
    if (this.#lastBundle?.bundle !== bundle) this.#lastBundle = { bundle, entries: readBundle(this.#files, this.places.folder, bundle) };
    return this.#lastBundle.entries[index % tileWidth];
  }

  /** Tiles, bundles and a signed checkpoint of all that is durable. Throws `disk-…`; then nothing is lost, try again. */
  publish(): SignedCheckpoint {
    if (this.size !== this.#published.size) this.#publish();
    return this.#published;
  }

  /** The same, writing in the background while others append; the checkpoint covers what was appended before the call. */
  async publishLater(): Promise<SignedCheckpoint> {
    for (const wanted = this.size; this.#published.size < wanted; await this.#publishing) {
      this.#publishing ??= this.#publishInBackground().finally(() => {
        this.#publishing = undefined;
      });
    }
    return this.#published;
  }

  /** The journal is getting full of what no durable bundle has; wait for `makeRoom` before appending more. */
  get isShortOfRoom(): boolean {
    return this.failure === undefined && this.#journal.isShortOfRoom(this.#journalRoom.durableEnd);
  }

  /** Never rejects: whoever appends then is told what is wrong. */
  async makeRoom(): Promise<void> {
    await this.publishLater().catch((error: LedgerError) => this.#tools.tell(error.message));
    await this.#journalRoom.sync();
  }

  /** The old keys sign on, so that who knows only them can follow; see retireKey. Asked again after an error it goes on. */
  rotateKey(at: string): VerifierKey {
    return this.#doing('rotating the key', () => {
      this.#signer.makeNext(this.#tools.randomBytes(32));
      this.#announceKey(at);
      this.#publish();
      return this.keys.at(-1)!;
    });
  }

  /** Forgets the secret of an old key for ever. Throws `unknown-key`. */
  retireKey(id: number): void {
    this.#doing('retiring a key', () => this.#signer.retire(id));
    // The same text signed by fewer; what witnesses added comes with the next one.
    this.#published = { size: -1, text: '', note: '' };
    this.#publish();
  }

  get keys(): readonly VerifierKey[] {
    return this.#signer.keys;
  }

  /** Takes a checkpoint that witnesses cosigned. Durable when it returns. Throws `unknown-checkpoint`, `unknown-witness`, `bad-note`. */
  cosign(note: string): SignedCheckpoint {
    const merged = cosigned(note, this.#lately, this.#witnesses);
    this.#doing('keeping a cosignature', () => {
      replaceFile(this.#files, this.places.cosigned, Buffer.from(merged.note), { sync: true });
      if (merged.text !== this.#published.text) return;
      this.#publisher.writeCheckpoint(merged.note);
      this.#published = merged;
    });
    this.#lately.set(merged.text, merged);
    return merged;
  }

  /** Says in a receipt that receipts below may be missing, then removes their bundles. Resolves with what is the first kept. */
  async prune(minimumIndex: number, at: string): Promise<number> {
    const end = pruneEnd(minimumIndex, (await this.publishLater()).size);
    const [answer] = answersOf(this.append(pruningDraft(end, at)));
    if (answer instanceof LedgerError) throw answer;
    await this.publishLater();
    await this.#journalRoom.sync();
    if (this.failure !== undefined || this.#journalRoom.durableEnd < end) throw this.failure ?? new LedgerError('cannot-prune', `the bundles up to ${end} are not durable yet; prune again later`);
    this.#doing('pruning', () => writePruned(this.#files, this.places, { size: this.size, heads: this.#heads, prunedBelow: Math.max(end, this.#prunedBelow) }));
    this.#prunedBelow = Math.max(end, this.#prunedBelow);
    this.#lastBundle = undefined;
    // What cannot be removed now is at the next pruning.
    await this.#files.changeLater(prunedFiles(this.#files, this.places.folder, end));
    return end;
  }

  /** Publishes and leaves as little as possible for the next start to do. Closes once, however often it is asked to. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  get journalBytes(): number {
    return this.#journal.bytes;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#publishing, this.#journalRoom.idle()]);
    if (this.failure === undefined) {
      this.#tryTo('publishing', () => this.publish());
      await this.#journalRoom.sync();
      await this.#keeper.finish(this.size);
    }
    this.#journal.close();
    this.#ids.close();
    this.#lock.release();
  }

  #write(commit: Commit): void {
    try {
      if (!this.#journal.hasRoom(this.#frame.bodyBytes, this.#journalRoom.durableEnd)) this.#makeRoomNow();
      const { first, count } = commit;
      const { sealed, body } = this.#frame.seal({ first, count, salt: this.identity.salt });
      this.#journal.append({ first, count, body }, sealed, this.#journalRoom.durableEnd);
      this.#pending.push(body);
    } catch (error) {
      const failure = asLedgerError(error, 'appending');
      if (failure.code === 'journal-sync-failed') this.#failure = failure;
      throw failure;
    }
    // Copied: the answers go to another thread.
    for (const [tenantId, { count, hash }] of commit.heads) this.#heads.set(tenantId, { count, hash: new Uint8Array(hash) });
    for (let at = 0; at < commit.count; at += 1) this.#ids.add(commit.keys[at]!, commit.first + at);
    this.#keeper.appended(commit.count);
  }

  /** Brings the tree up to the entries. */
  #grow(): void {
    for (let index = this.#edge.size; index < this.size; index += 1) this.#edge.push(leafHash(this.#pending.entry(index)!));
  }

  readonly #find = (key: string, tenantId: string, id: string): Place | undefined => {
    const recent = this.#ids.recent(key);
    for (const index of recent === undefined ? this.#ids.candidates(key) : [recent]) {
      const entry = this.entry(index)!;
      const receipt = readEntry(entry, index);
      if (receipt.tenantId === tenantId && receipt.id === id) return { index, ...placeOf(entry, receipt) };
    }
    return undefined;
  };

  #tryTo(doing: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#tools.tell(asLedgerError(error, doing).message);
    }
  }

  #doing<T>(doing: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw asLedgerError(error, doing);
    }
  }

  /** Tiles from the last durable one on are written in any case: after a start they may be torn. */
  #publish(): void {
    this.#doing('publishing', () => {
      this.#grow();
      const plan = this.#publisher.plan(this.#edge, this.#pending);
      this.#publisher.write(plan);
      for (const change of this.#announce(plan)) applyChange(this.#files, change);
    });
  }

  async #publishInBackground(): Promise<void> {
    try {
      this.#grow();
      const plan = this.#publisher.plan(this.#edge, this.#pending);
      await this.#publisher.writeLater(plan);
      await this.#files.changeLater(this.#announce(plan));
    } catch (error) {
      throw asLedgerError(error, 'publishing');
    }
  }

  /** The plan's files are written: signs, and forgets what they hold. Returns what is to be removed. */
  #announce(plan: Plan): readonly FileChange[] {
    const checkpoint: Checkpoint = { origin: this.identity.origin, size: plan.size, root: plan.root };
    // A later one may have been published meanwhile, or another key may sign the same one.
    if (plan.size >= this.#published.size && formatCheckpoint(checkpoint) !== this.#published.text) this.#sign(checkpoint);
    this.#publisher.wrote(plan);
    this.#edge.forget(plan.tiles);
    this.#pending.forget(plan.fullEnd);
    return this.#publisher.takeOutdated();
  }

  #sign(checkpoint: Checkpoint): void {
    const note = this.#signer.sign(checkpoint);
    this.#publisher.writeCheckpoint(note);
    this.#published = { size: checkpoint.size, text: formatCheckpoint(checkpoint), note };
    remember(this.#lately, this.#published);
  }

  /** The journal is full of what no durable bundle has: make it durable now, however long that takes. */
  #makeRoomNow(): void {
    this.#publish();
    this.#journalRoom.syncNow();
  }

  #announceKey(at: string): void {
    const [answer] = answersOf(this.append(this.#signer.rotationDraft(at)));
    if (answer instanceof LedgerError) throw answer;
    this.#signer.adoptNext();
  }
}
