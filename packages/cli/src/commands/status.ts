/** `flyball ctl status`: a node's shards at a glance. */
import { inline } from './change-texts.ts';
import { duration, plural, table } from './text.ts';

interface Status {
  readonly node: string;
  readonly pid: number;
  readonly phase: string;
  readonly uptimeMs: number;
  readonly shards: number;
  readonly restarts: number;
  readonly listening: readonly { name: string; url: string }[];
  readonly processes: readonly { shard: number; generation: number; role: string; pid?: number; ageMs: number; sinceBeatMs: number }[];
  readonly handOver: { shard: number; phase: string } | null;
  readonly loaded: readonly { application: string; directory: string; version?: string | number }[];
  readonly kernels: readonly { shard: number; status?: unknown; error?: { message: string } }[];
}

export function formatStatus(result: unknown): string {
  const status = result as Status;
  const { node, pid, phase, uptimeMs, shards, restarts, handOver } = status;
  const head = `${node} is ${phase}, up ${duration(uptimeMs)}: ${plural(shards, 'shard')}, ${plural(restarts, 'restart')}, heart's pid ${pid}\n`;
  const moving = handOver === null ? '' : `a hand-over is at shard ${handOver.shard} (${handOver.phase})\n`;
  return `${head}${moving}\n${processTable(status)}${kernelLines(status)}${ledgerLine(status)}${listeningTable(status)}${loadedTable(status)}`;
}

function processTable({ processes }: Status): string {
  const rows = processes.map(({ shard, generation, role, pid, ageMs, sinceBeatMs }) => [
    String(shard),
    String(generation),
    role,
    pid === undefined ? '-' : String(pid),
    duration(ageMs),
    `${duration(sinceBeatMs)} ago`,
  ]);
  return table([['SHARD', 'GENERATION', 'ROLE', 'PID', 'AGE', 'LAST BEAT'], ...rows]);
}

function kernelLines({ kernels }: Status): string {
  const lines = kernels.map(({ shard, status, error }) => `shard ${shard}: ${error === undefined ? told(status) : error.message}\n`);
  return lines.length === 0 ? '' : `\n${lines.join('')}${applicationTable(kernels)}`;
}

/** Numbers and short lists; what is empty, and the applications, which have a table of their own, are left out. */
function told(status: unknown): string {
  if (typeof status !== 'object' || status === null) return inline(status);
  const entries = Object.entries(status).filter(([key, value]) => key !== 'applications' && key !== 'ledger' && !(Array.isArray(value) && value.length === 0));
  return entries.map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : inline(value)}`).join(', ');
}

interface RunningApplication {
  readonly application: string;
  readonly version: string;
  readonly directory: string;
  readonly running: boolean;
}

function applicationTable(kernels: Status['kernels']): string {
  const rows = kernels.flatMap(({ shard, status }) => {
    const { applications = [] } = (status ?? {}) as { applications?: readonly RunningApplication[] };
    return applications.map(({ application, version, directory, running }) => [application, version, String(shard), running ? 'yes' : 'no', directory]);
  });
  return rows.length === 0 ? '' : `\n${table([['APPLICATION', 'VERSION', 'SHARD', 'RUNNING', 'FROM'], ...rows])}`;
}

function ledgerLine({ kernels, listening }: Status): string {
  const url = listening.find(({ name }) => name === 'ledger')?.url;
  if (url === undefined) return '';
  const told = kernels.map(({ status }) => (status as { ledger?: LedgerStatus } | undefined)?.ledger).filter((ledger) => ledger !== undefined);
  // The owner's own words come first; a shard that cannot reach it says why.
  const owner = told.find((ledger) => 'folder' in ledger) ?? told[0];
  if (owner === undefined) return '\nledger: being opened\n';
  if (!('folder' in owner)) return `\nledger: UNAVAILABLE, ${owner.problem}\n`;
  return `\nledger: ${owner.origin}, ${plural(owner.size, 'receipt')} (${owner.publishedSize} published) in ${owner.folder}, written by shard ${owner.shard}\n`;
}

type LedgerStatus = { readonly folder: string; readonly origin: string; readonly size: number; readonly publishedSize: number; readonly shard: number } | { readonly problem: string };

function listeningTable({ listening }: Status): string {
  return listening.length === 0 ? '' : `\n${table([['LISTENER', 'URL'], ...listening.map(({ name, url }) => [name, url])])}`;
}

function loadedTable({ loaded }: Status): string {
  const rows = loaded.map(({ application, version, directory }) => [application, String(version ?? '-'), directory]);
  return rows.length === 0 ? '' : `\n${table([['LOADED', 'VERSION', 'FROM'], ...rows])}`;
}
