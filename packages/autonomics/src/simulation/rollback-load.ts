// Requests, errors and latencies before and after a deployment. A healthy service is not a coin: its traffic has
// a day's wave and noise with a memory, and so has its share of errors. Drawn once a run; every policy sees it.
import { seededRandom, type Random } from '@flyball/kernel';
import { SimulationError } from './errors.ts';
import { autoregressive, logNormal, poisson, type Autocorrelation } from './load/distributions.ts';
import { checkCount, DAY_MS, diurnal, rateOf, type LoadOptions } from './load/shapes.ts';
import type { Trace } from './load/trace.ts';

export interface RollbackScenario {
  readonly load: LoadOptions;
  /** How long the service was watched before the deployment, and is watched after it. */
  readonly baselineMs: number;
  readonly watchMs: number;
  readonly tickMs: number;
  /** Share of errors, 0 to 1: of the healthy service, and of the release if it is bad (its noise is the service's). */
  readonly errorShare: number;
  readonly releaseErrorShare: number | undefined;
  /** Log-normal; the release multiplies every latency. `undefined`: latencies are not drawn. */
  readonly latency: { readonly medianMs: number; readonly sigma: number; readonly releaseFactor: number } | undefined;
  /** Noise on the logarithm of the traffic and of the share of errors. */
  readonly trafficNoise: Autocorrelation;
  readonly errorNoise: Autocorrelation;
  /** The share of errors follows the day's wave by so much. */
  readonly errorWave: number;
}

/** One tick's worth; latencies in the order of the requests, empty where they are not drawn. */
export interface RollbackTick {
  readonly requests: number;
  readonly errors: number;
  readonly latenciesMs: Float64Array;
}

export interface RollbackLoad {
  readonly tickMs: number;
  readonly requests: Uint32Array;
  readonly errors: Uint32Array;
  /** Of tick t: from `latencyFrom[t]` to `latencyFrom[t + 1]`. */
  readonly latenciesMs: Float64Array;
  readonly latencyFrom: Uint32Array;
  /** The first tick of the release. */
  readonly deployTick: number;
}

export const ROLLBACK_SCENARIO: RollbackScenario = {
  load: { shape: 'diurnal', basePerSecond: 2, peakPerSecond: 8, durationMs: 3_600_000 },
  baselineMs: 1_800_000,
  watchMs: 1_800_000,
  tickMs: 1_000,
  errorShare: 0.005,
  releaseErrorShare: undefined,
  latency: undefined,
  trafficNoise: { sigma: 0.2, memoryMs: 300_000 },
  // A deviation of 53 %: an incident in the night is as likely as a quiet one.
  errorNoise: { sigma: 0.5, memoryMs: 300_000 },
  errorWave: 0.25,
};

/** The noise changes so slowly that a step of ten seconds shows all of it. */
const NOISE_STEP_MS = 10_000;
const NO_LATENCIES = new Float64Array(0);

export function generateRollbackLoad(scenario: RollbackScenario, seed: number): RollbackLoad {
  const random = seededRandom(seed);
  const { tickMs, baselineMs, watchMs } = scenario;
  const durationMs = baselineMs + watchMs;
  checkCount(Math.max(scenario.load.basePerSecond, scenario.load.peakPerSecond), durationMs);
  const ticks = Math.round(durationMs / tickMs);
  const deployTick = Math.round(baselineMs / tickMs);
  const rate = rateOf({ ...scenario.load, durationMs }, random);
  const wave = diurnal(1, random.next() * DAY_MS, scenario.errorWave);
  const steps = Math.ceil(durationMs / NOISE_STEP_MS) + 1;
  const traffic = factors(random, scenario.trafficNoise, steps);
  const trouble = factors(random, scenario.errorNoise, steps);
  const requests = new Uint32Array(ticks);
  const errors = new Uint32Array(ticks);
  for (let tick = 0; tick < ticks; tick++) {
    const step = Math.floor((tick * tickMs) / NOISE_STEP_MS);
    const expected = (rate(tick * tickMs) * traffic[step]! * tickMs) / 1_000;
    const added = tick < deployTick ? 0 : (scenario.releaseErrorShare ?? scenario.errorShare) - scenario.errorShare;
    const share = Math.min(1, scenario.errorShare * trouble[step]! * wave(tick * tickMs) + added);
    // Of a Poisson stream the errors and the rest are two independent ones.
    errors[tick] = poisson(random, expected * share);
    requests[tick] = errors[tick]! + poisson(random, expected * (1 - share));
  }
  return { tickMs, requests, errors, deployTick, ...latencies(scenario, requests, deployTick, random) };
}

