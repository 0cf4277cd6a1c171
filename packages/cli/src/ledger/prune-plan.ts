/** What a pruning would remove, by place or by age. Reads the log as published: the ledger may be open meanwhile. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { clock } from '@flyball/kernel';
import { LedgerError, loggedReceipt, PublishedLog, tilePath, tileWidth } from '@flyball/ledger';
import { UsageError } from '../errors.ts';
import { countOf } from './ledger-command.ts';
import type { ParsedLedger } from './ledger-options.ts';

export interface PrunePlan {
  readonly origin: string;
  readonly size: number;
  /** The first receipt that is there, and the first that is to be kept. */
  readonly keptFrom: number;
  readonly minimumIndex: number;
  readonly receipts: number;
  readonly files: number;
  readonly bytes: number;
}

type Show = (done: number, of: number) => void;

/** Rejects with `cannot-prune`, `bad-source`, `bad-query`; throws UsageError. */
export async function prunePlan(folder: string, values: ParsedLedger['values'], show: Show): Promise<PrunePlan> {
  const limit = limitOf(values);
  const log = await PublishedLog.open(folder);
  try {
    const { origin, size } = await log.checkpoint();
    const keptFrom = await log.keptFrom(size);
    const wanted = 'index' in limit ? limit.index : await firstSince(log, { keptFrom, size, sinceMs: limit.beforeMs, show });
    if (wanted > size) throw new LedgerError('cannot-prune', `the log has ${size} receipts: none of them can be kept from ${wanted} on`);
    const minimumIndex = Math.max(keptFrom, wanted - (wanted % tileWidth));
    return { origin, size, keptFrom, minimumIndex, receipts: minimumIndex - keptFrom, ...weightOf(folder, keptFrom, minimumIndex) };
  } finally {
    log.close();
  }
}

type Limit = { readonly index: number } | { readonly beforeMs: number };

const DAY_MS = 86_400_000;

function limitOf({ minimumIndex, before, keepDays }: ParsedLedger['values']): Limit {
  const given = [minimumIndex, before, keepDays].filter((value) => value !== '');
  if (given.length !== 1) throw new UsageError('ledger prune', ['ledger prune needs one limit: --minimum-index N, --before TIME or --keep-days N.']);
  if (minimumIndex !== '') return { index: countOf(minimumIndex)! };
  if (keepDays !== '') return { beforeMs: clock().wallMs() - countOf(keepDays)! * DAY_MS };
  const beforeMs = Date.parse(String(before));
  if (Number.isNaN(beforeMs)) throw new LedgerError('bad-query', `before must be a time in ISO 8601, such as 2026-11-20T16:55:05Z, not ${JSON.stringify(String(before).slice(0, 40))}`);
  return { beforeMs };
}

/** The first receipt that is not older. Authors' clocks do not run in the log's order: nothing younger goes, at the price of older ones behind it. */
async function firstSince(log: PublishedLog, { keptFrom, size, sinceMs, show }: { readonly keptFrom: number; readonly size: number; readonly sinceMs: number; readonly show: Show }): Promise<number> {
  for await (const logged of log.entries({ from: keptFrom, to: size })) {
    const { receipt: { at } } = loggedReceipt(logged);
    // One without a time that can be read stays, and so does what follows.
    if (!(Date.parse(at) < sinceMs)) return logged.index;
    if (logged.index % tileWidth !== 0) continue;
    show(logged.index - keptFrom, size - keptFrom);
    await nextTurn();
  }
  return size;
}

function weightOf(folder: string, from: number, to: number): { readonly files: number; readonly bytes: number } {
  let [files, bytes] = [0, 0];
  for (let at = from; at < to; at += tileWidth) {
    const found = statSync(join(folder, tilePath({ level: 'entries', index: at / tileWidth, width: tileWidth })), { throwIfNoEntry: false });
    if (found === undefined) continue;
    files += 1;
    bytes += found.size;
  }
  return { files, bytes };
}
