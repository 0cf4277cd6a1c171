// Whether the disk of an open ledger has room. Seen when a receipt is refused for want of it, and then asked for with
// growing pauses by recording one of the platform's own: a node that is not ready is sent nothing by which it could
// notice, and that one says in the log itself that others are missing.
import { cancelTimer, clock, identity, startTimer, type Timer } from '@flyball/kernel';

import type { LedgerError } from '../errors.ts';
import type { ReceiptDraft } from '../format/receipt.ts';

const againMs = { min: 1_000, max: 30_000 } as const;
/** Full again so soon after there was room: small receipts fit and large ones do not. The pauses go on growing. */
const steadyMs = 60_000;

export type DiskRoomOptions = {
  /** Whose receipt it is. */
  readonly tenantId: string;
  readonly record: (receipt: ReceiptDraft) => Promise<unknown>;
  readonly changed: () => void;
};

export class DiskRoom {
  readonly #options: DiskRoomOptions;
  #problem: { readonly error: LedgerError; readonly sinceMs: number } | undefined;
  #timer: Timer | undefined;
  #delayMs: number = againMs.min;
  #endedAtMs = -Infinity;

  constructor(options: DiskRoomOptions) {
    this.#options = options;
  }

  /** Why receipts are refused; undefined while there is room. */
  get problem(): LedgerError | undefined {
    return this.#problem?.error;
  }

  /** Of an append. */
  refused(error: LedgerError): void {
    if (error.code !== 'disk-full' || this.#problem !== undefined) return;
    const isNew = clock().nowMs() - this.#endedAtMs >= steadyMs;
    this.#delayMs = isNew ? againMs.min : Math.min(againMs.max, this.#delayMs * 2);
    this.#problem = { error, sinceMs: clock().wallMs() };
    this.#askLater();
    this.#options.changed();
  }

  /** The ledger is not open here any more: its next owner sees for itself. */
  forget(): void {
    this.#problem = undefined;
    if (this.#timer !== undefined) cancelTimer(this.#timer);
    this.#timer = undefined;
  }

  #askLater(): void {
    this.#timer = startTimer(this.#delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const asked = this.#problem;
    if (asked === undefined) return;
    const isThere = await this.#options.record(this.#receipt(asked.sinceMs)).then(() => true, () => false);
    if (this.#problem !== asked) return;
    if (isThere) {
      this.forget();
      this.#endedAtMs = clock().nowMs();
      this.#options.changed();
      return;
    }
    this.#delayMs = Math.min(againMs.max, this.#delayMs * 2);
    this.#askLater();
  }

  #receipt(sinceMs: number): ReceiptDraft {
    const at = new Date(clock().wallMs()).toISOString();
    const since = new Date(sinceMs).toISOString();
    return {
      id: `${identity.node}-disk-full-${at}`, kind: 'system', event: 'disk-full-over', tenantId: this.#options.tenantId, at,
      reason: `receipts were refused since ${since}: the disk was full`, details: { node: identity.node, since },
    };
  }
}
