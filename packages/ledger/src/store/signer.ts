// Who signs checkpoints: the keys at hand, the rotation to a new one, the end of an old one.
import { LedgerError } from '../errors.ts';
import { signCheckpoint, type Checkpoint } from '../format/checkpoint.ts';
import { verifierKeyOf, type VerifierKey } from '../format/note.ts';
import { encodeStatement, ledgerTenantId, type ReceiptDraft } from '../format/receipt.ts';
import { keyRotation, statementEvents } from '../format/statement.ts';
import type { DraftTexts } from './commit.ts';
import type { Files } from './disk/files.ts';
import { adoptKey, nextKeyNumber, readKeys, removeKey, writeKey, writeVerifierKeys, type StoredKey } from './keys.ts';
import type { Places } from './places.ts';

/** However many are not retired: a note has room for a hundred signatures, and witnesses need some of it. */
const signingKeysMax = 8;

export class Signer {
  readonly #files: Files;
  readonly #places: Places;
  readonly #origin: string;
  #keys: readonly StoredKey[];
  /** Made, but its receipt is not in the log yet. */
  #pending: StoredKey | undefined;

  /** Throws `key-lost`, `bad-key`. */
  constructor(files: Files, places: Places, origin: string) {
    this.#files = files;
    this.#places = places;
    this.#origin = origin;
    const { keys, pending } = readKeys(files, places, origin);
    this.#keys = keys;
    this.#pending = pending;
    writeVerifierKeys(files, places, keys.map(({ key }) => key));
  }

  get stored(): readonly StoredKey[] {
    return this.#keys;
  }

  /** The newest last. */
  get keys(): readonly VerifierKey[] {
    return this.#keys.map(({ key }) => verifierKeyOf(key));
  }

  get isRotating(): boolean {
    return this.#pending !== undefined;
  }

  /** The whole note, the newest key's signature first. */
  sign(checkpoint: Checkpoint): string {
    return signCheckpoint(checkpoint, this.#keys.slice(-signingKeysMax).map(({ key }) => key).toReversed());
  }

  /** Makes the next key, unless one is waiting already. Durable when it returns. */
  makeNext(seed: Uint8Array): void {
    this.#pending ??= writeKey(this.#files, this.#places, { origin: this.#origin, seed, number: nextKeyNumber(this.#keys), isPending: true });
  }

  /** The receipt in which the newest key names the next one; the same id for the same key, however often it is asked for. */
  rotationDraft(at: string): DraftTexts {
    const next = this.#pending!;
    const details = keyRotation({ origin: this.#origin, key: verifierKeyOf(next.key), signedBy: this.#keys.at(-1)!.key });
    const draft: ReceiptDraft = { id: `ledger-key-${next.file.slice(0, 13)}`, kind: 'system', tenantId: ledgerTenantId, at, event: statementEvents.keyRotated, details };
    const { id, tenantId, head, tail } = encodeStatement(draft);
    return [tenantId, id, head, tail];
  }

  /** The receipt is durable: the next key signs from now on. */
  adoptNext(): void {
    const next = this.#pending!;
    this.#keys = [...this.#keys, adoptKey(this.#files, this.#places, next)];
    this.#pending = undefined;
    writeVerifierKeys(this.#files, this.#places, [next.key]);
  }

  /** Forgets the secret of an old key for ever. Throws `unknown-key`. */
  retire(id: number): void {
    const old = this.#keys.slice(0, -1).find(({ key }) => key.id === id);
    if (old === undefined) throw new LedgerError('unknown-key', 'only a key that a later one has replaced can be retired');
    removeKey(this.#files, this.#places, old);
    this.#keys = this.#keys.filter((key) => key !== old);
  }
}
