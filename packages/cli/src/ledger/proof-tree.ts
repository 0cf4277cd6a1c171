/** Which signed tree a proof is of: the newest, the newest cosigned, one of a size, or one that the user kept. */
import { LedgerError, openCheckpoint, rootFromTiles, type PublishedLog, type PublishedTree } from '@flyball/ledger';
import type { ParsedLedger } from './ledger-options.ts';
import { countOf } from './ledger-command.ts';
import { LedgerProblem } from './problem.ts';
import { readFileOf } from './target.ts';

/** Rejects with `no-such-checkpoint`, `file-unusable`, `bad-checkpoint`, `log-forked`. */
export async function chosenTree(log: PublishedLog, values: ParsedLedger['values'], directory: string): Promise<PublishedTree> {
  if (values['checkpoint'] !== '') return keptTree(log, String(values['checkpoint']), directory);
  const size = countOf(values['size']);
  const newest = await log.checkpoint();
  if (size === undefined && values['cosigned'] !== true) return newest;
  const cosigned = await log.cosignedCheckpoint();
  if (size === undefined) {
    if (cosigned === undefined) throw new LedgerProblem('no-such-checkpoint', `no witness has cosigned a checkpoint of this log, or the copy does not have it`);
    return cosigned;
  }
  const found = [newest, cosigned].find((tree) => tree?.size === size);
  if (found !== undefined) return found;
  const served = `${newest.size}${cosigned === undefined ? '' : ` and, cosigned, ${cosigned.size}`}`;
  throw new LedgerProblem('no-such-checkpoint', `the log serves a checkpoint of ${served} receipts, none of ${size}: a proof needs one that was signed; one that was kept can be given with --checkpoint FILE`);
}

/** It must be of this log: the proof would not hold otherwise, and whoever kept it should know. */
async function keptTree(log: PublishedLog, file: string, directory: string): Promise<PublishedTree> {
  const bytes = readFileOf(file, directory).toString();
  const kept = { ...openCheckpoint(bytes, await log.keys()), bytes };
  const { origin, size } = await log.checkpoint();
  if (kept.origin !== origin) throw new LedgerError('bad-checkpoint', `${file} is of ${kept.origin}, the log of ${origin}`);
  if (kept.size > size) throw new LedgerProblem('no-such-checkpoint', `${file} is of ${kept.size} receipts, the log has ${size} only: this copy is older, or was set back`);
  const root = await rootFromTiles({ size: kept.size, treeSize: size }, log.readTile);
  if (!Buffer.from(root).equals(kept.root)) throw new LedgerError('log-forked', `${file} is no beginning of this log: flyball ledger verify --since ${file} tells more`);
  return kept;
}
