// One sample of a server under load: warm it, watch a window, and put requests, latency and the CPU time of
// both sides beside each other.
import { LoadGenerator } from '../load/load-generator.ts';
import type { LoadPlan, LoadReport } from '../load/plan.ts';
import { delayMs, monotonicMs } from './clock.ts';
import type { Conditions } from './figure.ts';
import { cpuMsOf, machineTicks, TICK_MS } from './processor.ts';
import type { ServerProcess } from './server-process.ts';
import { readable, type LatencySummary } from './statistics.ts';

export interface ServiceSample {
  readonly requestsPerSecond: number;
  readonly serverCpuUs: number;
  readonly loadCpuUs: number;
  /** Cores kept busy, 0 to the number of cores. */
  readonly serverBusy: number;
  readonly loadBusy: number;
  /** Cores that neither of them used but somebody else of this machine did. */
  readonly othersBusy: number;
  readonly latency: LatencySummary;
  readonly failed: number;
  readonly failures: string;
}

export async function sampleService(
  server: ServerProcess,
  plan: LoadPlan,
  conditions: Conditions,
): Promise<ServiceSample> {
  const load = await LoadGenerator.prepare(plan, { pin: conditions.pin });
  try {
    load.start();
    await delayMs(conditions.warmUpMs);
    const before = reading(server, load);
    await delayMs(conditions.windowMs);
    const after = reading(server, load);
    const window = { name: 'measured', fromMs: before.atMs, toMs: after.atMs };
    return sampleOf(before, after, await load.stop([window]));
  } finally {
    load.kill();
  }
}

interface Reading {
  readonly atMs: number;
  readonly serverCpuMs: number;
  readonly loadCpuMs: number;
  readonly machineCpuMs: number;
}

function reading(server: ServerProcess, load: LoadGenerator): Reading {
  return {
    atMs: monotonicMs(),
    serverCpuMs: cpuMsOf(server.countedPids()),
    loadCpuMs: cpuMsOf([load.pid]),
    machineCpuMs: machineTicks().busy * TICK_MS,
  };
}

function sampleOf(before: Reading, after: Reading, report: LoadReport): ServiceSample {
  const [window] = report.windows;
  if (window === undefined) throw new Error('the load generator reported no window');
  const elapsedMs = after.atMs - before.atMs;
  const serverCpuMs = after.serverCpuMs - before.serverCpuMs;
  const loadCpuMs = after.loadCpuMs - before.loadCpuMs;
  const othersCpuMs = after.machineCpuMs - before.machineCpuMs - serverCpuMs - loadCpuMs;
  return {
    requestsPerSecond: (window.completed / elapsedMs) * 1_000,
    serverCpuUs: (serverCpuMs * 1_000) / window.completed,
    loadCpuUs: (loadCpuMs * 1_000) / window.completed,
    serverBusy: serverCpuMs / elapsedMs,
    loadBusy: loadCpuMs / elapsedMs,
    othersBusy: Math.max(0, othersCpuMs) / elapsedMs,
    latency: window.latency,
    failed: report.failed,
    failures: [...Object.entries(report.failures).map(([kind, count]) => `${kind} ${count}`), ...report.examples].join('; '),
  };
}

/** True when the load, not the server, may have been what limited the throughput. */
export function isLoadBound(sample: ServiceSample): boolean {
  return sample.loadBusy > 0.97 && sample.serverBusy < 0.93;
}

export function describeSample(sample: ServiceSample): string {
  const cpu = `${sample.serverCpuUs.toFixed(1)} µs CPU (load ${sample.loadCpuUs.toFixed(1)})`;
  const busy = `busy ${[sample.serverBusy, sample.loadBusy, sample.othersBusy].map((cores) => cores.toFixed(2)).join('/')}`;
  const failed = sample.failed === 0 ? '' : ` FAILED ${sample.failed} (${sample.failures})`;
  return `${readable(Math.round(sample.requestsPerSecond))}/s ${cpu} ${busy} p99 ${sample.latency.p99Ms.toFixed(2)} ms${failed}`;
}
