// One release under watch: how its tests are set up from the baseline, what each signal adds, and the verdict.
import { BASELINE_BINS, errorBins, seasonalFactor, SLOW_SHARE, slowBins, sumFrom, type Baseline } from '../statistics/baseline.ts';
import { driftedTo, driftMaxOf, healthyRateOf, noiseOf, type Bin, type Noise, type NoiseAssumptions } from '../statistics/baseline-noise.ts';
import { observe, oddsOf, startTest, type Counts, type SequentialTest, type TestPlan } from '../statistics/sequential-test.ts';
import type { RollbackGuardPolicy } from './rollback-guard-policy.ts';
import type { Evidence, RequestCounts, Verdict, Watch } from './rollback-guard-state.ts';

/** Beyond so many deviations of its logarithm the share is no drift; with `driftPct`, whichever is higher. */
const DRIFT_DEVIATIONS = 2;
/** One service in five is not of the usual kind: any error rate, so that its own baseline decides. */
const UNUSUAL = { share: 0.03, worthEvents: 30, weight: 0.2 };
/** A usual service's share of slow requests: how it drifts, and what the belief that it is 1 % is worth. */
const SLOW_NOISE = { relativeVariance: 0.3, relativeVarianceDeviation: 0.2, worthEvents: 200 };
/** Load slows requests down for minutes; what lasts is the release. */
const SLOW_DRIFT_DEVIATIONS = 1.5;
const ERROR_VARIANCE_DEVIATION = 0.3;
const SHARE_MAX = 0.95;
const ALTERNATIVE_MAX = 0.99;
const BEYOND_DRIFT = 1.3;
/** Of latencies: fewer bins tell nothing of how they drift. */
const SLOW_BINS_MIN = 15;
/** How fast the recent traffic forgets. */
const TRAFFIC_MEMORY_MS = 60_000;
const ALLOWANCE_MAX = 10;

export function startWatch(policy: RollbackGuardPolicy, baseline: Baseline, release: string, nowMs: number): Watch {
  const errorPlan = errorPlanOf(policy, baseline, nowMs);
  const latencyPlan = policy.judgeLatency && baseline.slowBound >= 0 && baseline.binTimed.length >= SLOW_BINS_MIN ? latencyPlanOf(policy, baseline) : null;
  const usualPerMs = usualTraffic(policy, baseline, nowMs);
  return {
    release, startedAtMs: nowMs, errorPlan, errors: startTest(errorPlan),
    latencyPlan, latency: latencyPlan === null ? null : startTest(latencyPlan), slowBound: baseline.slowBound,
    usualPerMs, recentPerMs: usualPerMs ?? 0, idleMs: 0, badBy: null, noDataTold: false, hasFailed: false,
  };
}

/** A second release before the first has its verdict: nobody knows yet that the first is a baseline. */
export function watchAgain({ errorPlan, latencyPlan, slowBound, usualPerMs }: Watch, release: string, nowMs: number): Watch {
  return {
    release, startedAtMs: nowMs, errorPlan, errors: startTest(errorPlan), latencyPlan,
    latency: latencyPlan === null ? null : startTest(latencyPlan), slowBound, usualPerMs, recentPerMs: usualPerMs ?? 0, idleMs: 0, badBy: null, noDataTold: false, hasFailed: false,
  };
}

function errorPlanOf(policy: RollbackGuardPolicy, baseline: Baseline, nowMs: number): TestPlan {
  const usual = { share: policy.assumedErrorPct / 100, worthEvents: policy.assumedRequests, weight: 1 - UNUSUAL.weight };
  const assumed: NoiseAssumptions = {
    kinds: [usual, UNUSUAL], relativeVariance: policy.noiseVariance, relativeVarianceDeviation: ERROR_VARIANCE_DEVIATION, memoryMs: policy.noiseMemoryMs,
  };
  const bins = errorBins(baseline);
  const measured = noiseOf(bins, binMsOf(policy), assumed);
  const noise = { ...measured, share: Math.min(SHARE_MAX, measured.share * seasonalFactor(baseline, nowMs)) };
  const healthyShareMax = Math.max(noise.share + policy.driftPct / 100, driftMaxOf(noise, DRIFT_DEVIATIONS));
  const alternatives = policy.errorIncreasesPct.map((increase) => noise.share + increase / 100);
  // Where drift reaches beyond the mildest of them, the test also needs one that drift does not reach.
  if (healthyShareMax > alternatives[0]!) alternatives.push(BEYOND_DRIFT * healthyShareMax);
  return planOf(policy, noise, bins, { alternatives, healthyShareMax });
}

