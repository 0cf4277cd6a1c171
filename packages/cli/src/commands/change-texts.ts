/** What the commands that change a node print. The results come from the control socket. */
import { duration, plural, table } from './text.ts';

interface HandOverResult {
  readonly durationMs: number;
  readonly shards: readonly { shard: number; from: number; to: number; startMs: number; drainMs: number; end: string }[];
}

export function formatHandOver(result: unknown): string {
  const { durationMs, shards } = result as HandOverResult;
  const rows = shards.map(({ shard, from, to, startMs, drainMs, end }) => [String(shard), `${from} → ${to}`, duration(startMs), duration(drainMs), end]);
  return `handed over ${plural(shards.length, 'shard')} in ${duration(durationMs)}\n${table([['SHARD', 'GENERATION', 'START', 'DRAIN', 'OLD PROCESS'], ...rows])}`;
}

interface LoadResult {
  readonly application: string;
  readonly directory: string;
  readonly version?: string | number;
  readonly shards: readonly { shard: number; changes?: unknown; report?: unknown; restarted?: { code: string; message: string } }[];
}

export function formatLoad(result: unknown): string {
  const { application, directory, version, shards } = result as LoadResult;
  const what = `loaded ${application}${version === undefined ? '' : ` ${version}`} from ${directory}\n`;
  const lines = shards.map(({ shard, report, restarted }) => {
    if (restarted !== undefined) return `shard ${shard}: restarted to boot with it, because ${restarted.message} (${restarted.code})\n`;
    return `shard ${shard}: ${report === undefined || report === null ? 'swapped' : inline(report)}\n`;
  });
  return what + lines.join('');
}

export function formatKill(result: unknown): string {
  const { killed } = (result ?? {}) as { killed?: unknown };
  return `killed ${killed === undefined ? '' : inline(killed)}`.trimEnd() + '\n';
}

export function formatCall(result: unknown): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

export function formatPeers(result: unknown): string {
  const { peers } = result as { peers: readonly { shard: number; generation: number; role: string; distribution: string; http: string }[] };
  const rows = peers.map(({ shard, generation, role, distribution, http }) => [String(shard), String(generation), role, distribution, http]);
  return table([['SHARD', 'GENERATION', 'ROLE', 'DISTRIBUTION', 'HTTP'], ...rows]);
}

/** A flat object as "modules 2, suspended 3"; anything deeper as JSON. */
export function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value);
  const flat = entries.every(([, item]) => typeof item !== 'object' || item === null);
  return flat && !Array.isArray(value) ? entries.map(([key, item]) => `${key} ${String(item)}`).join(', ') : JSON.stringify(value);
}
