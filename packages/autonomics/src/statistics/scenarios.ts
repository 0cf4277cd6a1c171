// Deployments as the rollback guard's figures are measured on: counts an interval, before and after. Traffic, error
// rate and latency of a healthy service follow the day and drift with a memory; none of them is a fair coin.
// Drawn as counts (binomial by interval and by latency bucket), so ten thousand watches cost seconds.
import type { Random } from '@flyball/kernel';
import type { RequestCounts } from '../governors/rollback-guard-state.ts';
import { autoregressive, normal, poisson } from '../simulation/load/distributions.ts';

export interface DeploymentScenario {
  readonly requestsPerSecond: number;
  /** Share of errors of the healthy service, and what a bad release adds to it. */
  readonly errorShare: number;
  readonly addedErrorShare: number;
  /** Deviation of the logarithm of the error share, which is autocorrelated as all noise here. */
  readonly errorSigma: number;
  readonly trafficSigma: number;
  readonly memoryMs: number;
  /** The day's wave, as a share of the mean; its phase is drawn. */
  readonly trafficWave: number;
  readonly errorWave: number;
  /** Traffic is multiplied by this from the deployment on. */
  readonly trafficShift: number;
  /** Null: not timed. Log-normal; the release multiplies all latencies, or those above the median only. */
  readonly latency: LatencyScenario | null;
  readonly baselineMs: number;
  readonly watchMs: number;
  readonly stepMs: number;
}

export interface LatencyScenario {
  readonly boundsMs: readonly number[];
  readonly medianMs: number;
  readonly sigma: number;
  /** Deviation of the drift of its logarithm, and the day's wave on it. */
  readonly drift: number;
  readonly wave: number;
  readonly releaseFactor: number;
  readonly isTailOnly: boolean;
}

export const DEPLOYMENT: DeploymentScenario = {
  requestsPerSecond: 2, errorShare: 0.005, addedErrorShare: 0, errorSigma: 0.5, trafficSigma: 0.2, memoryMs: 300_000,
  trafficWave: 0.5, errorWave: 0.25, trafficShift: 1, latency: null,
  baselineMs: 1_800_000, watchMs: 1_800_000, stepMs: 10_000,
};

/** p99 = 404 ms; a drift of 5 % in latency is one of a fifth in the share of slow requests. */
export const LATENCY: LatencyScenario = {
  boundsMs: [5, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000],
  medianMs: 100, sigma: 0.6, drift: 0.05, wave: 0.05, releaseFactor: 1, isTailOnly: false,
};

const DAY_MS = 86_400_000;

/** One element a step; the deployment is at `baselineMs`. */
export function deploymentRun(random: Random, scenario: DeploymentScenario): RequestCounts[] {
  const { stepMs, baselineMs, watchMs, memoryMs, errorSigma, trafficSigma, latency } = scenario;
  const steps = Math.round((baselineMs + watchMs) / stepMs);
  const phase = 2 * Math.PI * random.next();
  const trouble = autoregressive(random, { sigma: errorSigma, memoryMs }, stepMs, steps);
  const crowd = autoregressive(random, { sigma: trafficSigma, memoryMs }, stepMs, steps);
  const slowness = latency === null ? null : autoregressive(random, { sigma: latency.drift, memoryMs }, stepMs, steps);
  const counts: RequestCounts[] = [];
  for (let step = 0; step < steps; step += 1) {
    const isReleased = step * stepMs >= baselineMs;
    const wave = Math.sin(phase + (2 * Math.PI * step * stepMs) / DAY_MS);
    const perSecond = scenario.requestsPerSecond * (1 + scenario.trafficWave * wave) * aroundOne(crowd[step]!, trafficSigma) * (isReleased ? scenario.trafficShift : 1);
    const requests = poisson(random, (perSecond * stepMs) / 1_000);
    const share = scenario.errorShare * (1 + scenario.errorWave * wave) * aroundOne(trouble[step]!, errorSigma) + (isReleased ? scenario.addedErrorShare : 0);
    const errors = binomial(random, requests, Math.min(1, share));
    if (latency === null) counts.push({ requests, errors });
    else counts.push({ requests, errors, latencyCounts: latencies(random, latency, { requests, log: slowness![step]! + latency.wave * wave, isReleased }) });
  }
  return counts;
}

/** A log-normal factor with the mean 1. */
function aroundOne(log: number, sigma: number): number {
  return Math.exp(log - (sigma * sigma) / 2);
}

function latencies(random: Random, { boundsMs, medianMs, sigma, releaseFactor, isTailOnly }: LatencyScenario, now: { readonly requests: number; readonly log: number; readonly isReleased: boolean }): number[] {
  const counts: number[] = [];
  let left = now.requests;
  let below = 0;
  for (const boundMs of boundsMs) {
    const bound = now.isReleased ? unreleased(boundMs, medianMs * Math.exp(now.log), releaseFactor, isTailOnly) : boundMs;
    const cumulative = standardNormal((Math.log(bound / medianMs) - now.log) / sigma);
    const count = left === 0 || below >= 1 ? 0 : binomial(random, left, Math.min(1, Math.max(0, (cumulative - below) / (1 - below))));
    counts.push(count);
    left -= count;
    below = cumulative;
  }
  return [...counts, left];
}

/** The latency that the release turns into this one; a tail-only release stretches what lies above the median. */
function unreleased(boundMs: number, medianMs: number, factor: number, isTailOnly: boolean): number {
  if (!isTailOnly) return boundMs / factor;
  if (boundMs <= medianMs) return boundMs;
  // From 1 at the median to the whole factor at the p99 of a deviation of 0.6.
  const tail = Math.log(boundMs / medianMs);
  return boundMs / factor ** Math.min(1, tail / 1.4);
}

/** Abramowitz and Stegun 26.2.17; the error is below 1e-7. */
function standardNormal(z: number): number {
  const t = 1 / (1 + 0.231_641_9 * Math.abs(z));
  const tail = 0.398_942_280_4 * Math.exp((-z * z) / 2) * t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return z >= 0 ? 1 - tail : tail;
}

/** Expected counts up to this are drawn exactly, by inversion. */
const EXACT_MAX = 30;

/** Number of successes; exact where it is small, elsewhere a rounded normal, which is within a tenth of a deviation. */
export function binomial(random: Random, trials: number, share: number): number {
  if (trials === 0 || share <= 0) return 0;
  if (share >= 1) return trials;
  if (share > 0.5) return trials - binomial(random, trials, 1 - share);
  const expected = trials * share;
  if (expected > EXACT_MAX) {
    const drawn = Math.round(expected + Math.sqrt(expected * (1 - share)) * normal(random));
    return Math.min(trials, Math.max(0, drawn));
  }
  const ratio = share / (1 - share);
  let probability = Math.exp(trials * Math.log1p(-share));
  let target = random.next() - probability;
  let count = 0;
  while (target >= 0 && count < trials) {
    probability *= (ratio * (trials - count)) / (count + 1);
    target -= probability;
    count += 1;
  }
  return count;
}