function latencyPlanOf(policy: RollbackGuardPolicy, baseline: Baseline): TestPlan {
  const assumed: NoiseAssumptions = {
    ...SLOW_NOISE, kinds: [{ share: SLOW_SHARE, worthEvents: SLOW_NOISE.worthEvents, weight: 1 }], memoryMs: policy.noiseMemoryMs,
  };
  const bins = slowBins(baseline);
  const noise = noiseOf(bins, binMsOf(policy), assumed);
  const alternatives = policy.slowFactors.map((factor) => noise.share * factor);
  return planOf(policy, noise, bins, { alternatives, healthyShareMax: driftMaxOf(noise, SLOW_DRIFT_DEVIATIONS) });
}

function planOf(policy: RollbackGuardPolicy, noise: Noise, bins: readonly Bin[], shares: Pick<TestPlan, 'alternatives' | 'healthyShareMax'>): TestPlan {
  const baseline = healthyRateOf(noise);
  const keep = Math.exp(-binMsOf(policy) / policy.noiseMemoryMs);
  const alternatives = shares.alternatives.map((share) => Math.min(ALTERNATIVE_MAX, share));
  return { baseline, start: driftedTo(baseline, bins, keep, shares.healthyShareMax), alternatives, healthyShareMax: shares.healthyShareMax, memoryMs: policy.noiseMemoryMs, watchMs: policy.watchMs };
}

export function binMsOf({ baselineMs }: RollbackGuardPolicy): number {
  return Math.ceil(baselineMs / BASELINE_BINS);
}

function usualTraffic(policy: RollbackGuardPolicy, baseline: Baseline, nowMs: number): number | null {
  const ms = baseline.binEvents.length * binMsOf(policy) + Math.min(binMsOf(policy), Math.max(0, nowMs - baseline.binStartMs));
  const events = sumFrom(baseline.binEvents, 0) + baseline.events;
  return ms > 0 && events > 0 ? events / ms : null;
}

/** Adds one signal's counts, which are already checked. */
export function watched(policy: RollbackGuardPolicy, watch: Watch, signal: RequestCounts & { readonly control?: RequestCounts }, elapsedMs: number): Watch {
  const recentPerMs = recentTraffic(policy, watch, signal.requests, elapsedMs);
  const idleMs = signal.requests > 0 ? 0 : Math.min(TRAFFIC_MEMORY_MS, watch.idleMs + elapsedMs);
  const shift = shiftOf(policy, watch.usualPerMs, recentPerMs);
  const control = signal.control === undefined ? null : { events: signal.control.requests, bad: signal.control.errors };
  const errors = observe(watch.errorPlan, watch.errors, { events: signal.requests, bad: signal.errors, elapsedMs, allowance: Math.min(ALLOWANCE_MAX, shift), control });
  const latency = latencyAfter(watch, signal, elapsedMs, shift);
  return {
    release: watch.release, startedAtMs: watch.startedAtMs, errorPlan: watch.errorPlan, errors, latencyPlan: watch.latencyPlan, latency,
    slowBound: watch.slowBound, usualPerMs: watch.usualPerMs, recentPerMs, idleMs,
    badBy: badBy(policy, errors, latency) ?? (watch.hasFailed ? watch.badBy : null), noDataTold: watch.noDataTold, hasFailed: watch.hasFailed,
  };
}

/**
 * A crowd that no chance explains is believed at once: its first errors must not count against the release. Counts that
 * come in lumps, with empty signals in between, are no crowd: they belong to the whole time since the last of them.
 */
