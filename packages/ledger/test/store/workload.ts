// What the fault tests do to a store, and what must hold afterwards whatever happened meanwhile.
import assert from 'node:assert/strict';

import { seededRandom, type Random } from '@flyball/kernel';

import { LedgerError } from '../../src/errors.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { chainGenesis, chainHash, receiptHash } from '../../src/format/chain.ts';
import { tilePath, tilesOfTree, tileWidth, type TileId } from '../../src/format/layout.ts';
import { leafHash, rootOfHashes } from '../../src/format/merkle.ts';
import { encodeDraft, decodeReceipt, type ReceiptDraft } from '../../src/format/receipt.ts';
import { Store, type Tools } from '../../src/store/store.ts';
import { answersOf, type Answer } from '../../src/store/commit.ts';
import { MemoryDisk, PowerFailure, type Fault, type PowerLoss } from './memory-disk.ts';

export const folder = '/var/ledger';
export const origin = 'test.example/ledger';
export const at = '2026-11-20T12:00:00.000Z';
/** So small that a few hundred receipts use every kind of file. */
export const smallSizes = { segmentBytes: 32 * 1024, segmentsMax: 6, syncFilesMin: 2, recentIdsMax: 100 };

/** Each run of a ledger has its own chance. */
let toolsMade = 0;

export function toolsOn(disk: MemoryDisk, told: string[] = []): Tools {
  toolsMade += 1;
  const random = seededRandom(toolsMade);
  return {
    files: disk,
    takeLock: () => ({ release: () => {} }),
    randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => random.below(256))),
    tell: (what) => told.push(what),
    sizes: smallSizes,
  };
}

export function openOn(disk: MemoryDisk, told: string[] = []): Store {
  return Store.open({ folder, origin, at }, toolsOn(disk, told));
}

export function draftOf(number: number, detail = 'x'.repeat(number % 97)): ReceiptDraft {
  return { id: `receipt-${number}`, kind: 'action', tenantId: `tenant-${number % 7}`, at, details: { number, detail } };
}

export function textsOf(drafts: readonly ReceiptDraft[]): string[] {
  return drafts.flatMap((draft) => {
    const { id, tenantId, head, tail } = encodeDraft(draft);
    return [tenantId, id, head, tail];
  });
}

type Acknowledged = { readonly index: number; readonly receiptHash: string; readonly chainHash: string };

/** Appends, publishes, syncs, closes and opens again, and after each failure goes on as an operator's supervisor would. */
export class Workload {
  readonly disk: MemoryDisk;
  readonly #loss: PowerLoss;
  readonly #random: Random;
  readonly #batches: readonly (readonly ReceiptDraft[])[];
  readonly acknowledged = new Map<number, Acknowledged>();
  /** Every checkpoint that anybody may have seen. */
  readonly published: string[] = [];
  readonly told: string[] = [];
  /** Checkpoints that whoever read them at once would not have found the tree of. */
  readonly #hasty: string[] = [];
  #store: Store | undefined;
  #publications = 0;

  constructor(disk: MemoryDisk, { loss, random, receipts = 900, batch = 60 }: { readonly loss: PowerLoss; readonly random: Random; readonly receipts?: number; readonly batch?: number }) {
    this.disk = disk;
    this.#loss = loss;
    disk.onRename = (path) => this.#checkPublished(path);
    this.#random = random;
    this.#batches = Array.from({ length: Math.ceil(receipts / batch) }, (_, step) => Array.from({ length: batch }, (_, number) => draftOf(step * batch + number)));
  }

  async run(): Promise<void> {
    for (const [step, batch] of this.#batches.entries()) {
      await this.#until(() => this.#append(batch));
      if (step % 2 === 1) await this.#until(() => this.#publish());
      if (step % 6 === 5) await this.#until(() => this.#reopen());
      if (step === 7) await this.#until(async () => this.#open().rotateKey(at));
    }
    await this.#until(() => this.#reopen());
    await this.#until(async () => this.check());
  }

