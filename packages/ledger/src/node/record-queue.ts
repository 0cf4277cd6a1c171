// Receipts that wait to be recorded elsewhere, or until the ledger is open again: in their order, one batch under way
// at a time, each with a deadline, and no more of them than the limits allow. What a batch is sent to is not its
// concern.
import { cancelTimer, clock, startTimer, type Timer } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { encodeDraft, type ReceiptDraft } from '../format/receipt.ts';
import type { Outcome } from '../servers/ledger-server.ts';
import type { Appended } from '../store/writer.ts';

export type QueueOptions = {
  /** One attempt; it may take until then. Rejects with a LedgerError that is meant for all of them. */
  readonly send: (drafts: readonly ReceiptDraft[], untilMs: number) => Promise<readonly Outcome<Appended>[]>;
  readonly timeoutMs: number;
  readonly waitingMax?: number;
  readonly charactersMax?: number;
};

export const waitingMaxDefault = 16_384;
export const charactersMaxDefault = 32 * 1024 * 1024;
const batchDraftsMax = 1_024;
const batchCharactersMax = 1024 * 1024;
/** Between two attempts at receipts whose writer ended meanwhile. */
const againMs = 20;

/** The writer ended, or its commit failed: whether these were recorded is seen when they are appended again. */
const passingCodes: ReadonlySet<string> = new Set(['ledger-closed', 'journal-sync-failed']);

export function isPassing(code: string | undefined): boolean {
  return code !== undefined && passingCodes.has(code);
}

type Waiting = {
  readonly draft: ReceiptDraft;
  readonly characters: number;
  readonly deadlineMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
  isSettled: boolean;
};

export class RecordQueue {
  readonly #options: QueueOptions;
  #waiting: Waiting[] = [];
  #characters = 0;
  #isSending = false;
  #timer: Timer | undefined;
  #end: LedgerError | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Rejects with `bad-receipt`, `ledger-overloaded` at once, and with what `send` says, or `ledger-unavailable` at the deadline. */
  add(draft: ReceiptDraft): Promise<Appended> {
    try {
      if (this.#end !== undefined) throw this.#end;
      const { head, tail } = encodeDraft(draft);
      const characters = head.length + tail.length;
      this.#checkRoom(characters);
      this.#characters += characters;
      const deadlineMs = clock().nowMs() + this.#options.timeoutMs;
      const appended = new Promise<Appended>((resolve, reject) => this.#waiting.push({ draft, characters, deadlineMs, resolve, reject, isSettled: false }));
      this.#timer ??= startTimer(this.#options.timeoutMs, () => this.#expire());
      // After the microtasks of this turn: those that are woken together go together.
      if (!this.#isSending) this.#sendSoon();
      return appended;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** All that wait are refused with it, and all that come later. */
  close(end: LedgerError): void {
    this.#end = end;
    for (const each of this.#waiting) refuse(each, end);
    this.#forgetSettled();
  }

  #checkRoom(characters: number): void {
    const { waitingMax = waitingMaxDefault, charactersMax = charactersMaxDefault } = this.#options;
    if (this.#waiting.length < waitingMax && this.#characters + characters <= charactersMax) return;
    throw new LedgerError('ledger-overloaded', `${this.#waiting.length} receipts wait in this process for the node's ledger, the limit: record them when some are answered`);
  }

  #sendSoon(): void {
    this.#isSending = true;
    process.nextTick(() => void this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      const wasPassing = await this.#sendOne(batch);
      this.#forgetSettled();
      if (wasPassing) await new Promise<void>((resolve) => startTimer(againMs, resolve));
    }
    this.#isSending = false;
  }

  /** True if some of them must be sent again. */
  async #sendOne(batch: readonly Waiting[]): Promise<boolean> {
    try {
      const outcomes = await this.#options.send(batch.map(({ draft }) => draft), batch.at(-1)!.deadlineMs);
      return batch.map((each, at) => settle(each, outcomes[at]!)).includes(false);
    } catch (error) {
      for (const each of batch) refuse(each, error as Error);
      return false;
    }
  }

  #nextBatch(): readonly Waiting[] {
    let characters = 0;
    let count = 0;
    for (const each of this.#waiting) {
      characters += each.characters;
      if (count > 0 && (count >= batchDraftsMax || characters > batchCharactersMax)) break;
      count += 1;
    }
    return this.#waiting.slice(0, count);
  }

  #forgetSettled(): void {
    this.#waiting = this.#waiting.filter(({ isSettled }) => !isSettled);
    this.#characters = this.#waiting.reduce((sum, { characters }) => sum + characters, 0);
    if (this.#waiting.length > 0 || this.#timer === undefined) return;
    cancelTimer(this.#timer);
    this.#timer = undefined;
  }

  // Deadlines grow along the queue, so one timer is enough.
  #expire(): void {
    this.#timer = undefined;
    const nowMs = clock().nowMs();
    for (const each of this.#waiting) if (each.deadlineMs <= nowMs) refuse(each, tooLate(each.draft, this.#options.timeoutMs));
    this.#forgetSettled();
    const next = this.#waiting[0];
    if (next !== undefined) this.#timer = startTimer(next.deadlineMs - nowMs, () => this.#expire());
  }
}

function tooLate({ id }: ReceiptDraft, timeoutMs: number): LedgerError {
  return new LedgerError('ledger-unavailable', `receipt ${id}: the node's ledger did not take it within ${timeoutMs} ms; whether it did is not known, recording it again under the same id is safe`);
}

function settle(each: Waiting, outcome: Outcome<Appended>): boolean {
  if (each.isSettled) return true;
  if (!outcome.ok && isPassing(outcome.code)) return false;
  if (!outcome.ok) {
    refuse(each, new LedgerError(outcome.code as LedgerError['code'], outcome.message));
    return true;
  }
  each.isSettled = true;
  each.resolve(outcome.value);
  return true;
}

function refuse(each: Waiting, error: Error): void {
  if (each.isSettled) return;
  each.isSettled = true;
  each.reject(error);
}
