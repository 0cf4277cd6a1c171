/** `flyball ledger stats`: reads the log through and counts. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { loggedReceipt, prunedBelow, tileWidth, type PublishedLog } from '@flyball/ledger';
import { table } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { answer, withBar } from './answer.ts';
import type { ParsedLedger } from './ledger-options.ts';
import { printable } from './receipt-text.ts';
import { withLog } from './target.ts';

interface Counted {
  readonly name: string;
  readonly receipts: number;
}

interface LogStats {
  readonly origin: string;
  readonly size: number;
  /** Base64, as in the checkpoint. */
  readonly root: string;
  /** The first receipt that is there: all below is about those from here on. */
  readonly keptFrom: number;
  /** As the log says of itself: what is missing below was pruned, what is missing above was lost. */
  readonly prunedBelow: number;
  readonly receipts: number;
  /** Of the receipts themselves, and of the longest one. */
  readonly receiptBytes: number;
  readonly receiptBytesMax: number;
  /** By the authors' clocks. */
  readonly earliest?: string;
  readonly latest?: string;
  /** The most first. */
  readonly byKind: readonly Counted[];
  readonly byTenant: readonly Counted[];
}

/** Tenants listed for people; --json has all. */
const TENANTS_SHOWN = 20;

export function runStats(parsed: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  const [target = ''] = parsed.positionals;
  return withLog(target, directory, async (log) => {
    const result = await withBar(output, 'receipts', (show) => count(log, show));
    answer(output, parsed, { result, text: statsText(result) });
    return EXIT_OK;
  });
}

async function count(log: PublishedLog, onProgress: (done: number, of: number) => void): Promise<LogStats> {
  const { origin, size, root } = await log.checkpoint();
  const keptFrom = await log.keptFrom(size);
  const [byKind, byTenant] = [new Map<string, number>(), new Map<string, number>()];
  let [receiptBytes, receiptBytesMax, earliest, latest, saidPruned] = [0, 0, '', '', 0];
  for await (const logged of log.entries({ from: keptFrom, to: size })) {
    const { receipt } = loggedReceipt(logged);
    const { kind, tenantId, at } = receipt;
    saidPruned = Math.max(saidPruned, prunedBelow(receipt) ?? 0);
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    byTenant.set(tenantId, (byTenant.get(tenantId) ?? 0) + 1);
    receiptBytes += logged.entry.length;
    receiptBytesMax = Math.max(receiptBytesMax, logged.entry.length);
    if (earliest === '' || at < earliest) earliest = at;
    if (at > latest) latest = at;
    if (logged.index % tileWidth !== tileWidth - 1) continue;
    onProgress(logged.index + 1 - keptFrom, size - keptFrom);
    // So that Ctrl-C is heard.
    await nextTurn();
  }
  const receipts = size - keptFrom;
  const times = receipts === 0 ? {} : { earliest, latest };
  return { origin, size, root: Buffer.from(root).toString('base64'), keptFrom, prunedBelow: saidPruned, receipts, receiptBytes, receiptBytesMax, ...times, byKind: descending(byKind), byTenant: descending(byTenant) };
}

function descending(counts: ReadonlyMap<string, number>): Counted[] {
  return Array.from(counts, ([name, receipts]) => ({ name, receipts })).toSorted((one, other) => other.receipts - one.receipts || (one.name < other.name ? -1 : 1));
}

function statsText({ origin, size, root, keptFrom, prunedBelow: saidPruned, receipts, receiptBytes, receiptBytesMax, earliest, latest, byKind, byTenant }: LogStats): string {
  const mean = receipts === 0 ? 0 : Math.round(receiptBytes / receipts);
  const begins: string[][] = keptFrom === 0 ? [] : [['begins at', `${keptFrom}: ${keptFrom <= saidPruned ? 'what is below was pruned, as the log says' : 'what is below was lost, or pruned by somebody else: see flyball ledger verify'}`]];
  const facts: string[][] = [
    ['log', origin], ['receipts', keptFrom === 0 ? String(size) : `${size}, ${receipts} of them here`], ['root', root], ...begins, ['bytes', `${receiptBytes} in all, ${mean} on average, ${receiptBytesMax} at most`],
    ...(earliest === undefined ? [] : [['from', printable(earliest)], ['to', printable(latest ?? '')]]), ['tenants', String(byTenant.length)],
  ];
  const more = byTenant.length > TENANTS_SHOWN ? `… and ${byTenant.length - TENANTS_SHOWN} more tenants; --json has all\n` : '';
  return `${table(facts)}${countedText('KIND', byKind)}${countedText('TENANT', byTenant.slice(0, TENANTS_SHOWN))}${more}`;
}

function countedText(heading: string, counts: readonly Counted[]): string {
  return counts.length === 0 ? '' : `\n${table([[heading, 'RECEIPTS'], ...counts.map(({ name, receipts }) => [printable(name), String(receipts)])])}`;
}
