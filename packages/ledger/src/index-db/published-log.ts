// Reads what a log has published: receipts, tiles, checkpoints and proofs, out of a folder, an archive or an address.
// Needs no writer and takes no lock, so it may read a ledger that another process writes. It checks form, not truth:
// signatures and roots are for verify/.
import { inPlace, LedgerError } from '../errors.ts';
import { chainHash, receiptHash } from '../format/chain.ts';
import { openCheckpoint, type OpenedCheckpoint } from '../format/checkpoint.ts';
import { checkpointPath, cosignedCheckpointPath, tileAt, tilePath, tileWidth, verifierKeysPath, type TileId } from '../format/layout.ts';
import { parseVerifierKey, type VerifierKey } from '../format/note.ts';
import { formatProof } from '../format/proof.ts';
import { decodeReceipt, type Receipt } from '../format/receipt.ts';
import { consistencyProof, decodeBundle, inclusionProof, type TileReader } from '../format/tile.ts';
import type { LogReader } from '../verify/log-reader.ts';
import { readTile } from '../verify/segment.ts';
import { openReader, openSource, type Source } from '../verify/source.ts';

/** A receipt with its place in the log; hashes in hex. */
export type LoggedReceipt = {
  readonly index: number;
  readonly receipt: Receipt;
  readonly receiptHash: string;
  readonly chainHash: string;
};

/** A signed tree of this log, and the file's bytes. */
export type PublishedTree = OpenedCheckpoint & { readonly bytes: string };

/** An entry as it lies in its bundle. */
export type LoggedEntry = { readonly index: number; readonly entry: Uint8Array };

/** Throws `bad-receipt` when the entry is none. */
export function loggedReceipt({ index, entry }: LoggedEntry): LoggedReceipt {
  const receipt = decodeReceipt(entry);
  const hash = receiptHash(entry);
  const chain = chainHash({ previous: Buffer.from(receipt.prevReceiptHash, 'hex'), receipt: hash });
  return { index, receipt, receiptHash: hash.toString('hex'), chainHash: chain.toString('hex') };
}

export class PublishedLog {
  readonly target: string;
  readonly #source: Source;
  readonly #reader: LogReader;
  /** Neighbours are mostly asked for together. */
  #last: { readonly index: number; readonly entries: readonly Uint8Array[] } = { index: -1, entries: [] };

  /** Rejects with `bad-source`. `target` is a folder, a `.tar`, `.tar.gz` or `.tgz`, or an http(s) address. */
  static async open(target: string): Promise<PublishedLog> {
    const source = await openSource(target);
    return new PublishedLog(target, source);
  }

  private constructor(target: string, source: Source) {
    this.target = target;
    this.#source = source;
    this.#reader = openReader(source.description);
  }

  close(): void {
    this.#reader.close();
    this.#source.close();
  }

  /** The newest; its signatures are sorted by the log's own keys. Rejects with `bad-source`, `bad-note`, `bad-checkpoint`. */
  async checkpoint(): Promise<PublishedTree> {
    const newest = await this.#tree(checkpointPath);
    if (newest === undefined) throw new LedgerError('bad-source', `${this.target}: no log there, it has no file named ${checkpointPath}`);
    return newest;
  }

  /** The newest that witnesses cosigned; undefined when none did. */
  cosignedCheckpoint(): Promise<PublishedTree | undefined> {
    return this.#tree(cosignedCheckpointPath);
  }

