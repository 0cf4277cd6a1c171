// One stretch of the log, read and hashed: what a verifier's thread does most of its time. It compares entries with
// the lowest tiles, follows the chains inside the stretch, and returns all that is needed to join stretches: the
// hash of each bundle and both ends of each tenant's chain. It judges nothing that lies outside its stretch.
import { LedgerError } from '../errors.ts';
import { tileAt, tilePath, tileWidth, type TileId } from '../format/layout.ts';
import { rootOfHashes } from '../format/merkle.ts';
import { decodeReceipt, type Receipt } from '../format/receipt.ts';
import { hashBytes, sha256Into } from '../format/sha256.ts';
import { prunedBelow as prunedBelowOf, rotationNote } from '../format/statement.ts';
import { ChainFollower, type ChainPieces } from './chain-pieces.ts';
import type { LogReader, Scratch } from './log-reader.ts';
import { findingsMax, type Finding } from './report.ts';

/** Bundles [first, end) of the log of `size` entries. `salt` is for the keys of tenants. */
export type SegmentJob = { readonly firstBundle: number; readonly endBundle: number; readonly size: number; readonly salt: string };

/** What is known of one bundle: whether it has any file, its root over entries and over the stored tile; undefined when that file is not there or not whole. */
export type BundleHashes = { readonly isThere: boolean; readonly entries?: Uint8Array; readonly tile?: Uint8Array };

export type SegmentResult = {
  readonly job: SegmentJob;
  readonly receipts: number;
  readonly bundles: readonly BundleHashes[];
  readonly pieces: ChainPieces;
  /** Within the stretch a receipt does not follow from its tenant's last one. */
  readonly isChainBroken: boolean;
  readonly rotations: readonly string[];
  /** The highest that a receipt says. */
  readonly prunedBelow: number;
  readonly findings: readonly Finding[];
};

/** What a reader keeps from job to job. */
export type SegmentScratch = { readonly bundle: Scratch; readonly tile: Scratch; readonly leaves: Buffer; readonly chains: ChainFollower };

export function segmentScratch(): SegmentScratch {
  return { bundle: { bytes: Buffer.alloc(0) }, tile: { bytes: Buffer.alloc(0) }, leaves: Buffer.alloc(tileWidth * hashBytes), chains: new ChainFollower() };
}

type State = {
  receipts: number;
  prunedBelow: number;
  readonly chains: ChainFollower;
  readonly bundles: BundleHashes[];
  readonly rotations: string[];
  readonly findings: Finding[];
};

/** Rejects with `bad-source` only; whatever is wrong with the log is in the result. */
export async function checkSegment(job: SegmentJob, reader: LogReader, scratch: SegmentScratch): Promise<SegmentResult> {
  const state: State = { receipts: 0, prunedBelow: 0, chains: scratch.chains, bundles: [], rotations: [], findings: [] };
  for (let bundle = job.firstBundle; bundle < job.endBundle; bundle += 1) {
    const id = tileAt({ level: 'entries', at: bundle * tileWidth, size: job.size });
    const entries = await readTile(reader, id, scratch.bundle);
    const tile = await readTile(reader, { ...id, level: 0 }, scratch.tile);
    state.bundles.push({
      isThere: entries !== undefined || tile !== undefined,
      ...optional('entries', entries && checkBundle(state, id, entries, scratch.leaves)),
      ...optional('tile', tile && checkLowestTile(state, { ...id, level: 0 }, tile)),
    });
  }
  const { receipts, prunedBelow, chains, bundles, rotations, findings } = state;
  return { job, receipts, prunedBelow, bundles, rotations, findings, ...chains.take(job.salt) };
}

function optional<Name extends string>(name: Name, hash: Uint8Array | undefined): { [key in Name]?: Uint8Array } {
  // Copied: views would carry their whole buffer along to the other thread.
  return (hash === undefined ? {} : { [name]: Uint8Array.from(hash) }) as { [key in Name]?: Uint8Array };
}

/** A partial tile may be gone once the full one is there (tlog-tiles, "Partial Tiles"): then its beginning is the same. */
export async function readTile(reader: LogReader, tile: TileId, scratch?: Scratch): Promise<Uint8Array | undefined> {
  const bytes = await reader.read(tilePath(tile), scratch);
  if (bytes !== undefined || tile.width === tileWidth) return bytes;
  const full = await reader.read(tilePath({ ...tile, width: tileWidth }), scratch);
  return full && (tile.level === 'entries' ? full.subarray(0, bundlePrefix(full, tile.width)) : full.subarray(0, tile.width * hashBytes));
}

function bundlePrefix(bytes: Uint8Array, entries: number): number {
  let at = 0;
  for (let count = 0; count < entries && at + 2 <= bytes.length; count += 1) at += 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
  return Math.min(at, bytes.length);
}

function checkLowestTile(state: State, id: TileId, tile: Uint8Array): Uint8Array | undefined {
  if (tile.length === id.width * hashBytes) return rootOfHashes(tile);
  const path = tilePath(id);
  note(state, { code: 'bad-tile', path, message: `${path} has ${tile.length} bytes; ${id.width * hashBytes} are needed` });
  return undefined;
}

/** The root over the bundle's entries; undefined when the bundle is not whole. */
function checkBundle(state: State, id: TileId, bytes: Uint8Array, leaves: Buffer): Uint8Array | undefined {
  const first = id.index * tileWidth;
  let [at, count] = [0, 0];
  while (at + 2 <= bytes.length && count < id.width) {
    const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > bytes.length) break;
    // The leaf's prefix (0x00) takes the place of the length's second byte, which saves copying each entry.
    bytes[at + 1] = 0;
    sha256Into(leaves, count * hashBytes, bytes.subarray(at + 1, end));
    checkEntry(state, first + count, bytes.subarray(at + 2, end));
    at = end;
    count += 1;
  }
  state.receipts += count;
  if (count === id.width && at === bytes.length) return rootOfHashes(leaves.subarray(0, count * hashBytes));
  const path = tilePath(id);
  const what = count < id.width ? `holds ${count} whole entries of ${id.width}` : `goes on after its ${id.width} entries`;
  note(state, { code: 'bad-bundle', path, message: `${path} ${what}` });
  return undefined;
}

function checkEntry(state: State, index: number, entry: Uint8Array): void {
  let receipt: Receipt;
  try {
    receipt = decodeReceipt(entry);
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    note(state, { code: 'not-a-receipt', index, message: `entry ${index} is no receipt: ${error.message}` });
    return;
  }
  state.chains.follow(receipt, entry);
  if (receipt.kind !== 'system') return;
  const rotation = rotationNote(receipt);
  // What is longer, or comes more often, no ledger wrote: then the newest key stays unknown.
  if (rotation !== undefined && rotation.length <= rotationCharactersMax && state.rotations.length < rotationsMax) state.rotations.push(rotation);
  state.prunedBelow = Math.max(state.prunedBelow, prunedBelowOf(receipt) ?? 0);
}

/** Of one stretch; and of the whole log, see `rotatedKeys`. */
export const rotationsMax = 1_000;
const rotationCharactersMax = 10_000;

function note({ findings }: State, finding: Finding): void {
  if (findings.length <= findingsMax) findings.push(finding);
}
