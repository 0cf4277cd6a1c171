// The log against checkpoints that it signed before: each must be a beginning of it. A checkpoint kept elsewhere is
// what tells a fork, which a rewritten log signed anew cannot show by itself.
import type { OpenedCheckpoint } from '../format/checkpoint.ts';
import { tileAt, tileWidth } from '../format/layout.ts';
import { equalHashes, leafHash, rootOfHashes } from '../format/merkle.ts';
import { splitBundle } from '../format/tile.ts';
import type { LogReader } from './log-reader.ts';
import type { Finding } from './report.ts';
import { readTile } from './segment.ts';
import { rootAt, type TreeRows } from './tree-rows.ts';

export type Since = { readonly checkpoints: readonly OpenedCheckpoint[]; readonly size: number; readonly rows: TreeRows };

export async function compareSince({ checkpoints, size, rows }: Since, reader: LogReader): Promise<Finding[]> {
  const findings: Finding[] = [];
  let agreed = 0;
  for (const old of checkpoints.toSorted((one, other) => one.size - other.size)) {
    if (old.size > size) {
      findings.push({ code: 'rolled-back', index: size, message: `the log once signed ${old.size} receipts and now has ${size}: receipts ${size} to ${old.size - 1} were dropped` });
      continue;
    }
    const root = await oldRoot({ size, oldSize: old.size, rows }, reader);
    // Receipts missing there are a finding of their own; they prove no fork.
    if (!root) continue;
    if (equalHashes(root, old.root)) agreed = old.size;
    else findings.push(fork({ agreed, old }));
  }
  return findings;
}

function fork({ agreed, old }: { readonly agreed: number; readonly old: OpenedCheckpoint }): Finding {
  const where = agreed === old.size - 1 ? `receipt ${agreed}` : `one of the receipts ${agreed} to ${old.size - 1}`;
  return { code: 'fork', index: agreed, message: `the log forked at ${where}: the tree of ${old.size} receipts that it signed before (root ${Buffer.from(old.root).toString('base64')}) is not the beginning of this one` };
}

async function oldRoot({ size, oldSize, rows }: { readonly size: number; readonly oldSize: number; readonly rows: TreeRows }, reader: LogReader): Promise<Uint8Array | undefined> {
  const rest = oldSize % tileWidth;
  if (rest === 0) return rootAt({ rows, size: oldSize });
  const bytes = await readTile(reader, tileAt({ level: 'entries', at: oldSize - rest, size }));
  const { entries } = bytes ? splitBundle(bytes) : { entries: [] };
  if (entries.length < rest) return undefined;
  return rootAt({ rows, size: oldSize, partial: rootOfHashes(Buffer.concat(entries.slice(0, rest).map(leafHash))) });
}