  async #tree(path: string): Promise<PublishedTree | undefined> {
    const bytes = await this.#reader.read(path);
    if (bytes === undefined) return undefined;
    const text = Buffer.from(bytes).toString();
    const keys = await this.keys();
    return { ...inPlace(`${this.target}/${path}`, () => openCheckpoint(text, keys)), bytes: text };
  }

  /** The log's own list; none if it has no such file. */
  async keys(): Promise<readonly VerifierKey[]> {
    const bytes = await this.#reader.read(verifierKeysPath);
    const lines = bytes === undefined ? [] : Buffer.from(bytes).toString().split('\n').filter((line) => line.trim() !== '');
    return inPlace(`${this.target}/${verifierKeysPath}`, () => lines.map(parseVerifierKey));
  }

  /** The first receipt that is there, 0 unless the beginning was pruned or lost; `size` when none is. */
  async keptFrom(size: number): Promise<number> {
    const bundles = Math.ceil(size / tileWidth);
    const isThere = async (bundle: number): Promise<boolean> => (await readTile(this.#reader, tileAt({ level: 'entries', at: bundle * tileWidth, size }))) !== undefined;
    if (bundles === 0 || (await isThere(0))) return 0;
    if (!(await isThere(bundles - 1))) return size;
    // Bundles go from below and in order.
    let [gone, there] = [0, bundles - 1];
    while (there - gone > 1) {
      const middle = Math.floor((gone + there) / 2);
      if (await isThere(middle)) there = middle;
      else gone = middle;
    }
    return there * tileWidth;
  }

  /** The entries of one bundle of a log of `size`. Rejects with `receipt-pruned`, `missing-tile`, `bad-tile`. */
  async bundle(index: number, size: number): Promise<readonly Uint8Array[]> {
    const tile = tileAt({ level: 'entries', at: index * tileWidth, size });
    if (this.#last.index === index && this.#last.entries.length >= tile.width) return this.#last.entries.slice(0, tile.width);
    const bytes = await readTile(this.#reader, tile);
    if (bytes === undefined) throw await this.#missingBundle(tile, size);
    const entries = decodeBundle(bytes, tile);
    this.#last = { index, entries };
    return entries;
  }

  /** The entries [from, to) of a log that has at least `to`. */
  async *entries({ from, to }: { readonly from: number; readonly to: number }): AsyncGenerator<LoggedEntry> {
    for (let index = from; index < to; ) {
      const bundle = await this.bundle(Math.floor(index / tileWidth), to);
      for (const entry of bundle.slice(index % tileWidth)) {
        yield { index, entry };
        index += 1;
      }
    }
  }

  /** Undefined beyond the end of a log of `size`. */
  async entry(index: number, size: number): Promise<LoggedEntry | undefined> {
    if (!(index >= 0 && index < size)) return undefined;
    const entries = await this.bundle(Math.floor(index / tileWidth), size);
    return { index, entry: entries[index % tileWidth]! };
  }

  /** Tiles of hashes; a partial one that has become full meanwhile answers with its beginning. */
  readonly readTile: TileReader = async (tile) => {
    const bytes = await readTile(this.#reader, tile);
    if (bytes === undefined) throw missing(tilePath(tile), this.target);
    return bytes;
  };

  /** RFC 6962; of a tree that was published. */
  inclusionProof(claim: { readonly index: number; readonly size: number }): Promise<Uint8Array[]> {
    return inclusionProof(claim, this.readTile);
  }

  consistencyProof(claim: { readonly oldSize: number; readonly newSize: number }): Promise<Uint8Array[]> {
    return consistencyProof(claim, this.readTile);
  }

  /** The `.tlog-proof` file of a receipt in that tree, the newest unless given; undefined when it does not cover the receipt. */
  async proofFile(index: number, tree?: PublishedTree): Promise<string | undefined> {
    const { size, bytes } = tree ?? (await this.checkpoint());
    if (!(index >= 0 && index < size)) return undefined;
    return formatProof({ index, hashes: await this.inclusionProof({ index, size }), checkpoint: bytes });
  }

  async #missingBundle(tile: TileId, size: number): Promise<LedgerError> {
    const keptFrom = await this.keptFrom(size);
    if (keptFrom === size || tile.index * tileWidth >= keptFrom) return missing(tilePath(tile), this.target);
    return new LedgerError('receipt-pruned', `${this.target} begins at receipt ${keptFrom}: what is below was pruned, or lost (flyball ledger verify tells which); an export or a backup may have it`);
  }
}

function missing(path: string, target: string): LedgerError {
  return new LedgerError('missing-tile', `${target}: ${path} is not there: it was lost; flyball ledger verify tells which`);
}
