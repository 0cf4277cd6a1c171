// One group commit before it is durable: which receipts it adds, and what their authors are to be told. Nothing of
// the store is changed by preparing it, so that a commit that fails leaves no trace.
import { LedgerError } from '../errors.ts';
import { chainGenesis, chainHash, hashBytes, receiptHash } from '../format/chain.ts';
import { recordDraft } from '../format/receipt.ts';
import { idKey } from './entries.ts';
import { newFrame, sealFrame } from './frame.ts';
import type { Head, Heads } from './snapshot.ts';

/** Four texts a draft, as encodeDraft made them: tenantId, id, head, tail. */
export type DraftTexts = readonly string[];
export const textsPerDraft = 4;

/** Where a receipt is, in bytes that can be handed to another thread. */
export type Place = { readonly index: number; readonly receiptHash: Uint8Array; readonly chainHash: Uint8Array };
export type Answer = (Place & { readonly isRepeat: boolean }) | LedgerError;

const genesis: Head = { count: 0, hash: chainGenesis };

export type Ground = {
  readonly first: number;
  readonly heads: Heads;
  /** Where the receipt of that tenant and id is, if the log has it. */
  readonly find: (key: string, tenantId: string, id: string) => Place | undefined;
};

export class Commit {
  readonly first: number;
  readonly answers: Answer[] = [];
  readonly entries: Buffer[] = [];
  readonly heads: Heads = new Map();
  /** Of each new entry, in order. */
  readonly keys: string[] = [];
  readonly #ground: Ground;
  readonly #ids = new Map<string, Place>();
  #bodyBytes = 0;

  constructor(ground: Ground) {
    this.first = ground.first;
    this.#ground = ground;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  add(tenantId: string, id: string, head: string, tail: string): void {
    try {
      this.answers.push(this.#add(tenantId, id, head, tail));
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.answers.push(error);
    }
  }

  /** The frame to append to the journal, its entries now lying in it. */
  seal(salt: number): { readonly sealed: Buffer; readonly body: Buffer } {
    const { bytes, body } = newFrame(this.#bodyBytes);
    let at = 0;
    for (let number = 0; number < this.entries.length; number += 1) {
      const entry = this.entries[number]!;
      at = body.writeUInt16BE(entry.length, at);
      body.set(entry, at);
      this.entries[number] = body.subarray(at, at + entry.length);
      at += entry.length;
    }
    sealFrame(bytes, { first: this.first, count: this.entries.length, body, salt });
    return { sealed: bytes, body };
  }

  #add(tenantId: string, id: string, head: string, tail: string): Answer {
    const key = idKey(tenantId, id);
    const known = this.#ids.get(key) ?? this.#ground.find(key, tenantId, id);
    if (known !== undefined) return { ...known, isRepeat: true };
    const before = this.heads.get(tenantId) ?? this.#ground.heads.get(tenantId) ?? genesis;
    const entry = recordDraft({ tenantId, id, head, tail }, { count: before.count, previous: before.hash });
    const receipt = receiptHash(entry);
    const chain = chainHash({ previous: before.hash, receipt });
    const place = { index: this.first + this.entries.length, receiptHash: receipt, chainHash: chain, isRepeat: false };
    this.heads.set(tenantId, { count: before.count + 1, hash: chain });
    this.#ids.set(key, place);
    this.keys.push(key);
    this.entries.push(entry);
    this.#bodyBytes += 2 + entry.length;
    return place;
  }
}

export type PackedAnswers = {
  /** -1: refused, see `refusals`. -2 - index: the id was there before. */
  readonly indexes: Float64Array;
  /** 64 bytes an answer: receipt hash, chain hash. */
  readonly hashes: Uint8Array;
  readonly refusals: readonly { readonly at: number; readonly code: LedgerError['code']; readonly message: string }[];
};

/** Answers as few flat buffers: an object a receipt would cost the main thread more than the receipt did. */
export function packAnswers(answers: readonly Answer[]): PackedAnswers {
  const indexes = new Float64Array(answers.length);
  const hashes = new Uint8Array(answers.length * 2 * hashBytes);
  const refusals: { at: number; code: LedgerError['code']; message: string }[] = [];
  for (let at = 0; at < answers.length; at += 1) {
    const answer = answers[at]!;
    if (answer instanceof LedgerError) {
      indexes[at] = -1;
      refusals.push({ at, code: answer.code, message: answer.message });
      continue;
    }
    indexes[at] = answer.isRepeat ? -2 - answer.index : answer.index;
    hashes.set(answer.receiptHash, at * 2 * hashBytes);
    hashes.set(answer.chainHash, at * 2 * hashBytes + hashBytes);
  }
  return { indexes, hashes, refusals };
}
