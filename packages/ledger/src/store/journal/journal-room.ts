// Room in the journal: segments are free again once their receipts' bundles are durable, and one more is added, in the
// background, before the last free one is needed.
import type { LedgerError } from '../../errors.ts';
import { asLedgerError, type BackgroundFiles } from '../disk/files.ts';
import type { Pending } from '../pending.ts';
import type { Publisher } from '../publisher.ts';
import type { Journal } from './journal.ts';

export type RoomGround = { readonly files: BackgroundFiles; readonly journal: Journal; readonly publisher: Publisher; readonly pending: Pending; readonly tell: (what: string) => void; readonly durableEnd: number };

export class JournalRoom {
  readonly #ground: RoomGround;
  #durableEnd: number;
  #failure: LedgerError | undefined;
  #syncing: Promise<void> | undefined;
  #growing: Promise<void> | undefined;
  /** Until the disk is known to take something again. */
  #cannotGrow = false;

  constructor(ground: RoomGround) {
    this.#ground = ground;
    this.#durableEnd = ground.durableEnd;
  }

  /** Entries below are in bundles that are durable. */
  get durableEnd(): number {
    return this.#durableEnd;
  }

  /** A sync failed: what is on disk now nobody knows, and the next start writes those files again from the journal. */
  get failure(): LedgerError | undefined {
    return this.#failure;
  }

  /** Makes full files durable, so that the journal may be written over. Never rejects; see `failure`. */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** The same, however long it takes. What a sync in the background is still at, it may yet fail at: only when none is under way all is durable. */
  syncNow(): void {
    const { files, publisher, pending } = this.#ground;
    for (const path of publisher.takeUnsynced()) files.syncPath(path);
    if (this.#syncing === undefined) this.#durableEnd = pending.first;
  }

  /** Begins to add a segment when it is time to. */
  keepAhead(): void {
    if (this.#growing === undefined && !this.#cannotGrow && this.#ground.journal.needsSegment(this.#durableEnd)) this.#growing = this.#grow();
  }

  /** Resolves when nothing goes on in the background. */
  async idle(): Promise<void> {
    await Promise.all([this.#syncing, this.#growing]);
  }

  async #sync(): Promise<void> {
    const { files, publisher, pending, journal } = this.#ground;
    const { first, size } = pending;
    try {
      await files.syncLater(publisher.takeUnsynced());
      this.#durableEnd = Math.max(this.#durableEnd, first);
      this.#cannotGrow = false;
      // What was needed a moment ago is needed again, as long as there is something to append.
      if (size === pending.size) journal.trim(this.#durableEnd);
    } catch (error) {
      this.#failure = asLedgerError(error, 'syncing tiles');
    }
  }

  async #grow(): Promise<void> {
    const { files, journal, tell } = this.#ground;
    try {
      await journal.addSegmentLater(files);
    } catch (error) {
      // The commit that needs the room tries once more, and fails if it must.
      tell(asLedgerError(error, 'lengthening the journal').message);
      this.#cannotGrow = true;
    } finally {
      this.#growing = undefined;
    }
  }
}
