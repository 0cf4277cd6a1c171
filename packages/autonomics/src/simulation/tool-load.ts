// Calls of tools as they come: by whom, of what, how long they would run and in how much memory; and when the
// tenant's entitlement was suspended. Drawn once a run, so that every policy meets the same.
import { seededRandom, type Random } from '@flyball/kernel';
import type { ToolPolicy, ToolRule } from '../governors/tool-guard/policy.ts';
import { exponential, logNormal } from './load/distributions.ts';
import { arrivals, highestRate, rateOf, type LoadOptions } from './load/shapes.ts';
import type { Trace } from './load/trace.ts';

export interface ToolCall {
  readonly atMs: number;
  readonly tool: string;
  readonly roles: readonly string[];
  readonly durationMs: number;
  readonly memoryBytes: number;
}

export interface ToolLoad {
  readonly calls: readonly ToolCall[];
  readonly durationMs: number;
  readonly suspended: { readonly fromMs: number; readonly toMs: number };
}

export interface ToolScenario {
  readonly load: LoadOptions;
  readonly suspendAtMs: number;
  readonly suspendForMs: number;
}

export const TOOL_SCENARIO: ToolScenario = {
  load: { shape: 'steady', basePerSecond: 5, peakPerSecond: 20, durationMs: 1_800_000 },
  suspendAtMs: 540_000,
  suspendForMs: 300_000,
};

const MIB = 1_048_576;
const TOOL: ToolRule = { pack: '', roles: [], preconditions: [], timeoutMs: null, memoryBytes: null };

/** What a simulation without a policy guards: one tool for everybody, one for operators, one that breaks its limits. */
export const EXAMPLE_TOOLS: ToolPolicy['tools'] = {
  search: { ...TOOL, timeoutMs: 10_000 },
  deploy: { ...TOOL, roles: ['operator'] },
  report: { ...TOOL, timeoutMs: 20_000, memoryBytes: 256 * MIB },
};

/** From here on so many of its calls hang. */
const HANGS_FROM = 2 / 3;
const HANGS_SHARE = 0.3;

export function generateToolLoad({ load, suspendAtMs, suspendForMs }: ToolScenario, seed: number): ToolLoad {
  const random = seededRandom(seed);
  const { durationMs } = load;
  const rate = rateOf(load, random);
  const times = arrivals(rate, durationMs, random, highestRate(rate, durationMs));
  return { calls: Array.from(times, (atMs) => drawCall(random, atMs, durationMs)), durationMs, suspended: { fromMs: suspendAtMs, toMs: suspendAtMs + suspendForMs } };
}

function drawCall(random: Random, atMs: number, durationMs: number): ToolCall {
  const [kind, role, hang] = [random.next(), random.next(), random.next()];
  const tool = kind < 0.6 ? 'search' : kind < 0.8 ? 'deploy' : 'report';
  const hangs = tool === 'report' && atMs > HANGS_FROM * durationMs && hang < HANGS_SHARE;
  const usualMs = tool === 'deploy' ? exponential(random, 4_000) : logNormal(random, { median: 400, sigma: 0.6 });
  const memoryBytes = Math.round(logNormal(random, { median: 40 * MIB, sigma: 0.4 }));
  return { atMs, tool, roles: role < 0.7 ? ['operator'] : ['viewer'], durationMs: hangs ? 120_000 : usualMs, memoryBytes };
}

/** Columns `tool` and, if there are, `role`, `durationMs`, `memoryBytes`. */
export function traceToolLoad({ suspendAtMs, suspendForMs }: ToolScenario, trace: Trace): ToolLoad {
  const { tool, role } = trace.words;
  const { durationMs, memoryBytes } = trace.signals;
  const calls = Array.from(trace.atMs, (atMs, row): ToolCall => ({
    atMs, tool: tool?.[row] ?? 'search', roles: role === undefined ? [] : [role[row]!], durationMs: durationMs?.[row] ?? 0, memoryBytes: memoryBytes?.[row] ?? 0,
  }));
  return { calls, durationMs: trace.durationMs + 1_000, suspended: { fromMs: suspendAtMs, toMs: suspendAtMs + suspendForMs } };
}
