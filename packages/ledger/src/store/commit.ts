// One group commit before it is durable: which receipts it adds, and what their authors are to be told. Nothing of
// the store is changed by preparing it, so that a commit that fails leaves no trace. Written for few objects: entries
// lie in the frame, answers in two buffers, as they go to the main thread.
import { LedgerError } from '../errors.ts';
import { chainGenesis, hashBytes, linkInto } from '../format/chain.ts';
import { chainFields, type EncodedDraft } from '../format/receipt.ts';
import { idKey } from './entries.ts';
import type { FrameRoom } from './journal/frame.ts';
import type { Head, Heads } from './snapshot.ts';

/** Four texts a draft, as encodeDraft made them: tenantId, id, head, tail. */
export type DraftTexts = readonly string[];
export const textsPerDraft = 4;

/** Where a receipt is. */
export type Place = { readonly index: number; readonly receiptHash: Uint8Array; readonly chainHash: Uint8Array };
export type Answer = (Place & { readonly isRepeat: boolean }) | LedgerError;

export type Refusal = { readonly at: number; readonly code: LedgerError['code']; readonly message: string };
export type PackedAnswers = {
  /** -1: refused, see `refusals`. -2 - index: the id was there before. */
  readonly indexes: Float64Array;
  /** 64 bytes an answer: receipt hash, chain hash. */
  readonly hashes: Uint8Array;
  readonly refusals: readonly Refusal[];
};

const genesis: Head = { count: 0, hash: chainGenesis };
const bytesPerAnswer = 2 * hashBytes;

export type Ground = {
  readonly first: number;
  readonly heads: Heads;
  /** Where the receipt of that tenant and id is, if the log has it. */
  readonly find: (key: string, tenantId: string, id: string) => Place | undefined;
  readonly room: FrameRoom;
};

export class Commit {
  readonly first: number;
  /** The tenants' heads after it; views of the answers. */
  readonly heads: Heads = new Map();
  /** Of each new entry, in order. */
  readonly keys: string[] = [];
  readonly #ground: Ground;
  readonly #indexes: Float64Array;
  readonly #hashes: Buffer;
  readonly #refusals: Refusal[] = [];
  #answered = 0;
  /** Answers by key, of the entries that this commit adds. */
  readonly #added = new Map<string, number>();

  constructor(texts: DraftTexts, ground: Ground) {
    const drafts = texts.length / textsPerDraft;
    this.first = ground.first;
    this.#ground = ground;
    this.#indexes = new Float64Array(drafts);
    this.#hashes = Buffer.allocUnsafeSlow(drafts * bytesPerAnswer);
    ground.room.begin();
    for (let at = 0; at < texts.length; at += textsPerDraft) this.#answer(texts[at]!, texts[at + 1]!, texts[at + 2]!, texts[at + 3]!);
  }

  /** How many entries it adds. */
  get count(): number {
    return this.keys.length;
  }

  get answers(): PackedAnswers {
    return { indexes: this.#indexes, hashes: this.#hashes, refusals: this.#refusals };
  }

  #answer(tenantId: string, id: string, head: string, tail: string): void {
    const at = this.#answered;
    this.#answered += 1;
    try {
      this.#indexes[at] = this.#add(at, { tenantId, id, head, tail });
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      this.#indexes[at] = -1;
      this.#refusals.push({ at, code: error.code, message: error.message });
    }
  }

  #add(at: number, { id, tenantId, head, tail }: EncodedDraft): number {
    const key = idKey(tenantId, id);
    const offset = at * bytesPerAnswer;
    const added = this.#added.get(key);
    if (added !== undefined) {
      this.#hashes.copyWithin(offset, added * bytesPerAnswer, (added + 1) * bytesPerAnswer);
      return -2 - this.#indexes[added]!;
    }
    const known = this.#ground.find(key, tenantId, id);
    if (known !== undefined) {
      this.#hashes.set(known.receiptHash, offset);
      this.#hashes.set(known.chainHash, offset + hashBytes);
      return -2 - known.index;
    }
    const { count, hash } = this.heads.get(tenantId) ?? this.#ground.heads.get(tenantId) ?? genesis;
    const entry = this.#ground.room.add(id, head, chainFields({ count, previous: hash }), tail);
    linkInto(this.#hashes, offset, { previous: hash, entry });
    this.heads.set(tenantId, { count: count + 1, hash: this.#hashes.subarray(offset + hashBytes, offset + bytesPerAnswer) });
    this.#added.set(key, at);
    this.keys.push(key);
    return this.first + this.keys.length - 1;
  }
}

/** The answers as objects, where there are few. */
export function answersOf({ indexes, hashes, refusals }: PackedAnswers): Answer[] {
  return Array.from(indexes, (packed, at) => {
    const refusal = packed === -1 ? refusals.find((one) => one.at === at) : undefined;
    if (refusal !== undefined) return new LedgerError(refusal.code, refusal.message);
    const from = at * bytesPerAnswer;
    const isRepeat = packed < 0;
    return { index: isRepeat ? -2 - packed : packed, receiptHash: hashes.slice(from, from + hashBytes), chainHash: hashes.slice(from + hashBytes, from + bytesPerAnswer), isRepeat };
  });
}
