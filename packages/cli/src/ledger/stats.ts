/** `flyball ledger stats`: reads the log through and counts. */
import { loggedReceipt, type PublishedLog } from '@flyball/ledger';
import { table } from '../commands/text.ts';
import type { Output } from '../ctl.ts';
import type { Environment } from '../environment.ts';
import { EXIT_OK } from '../errors.ts';
import { progressBar } from '../progress-bar.ts';
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

export function runStats({ values, positionals: [target = ''] }: ParsedLedger, { directory }: Environment, output: Output): Promise<number> {
  return withLog(target, directory, async (log) => {
    const bar = progressBar(output.err, process.stderr.isTTY === true, 'receipts');
    const stats = await count(log, bar.show).finally(() => bar.clear());
    output.out(values['json'] === true ? `${JSON.stringify(stats, null, 2)}\n` : statsText(stats));
    return EXIT_OK;
  });
}

async function count(log: PublishedLog, onProgress: (done: number, of: number) => void): Promise<LogStats> {
  const { origin, size, root } = await log.checkpoint();
  const [byKind, byTenant] = [new Map<string, number>(), new Map<string, number>()];
  let [receiptBytes, receiptBytesMax, earliest, latest] = [0, 0, '', ''];
  for await (const logged of log.entries({ from: 0, to: size })) {
    const { receipt: { kind, tenantId, at } } = loggedReceipt(logged);
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    byTenant.set(tenantId, (byTenant.get(tenantId) ?? 0) + 1);
    receiptBytes += logged.entry.length;
    receiptBytesMax = Math.max(receiptBytesMax, logged.entry.length);
    if (earliest === '' || at < earliest) earliest = at;
    if (at > latest) latest = at;
    onProgress(logged.index + 1, size);
  }
  const times = size === 0 ? {} : { earliest, latest };
  return { origin, size, root: Buffer.from(root).toString('base64'), receiptBytes, receiptBytesMax, ...times, byKind: descending(byKind), byTenant: descending(byTenant) };
}

function descending(counts: ReadonlyMap<string, number>): Counted[] {
  return Array.from(counts, ([name, receipts]) => ({ name, receipts })).toSorted((one, other) => other.receipts - one.receipts || (one.name < other.name ? -1 : 1));
}

function statsText({ origin, size, root, receiptBytes, receiptBytesMax, earliest, latest, byKind, byTenant }: LogStats): string {
  const mean = size === 0 ? 0 : Math.round(receiptBytes / size);
  const facts = [
    ['log', origin], ['receipts', String(size)], ['root', root], ['bytes', `${receiptBytes} in all, ${mean} on average, ${receiptBytesMax} at most`],
    ...(earliest === undefined ? [] : [['from', printable(earliest)], ['to', printable(latest ?? '')]]), ['tenants', String(byTenant.length)],
  ];
  const more = byTenant.length > TENANTS_SHOWN ? `… and ${byTenant.length - TENANTS_SHOWN} more tenants; --json has all\n` : '';
  return `${table(facts)}${countedText('KIND', byKind)}${countedText('TENANT', byTenant.slice(0, TENANTS_SHOWN))}${more}`;
}

function countedText(heading: string, counts: readonly Counted[]): string {
  return counts.length === 0 ? '' : `\n${table([[heading, 'RECEIPTS'], ...counts.map(({ name, receipts }) => [printable(name), String(receipts)])])}`;
}