  /** Everything acknowledged is there, under one tree that continues each checkpoint ever published. */
  check(): void {
    const store = this.#open();
    const entries = Array.from({ length: store.size }, (_, index) => Buffer.from(store.entry(index)!));
    const leaves = Buffer.concat(entries.map(leafHash));
    for (const text of [...this.published, store.published.text]) {
      const { size, root } = parseCheckpoint(text);
      assert.ok(size <= entries.length, `a checkpoint of ${size} was published, the log has ${entries.length}`);
      assert.deepEqual(Buffer.from(rootOfHashes(leaves.subarray(0, size * 32))).toString('hex'), Buffer.from(root).toString('hex'), `no fork before ${size}`);
    }
    checkChains(entries, store);
    for (const [number, { index, ...hashes }] of this.acknowledged) {
      const receipt = decodeReceipt(entries[index]!);
      assert.equal(receipt.id, draftOf(number).id, `receipt ${number} is where it was said to be`);
      assert.equal(receiptHash(entries[index]!).toString('hex'), hashes.receiptHash);
      const { tenantId, id } = draftOf(number);
      assert.deepEqual(plain(store.find(tenantId, id)!), { index, ...hashes });
    }
    assert.equal(this.acknowledged.size, this.#batches.flat().length);
    assert.equal(store.published.size, store.size);
    assert.deepEqual(this.#hasty, [], 'no checkpoint was there before its tree');
  }

  /** Again and again, as long as it fails for a reason that goes by. */
  async #until(act: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await act();
        return;
      } catch (error) {
        if (tries === 5) throw error;
        await turns();
        if (error instanceof PowerFailure || error instanceof LedgerError) await this.#recover(error);
        else throw error;
      }
    }
  }

  async #recover(error: Error): Promise<void> {
    const isPower = isPowerFailure(error);
    if (isPower) this.disk.restart(this.#loss, this.#random);
    if (!isPower && this.#store?.failure === undefined) return;
    // After a power failure there is nobody to close it.
    if (!isPower) await this.#store!.close();
    this.#store = undefined;
  }

  #open(): Store {
    this.#store ??= openOn(this.disk, this.told);
    this.#note();
    return this.#store;
  }

  async #append(batch: readonly ReceiptDraft[]): Promise<void> {
    const store = this.#open();
    if (store.isShortOfRoom) await store.makeRoom();
    // Some of it again: the same ids must have the same answers.
    const answers = answersOf(store.append(textsOf([...batch, batch[3]!])));
    answers.forEach((answer, place) => this.#acknowledge(numberOf(batch[place] ?? batch[3]!), answer));
    store.settle();
    // Mostly the next batch comes while things are still going on in the background.
    if (this.#random.below(3) === 0) await turns();
    if (store.failure !== undefined) throw store.failure;
  }

  #acknowledge(number: number, answer: Answer): void {
    if (answer instanceof LedgerError) throw answer;
    const now = plain(answer);
    assert.deepEqual(this.acknowledged.get(number) ?? now, now, `receipt ${number} is answered as before`);
    this.acknowledged.set(number, now);
  }

  async #publish(): Promise<void> {
    const store = this.#open();
    try {
      // By turns in the background, with others appending meanwhile, and at once.
      this.#publications += 1;
      if (this.#publications % 3 === 0) store.publish();
      else if (this.#publications % 3 === 1) await store.publishLater();
      else store.publishLater().catch(() => {});
    } finally {
      this.#note();
    }
    store.settle();
    if (this.#random.below(2) === 0) await turns();
    if (store.failure !== undefined) throw store.failure;
  }

  async #reopen(): Promise<void> {
    const store = this.#open();
    await store.close();
    this.#store = undefined;
    this.#open();
  }

  /** The tree that a new checkpoint speaks of is there, as a reader finds it. */
  #checkPublished(path: string): void {
    if (path !== `${folder}/checkpoint`) return;
    const files = this.disk.files();
    const { size, root } = parseCheckpoint(`${files.get(path)!.toString().split('\n\n')[0]}\n`);
    const bytesOf = (id: TileId) => files.get(`${folder}/${tilePath(id)}`) ?? files.get(`${folder}/${tilePath({ ...id, width: tileWidth })}`);
    const tiles = [...tilesOfTree(size)].filter(({ level }) => level === 0);
    const leaves = Buffer.concat(tiles.map((id) => (bytesOf(id) ?? Buffer.alloc(0)).subarray(0, id.width * 32)));
    const hasEntries = tiles.every((id) => bytesOf({ ...id, level: 'entries' }) !== undefined);
    if (!hasEntries || !Buffer.from(rootOfHashes(leaves)).equals(root)) this.#hasty.push(`${size}`);
  }

  #note(): void {
    const file = this.disk.files().get(`${folder}/checkpoint`);
    const text = file?.toString().split('\n\n')[0];
    if (text) this.published.push(`${text}\n`);
  }
}

function isPowerFailure(error: unknown): boolean {
  return error instanceof PowerFailure || (error instanceof Error && isPowerFailure(error.cause));
}

function numberOf(draft: ReceiptDraft): number {
  return (draft.details as { number: number }).number;
}

function plain({ index, receiptHash, chainHash }: { readonly index: number; readonly receiptHash: Uint8Array; readonly chainHash: Uint8Array }): Acknowledged {
  return { index, receiptHash: Buffer.from(receiptHash).toString('hex'), chainHash: Buffer.from(chainHash).toString('hex') };
}

function checkChains(entries: readonly Uint8Array[], store: Store): void {
  const chains = new Map<string, { count: number; hash: Uint8Array }>();
  for (const entry of entries) {
    const { tenantId, prevReceiptCount, prevReceiptHash } = decodeReceipt(entry);
    const before = chains.get(tenantId) ?? { count: 0, hash: chainGenesis };
    assert.deepEqual([prevReceiptCount, prevReceiptHash], [before.count, Buffer.from(before.hash).toString('hex')]);
    chains.set(tenantId, { count: before.count + 1, hash: chainHash({ previous: before.hash, receipt: receiptHash(entry) }) });
  }
  for (const [tenantId, { hash }] of chains) assert.equal(Buffer.from(store.lastHash(tenantId)).toString('hex'), Buffer.from(hash).toString('hex'), tenantId);
}

/** What runs in the background comes to its end: it takes microtasks alone, one a call. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) await undefined;
}

/** How many calls of the workload change the disk. */
export async function countChanges(seed: number): Promise<number> {
  const disk = new MemoryDisk(seededRandom(seed));
  await new Workload(disk, { loss: 'kept', random: seededRandom(seed) }).run();
  return disk.changes;
}

/** The workload on a disk that fails once; says in its error where. */
export async function runWithFault(fault: Fault, { loss, random }: { readonly loss: PowerLoss; readonly random: Random }): Promise<void> {
  const chance = random.below(2 ** 31);
  const disk = new MemoryDisk(seededRandom(chance));
  disk.inject(fault);
  try {
    await new Workload(disk, { loss, random }).run();
  } catch (error) {
    throw new Error(`${fault.kind} at call ${fault.at} (${disk.journal[fault.at - 1]}), unsynced ${loss}, background by seed ${chance}`, { cause: error });
  }
}