function recentTraffic({ trafficShiftFactor }: RollbackGuardPolicy, { usualPerMs, recentPerMs, idleMs }: Watch, requests: number, elapsedMs: number): number {
  const sinceMs = idleMs + elapsedMs;
  if (sinceMs <= 0 || requests === 0) return recentPerMs;
  const now = requests / sinceMs;
  const shifted = (usualPerMs ?? Infinity) * sinceMs * trafficShiftFactor;
  if (requests > shifted + 3 * Math.sqrt(shifted) + 3) return Math.max(now, recentPerMs);
  const keep = Math.exp(-sinceMs / TRAFFIC_MEMORY_MS);
  return keep * recentPerMs + (1 - keep) * now;
}

/** How many times the usual traffic, where that is more than the policy takes for usual; otherwise 1. */
export function shiftOf({ trafficShiftFactor }: RollbackGuardPolicy, usualPerMs: number | null, recentPerMs: number): number {
  if (usualPerMs === null) return 1;
  const ratio = recentPerMs / usualPerMs;
  return ratio > trafficShiftFactor ? ratio : 1;
}

/** Requests slow down under more load whatever the release: with a shift, and without a control, latency is not judged. */
function latencyAfter(watch: Watch, signal: RequestCounts & { readonly control?: RequestCounts }, elapsedMs: number, shift: number): SequentialTest | null {
  const { latencyPlan, latency, slowBound } = watch;
  if (latencyPlan === null || latency === null || signal.latencyCounts === undefined) return latency;
  const control = signal.control?.latencyCounts === undefined ? null : slowOf(signal.control.latencyCounts, slowBound);
  if (shift !== 1 && control === null) return latency;
  const counts: Counts = { ...slowOf(signal.latencyCounts, slowBound), elapsedMs, allowance: 1, control };
  return observe(latencyPlan, latency, counts);
}

function slowOf(counts: readonly number[], slowBound: number): { readonly events: number; readonly bad: number } {
  return { events: sumFrom(counts, 0), bad: sumFrom(counts, slowBound + 1) };
}

function badBy(policy: RollbackGuardPolicy, errors: SequentialTest, latency: SequentialTest | null): Evidence | null {
  if (isBad(policy, errors, policy.oddsToRollBack)) return 'errors';
  return latency !== null && isBad(policy, latency, policy.latencyOddsToRollBack) ? 'latency' : null;
}

function isBad({ requestsMin, badRequestsMin }: RollbackGuardPolicy, test: SequentialTest, threshold: number): boolean {
  return test.events >= requestsMin && test.bad >= badRequestsMin && oddsOf(test) >= threshold;
}

export function verdictOf(policy: RollbackGuardPolicy, watch: Watch, nowMs: number): Verdict {
  if (watch.badBy !== null) return 'bad';
  const sinceMs = nowMs - watch.startedAtMs;
  if (sinceMs >= policy.watchMs && isCleared(policy, watch)) return 'healthy';
  if (sinceMs >= policy.watchMaxMs) return 'no_data';
  if (sinceMs >= policy.noDataAfterMs && isStarved(policy, watch, sinceMs)) return 'no_data';
  const odds = Math.max(oddsOf(watch.errors), watch.latency === null ? 0 : oddsOf(watch.latency));
  return odds >= policy.oddsToSuspect ? 'suspect' : 'watching';
}

/** A release this bad from the start would have shown: that is what healthy means, not the absence of proof. */
function isCleared(policy: RollbackGuardPolicy, { errors }: Watch): boolean {
  return errors.events >= policy.requestsMin && errors.logOddsFromStart <= -Math.log(policy.oddsToClear);
}

function isStarved(policy: RollbackGuardPolicy, { errors, usualPerMs }: Watch, sinceMs: number): boolean {
  const wanted = usualPerMs === null ? 0 : (usualPerMs * sinceMs * policy.noDataTrafficPct) / 100;
  return errors.events < Math.max(policy.requestsMin, wanted);
}
