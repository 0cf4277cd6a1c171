// swap_pause_ms: 2,000 requests/s at a fixed rate while all 50 modules of an application with 100,000
// processes are swapped. p99 latency of what was to be sent between the start of the swap and the last
// resume, minus the p99 of a window of equal length before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delayMs } from '../harness/clock.ts';
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { skipped } from '../harness/figure.ts';
import { median, readable } from '../harness/statistics.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import type { LoadPlan, LoadReport, Window } from '../load/plan.ts';
import { loadVersion, missingOurs, startOurs } from '../ours/our-node.ts';
import type { OurNode, Swapped } from '../ours/our-node.ts';
import { APPLICATION, MODULES, PROCESSES, CHANGING, writeSwapApplication } from './swap-application.ts';

const REQUESTS_PER_SECOND = 2_000;
/** More than are ever busy at once but for a pause of 60 ms and above; beyond, calls queue and are timed. */
const CLIENTS = 128;
const WARM_UP_MS = 3_000;
/** Longer than any swap, so that a window of equal length fits before each. */
const BETWEEN_MS = 2_000;

interface SwapSample {
  readonly pauseMs: number;
  readonly maxMs: number;
  readonly swapMs: number;
}

function planFor(node: OurNode): LoadPlan {
  return {
    port: node.port,
    crowds: [{ clients: CLIENTS, dialect: 'sessionful', connection: 'keep-alive', handshake: true }],
    pacing: { kind: 'fixed', requestsPerSecond: REQUESTS_PER_SECOND },
    tool: 'echo',
    answerTimeoutMs: 30_000,
  };
}

/** Up to version 2, down to 1, and so on, so often as there would be pairs. */
async function swapTimes(node: OurNode, directories: readonly string[], { pairs, say }: Conditions): Promise<Swapped[]> {
  const swaps: Swapped[] = [];
  for (let number = 1; number <= pairs; number++) {
    await delayMs(BETWEEN_MS);
    const directory = directories[number % 2] ?? '';
    const swapped = await loadVersion(node, { application: APPLICATION, directory });
    swaps.push(swapped);
    say(`swap ${number}/${pairs}: ${readable(swapped.resumedMs - swapped.startedMs)} ms`);
  }
  await delayMs(BETWEEN_MS / 2);
  return swaps;
}

function windowsOf(swaps: readonly Swapped[]): Window[] {
  return swaps.flatMap(({ startedMs, resumedMs }, number) => [
    { name: `before ${number}`, fromMs: startedMs - (resumedMs - startedMs), toMs: startedMs },
    { name: `swap ${number}`, fromMs: startedMs, toMs: resumedMs },
  ]);
}

function samplesOf(swaps: readonly Swapped[], report: LoadReport): SwapSample[] {
  return swaps.map(({ startedMs, resumedMs }, number) => {
    const before = report.windows[number * 2]?.latency;
    const during = report.windows[number * 2 + 1]?.latency;
    if (before === undefined || during === undefined) throw new Error('the load generator reported too few windows');
    if (during.count === 0 || before.count === 0) {
      throw new Error(`no request was to be sent within a swap of ${(resumedMs - startedMs).toFixed(2)} ms`);
    }
    return { pauseMs: during.p99Ms - before.p99Ms, maxMs: during.maxMs, swapMs: resumedMs - startedMs };
  });
}

async function swapUnderLoad(node: OurNode, directories: readonly string[], conditions: Conditions): Promise<Outcome> {
  const load = await LoadGenerator.prepare(planFor(node), { pin: conditions.pin });
  try {
    load.start();
    await delayMs(WARM_UP_MS);
    const swaps = await swapTimes(node, directories, conditions);
    const report = await load.stop(windowsOf(swaps));
    return outcomeOf(samplesOf(swaps, report), report);
  } finally {
    load.kill();
  }
}

function outcomeOf(samples: readonly SwapSample[], report: LoadReport): Outcome {
  if (report.failed > 0) return { kind: 'broken', reason: `${report.failed} requests failed: ${report.examples.join('; ')}` };
  const pauses = samples.map((sample) => sample.pauseMs);
  const worst = Math.max(...samples.map((sample) => sample.maxMs));
  const swapMs = median(samples.map((sample) => sample.swapMs));
  const detail =
    `median of ${samples.length} swaps, from ${readable(Math.min(...pauses))} to ${readable(Math.max(...pauses))} ms; ` +
    `slowest request of all swaps ${readable(worst)} ms; a swap takes ${readable(swapMs)} ms from start to last resume; ` +
    `the generator was late by p99 ${readable(report.lateness.p99Ms)} ms`;
  return { kind: 'measured', value: median(pauses), detail };
}

async function measure(conditions: Conditions): Promise<Outcome> {
  const missing = missingOurs();
  if (missing !== undefined) return skipped(missing);
  const directory = mkdtempSync(join(tmpdir(), 'flyball-bench-swap-'));
  try {
    const directories = [writeSwapApplication(directory, 1), writeSwapApplication(directory, 2)];
    conditions.say(`${MODULES} modules, ${PROCESSES} processes, ${CHANGING} of which change state`);
    const node = await startOurs({ application: directories[0] ?? '', pin: conditions.pin });
    try {
      return await swapUnderLoad(node, directories, conditions);
    } finally {
      await node.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const swapPause: Figure = {
  name: 'swap_pause_ms',
  unit: 'ms',
  target: { comparison: '<=', value: 50 },
  about: 'added p99 at 2,000 requests/s while 50 modules and 100,000 processes, 1,000 with new state, are swapped',
  measure,
};
