// Reads a whole log once, stretch by stretch, and keeps of it what is small: hashes of bundles, ends of chains, the keys
// that the log names, the first things that are wrong.
import type { OpenedCheckpoint } from '../format/checkpoint.ts';
import { tileWidth } from '../format/layout.ts';
import type { VerifierKey } from '../format/note.ts';
import { addBundle, bundleTable, hasEntries, type BundleTable } from './bundle-table.ts';
import { chainJoiner, joinPieces, type ChainJoiner } from './chain-joiner.ts';
import type { LogReader } from './log-reader.ts';
import { findingsMax, type Finding, type Progress } from './report.ts';
import { checkedSegments } from './segment-lanes.ts';
import { rotationsMax } from './segment.ts';
import { rotatedKeys } from './signatures.ts';
import type { SourceDescription } from './source.ts';

export type ReadLog = {
  receipts: number;
  /** Entries below may be missing, as a receipt of the log says. */
  prunedBelow: number;
  /** Those known at first, and those that they vouch for. */
  keys: readonly VerifierKey[];
  readonly table: BundleTable;
  readonly chains: ChainJoiner;
  readonly findings: Finding[];
  /** So much was wrong that the rest was not read: it would tell nothing new. */
  isCutShort: boolean;
};

type Reading = { readonly threads?: number; readonly onProgress?: (progress: Progress) => void; readonly signal?: AbortSignal };
type Ground = { readonly source: SourceDescription; readonly checkpoint: OpenedCheckpoint; readonly reader: LogReader; readonly keys: readonly VerifierKey[] };

export async function readLog({ threads, onProgress, signal }: Reading, { source, checkpoint: { origin, size }, reader, keys }: Ground): Promise<ReadLog> {
  const read: ReadLog = { receipts: 0, prunedBelow: 0, keys, table: bundleTable(size), chains: chainJoiner(), findings: [], isCutShort: false };
  for await (const segment of checkedSegments({ source, size, ...(threads === undefined ? {} : { threads }) }, reader)) {
    signal?.throwIfAborted();
    const { job, receipts, bundles, pieces, isChainBroken, rotations, prunedBelow, findings } = segment;
    read.receipts += receipts;
    bundles.forEach((hashes, at) => addBundle(read.table, job.firstBundle + at, hashes));
    if (isChainBroken) read.chains.isBroken = true;
    joinPieces(read.chains, pieces, { isWhole: hasEntries(read.table, 0) });
    if (read.keys.length < keys.length + rotationsMax) read.keys = rotatedKeys(rotations, { origin, keys: read.keys });
    read.prunedBelow = Math.max(read.prunedBelow, prunedBelow);
    read.findings.push(...findings.slice(0, findingsMax + 1 - read.findings.length));
    onProgress?.({ receipts: Math.min(size, job.endBundle * tileWidth), size });
    read.isCutShort = read.findings.length > findingsMax && job.endBundle * tileWidth < size;
    if (read.isCutShort) break;
  }
  return read;
}
