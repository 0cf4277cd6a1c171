// handover_failed: 20 hand-overs to a new OS process while 64 clients call without a pause, half of them in
// sessions on connections that they keep, half opening a connection for each call.
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { skipped } from '../harness/figure.ts';
import { delayMs, monotonicMs } from '../harness/clock.ts';
import { readable } from '../harness/statistics.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import type { Crowd, LoadReport } from '../load/plan.ts';
import { benchmarkApplication, handOver, missingOurs, startOurs } from '../ours/our-node.ts';
import type { OurNode } from '../ours/our-node.ts';

const HAND_OVERS = 20;
const QUICK_HAND_OVERS = 3;
/** Served between two hand-overs, so that each meets a node in full swing. */
const BETWEEN_MS = 500;

const CROWDS: readonly Crowd[] = [
  { clients: 32, dialect: 'sessionful', connection: 'keep-alive', handshake: true },
  { clients: 32, dialect: 'stateless', connection: 'per-request', handshake: true },
];

async function handOverTimes(node: OurNode, times: number, conditions: Conditions): Promise<number> {
  let longestMs = 0;
  for (let number = 1; number <= times; number++) {
    const startedMs = monotonicMs();
    await handOver(node);
    const tookMs = monotonicMs() - startedMs;
    longestMs = Math.max(longestMs, tookMs);
    conditions.say(`hand-over ${number}/${times}: ${readable(tookMs)} ms`);
    await delayMs(BETWEEN_MS);
  }
  return longestMs;
}

async function handOverUnderLoad(node: OurNode, times: number, conditions: Conditions): Promise<{ report: LoadReport; longestMs: number }> {
  const plan = { port: node.port, crowds: CROWDS, pacing: { kind: 'saturate' }, tool: 'echo', answerTimeoutMs: 30_000 } as const;
  const load = await LoadGenerator.prepare(plan, { pin: conditions.pin });
  try {
    load.start();
    const fromMs = monotonicMs();
    await delayMs(BETWEEN_MS);
    const longestMs = await handOverTimes(node, times, conditions);
    const report = await load.stop([{ name: 'all', fromMs, toMs: monotonicMs() }]);
    return { report, longestMs };
  } finally {
    load.kill();
  }
}

async function measure(conditions: Conditions): Promise<Outcome> {
  const missing = missingOurs();
  if (missing !== undefined) return skipped(missing);
  const times = conditions.quick ? QUICK_HAND_OVERS : HAND_OVERS;
  const node = await startOurs({ application: benchmarkApplication('echo'), pin: conditions.pin });
  try {
    const { report, longestMs } = await handOverUnderLoad(node, times, conditions);
    for (const example of report.examples) conditions.say(`failure: ${example}`);
    return { kind: 'measured', value: report.failed, detail: detailOf(report, times, longestMs) };
  } finally {
    await node.stop();
  }
}

function detailOf(report: LoadReport, times: number, longestMs: number): string {
  const kinds = Object.entries(report.failures).map(([kind, count]) => `, ${kind} ${count}`).join('');
  const worst = readable(report.windows[0]?.latency.maxMs ?? NaN);
  return `${times} hand-overs, ${readable(report.completed)} calls answered${kinds}; slowest call ${worst} ms, slowest hand-over ${readable(longestMs)} ms`;
}

export const handOverFailed: Figure = {
  name: 'handover_failed',
  unit: 'requests',
  target: { comparison: '=', value: 0 },
  about: 'failures over 20 hand-overs at 64 clients: 32 sessionful, keep-alive; 32 with a connection per call',
  measure,
};