/** Around 1, so that noise changes no mean. */
function factors(random: Random, noise: Autocorrelation, steps: number): Float64Array {
  if (noise.sigma === 0) return new Float64Array(steps).fill(1);
  return autoregressive(random, noise, NOISE_STEP_MS, steps).map((value) => Math.exp(value - (noise.sigma * noise.sigma) / 2));
}

function latencies({ latency }: RollbackScenario, requests: Uint32Array, deployTick: number, random: Random): { latenciesMs: Float64Array; latencyFrom: Uint32Array } {
  if (latency === undefined) return { latenciesMs: NO_LATENCIES, latencyFrom: new Uint32Array(requests.length + 1) };
  const latencyFrom = new Uint32Array(requests.length + 1);
  for (let tick = 0; tick < requests.length; tick++) latencyFrom[tick + 1] = latencyFrom[tick]! + requests[tick]!;
  const latenciesMs = new Float64Array(latencyFrom[requests.length]!);
  const shape = { median: latency.medianMs, sigma: latency.sigma };
  const deployed = latencyFrom[deployTick] ?? latenciesMs.length;
  for (let at = 0; at < latenciesMs.length; at++) latenciesMs[at] = logNormal(random, shape) * (at < deployed ? 1 : latency.releaseFactor);
  return { latenciesMs, latencyFrom };
}

export function tickOf(load: RollbackLoad, tick: number): RollbackTick {
  const latenciesMs = load.latenciesMs.length === 0 ? NO_LATENCIES : load.latenciesMs.subarray(load.latencyFrom[tick]!, load.latencyFrom[tick + 1]!);
  return { requests: load.requests[tick]!, errors: load.errors[tick]!, latenciesMs };
}

/** Columns `requests` and `errors`: counts since the row before. The guard hears as often as there are rows. */
export function traceRollbackLoad(trace: Trace, deployAtMs: number): RollbackLoad {
  const tickMs = usualGapMs(trace);
  const { requests: counts, errors: failures } = trace.signals;
  if (counts === undefined || failures === undefined) throw new SimulationError('A trace of the rollback guard needs columns for "requests" and "errors".');
  const ticks = Math.floor(trace.durationMs / tickMs) + 1;
  const deployTick = Math.floor(deployAtMs / tickMs);
  if (deployTick >= ticks) throw new SimulationError(`The deployment at ${deployAtMs / 1_000} s is after the end of the trace, which lasts ${trace.durationMs / 1_000} s.`);
  const requests = new Uint32Array(ticks);
  const errors = new Uint32Array(ticks);
  trace.atMs.forEach((atMs, row) => {
    if (failures[row]! > counts[row]!) throw new SimulationError(`line ${trace.lines[row]}: ${failures[row]} errors of ${counts[row]} requests; errors count among the requests.`);
    requests[Math.floor(atMs / tickMs)]! += Math.round(counts[row]!);
    errors[Math.floor(atMs / tickMs)]! += Math.round(failures[row]!);
  });
  return { tickMs, requests, errors, deployTick, latenciesMs: NO_LATENCIES, latencyFrom: new Uint32Array(ticks + 1) };
}

/** The median time from row to row, in whole seconds that divide a minute, so that peers get their minutes. */
function usualGapMs({ atMs }: Trace): number {
  const gaps = Array.from(atMs.subarray(1), (at, row) => at - atMs[row]!).sort((a, b) => a - b);
  const median = gaps[gaps.length >> 1] ?? 0;
  return TICKS_MS.findLast((tickMs) => tickMs <= median) ?? TICKS_MS[0]!;
}

const TICKS_MS = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 10_000, 12_000, 15_000, 20_000, 30_000, 60_000];
