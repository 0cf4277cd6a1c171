// The share of bad events that a healthy service will show next: a beta distribution whose mean and width come
// from a baseline, that learns from what it sees, and forgets it again towards the baseline at the speed at
// which that service's noise wanders. It is the null hypothesis of the sequential test, so it has to explain
// by itself everything that noise does: a rate that was estimated from few counts, and one that drifts.
import { logRising } from './log-gamma.ts';

/** Beta(bad, good): the counts that what is known is worth. */
export interface BetaCounts {
  readonly bad: number;
  readonly good: number;
}

/** ln of the probability of this sequence of `bad` and `good` events, before they are seen. */
export function logPredictive(known: BetaCounts, bad: number, good: number): number {
  return logRising(known.bad, bad) + logRising(known.good, good) - logRising(known.bad + known.good, bad + good);
}

/**
 * What is known after time in which the rate drifted: the mean goes back to the baseline's by `1 - keep`, the
 * relative variance (≈ 1 ÷ bad) grows towards the baseline's, as in an Ornstein-Uhlenbeck process. A mean above
 * `meanMax` is no healthy drift: without that bound a service that went bad would in time become its own norm.
 */
export function relaxed(known: BetaCounts, baseline: BetaCounts, keep: number, meanMax: number): BetaCounts {
  const kept = keep * keep;
  const meanBefore = baseline.bad / (baseline.bad + baseline.good);
  const mean = Math.min(meanMax, meanBefore + keep * (known.bad / (known.bad + known.good) - meanBefore));
  const bad = 1 / (kept / known.bad + (1 - kept) / baseline.bad);
  return { bad, good: (bad * (1 - mean)) / mean };
}

export function learned(known: BetaCounts, bad: number, good: number): BetaCounts {
  return { bad: known.bad + bad, good: known.good + good };
}

/** The beta distribution with this mean and this relative variance (variance ÷ mean²). */
export function betaOf(mean: number, relativeVariance: number): BetaCounts {
  // Var = mean (1 − mean) / (total + 1); a total below 2 would put its weight on 0 and 1.
  const total = Math.max(2, (1 - mean) / (mean * relativeVariance) - 1);
  return { bad: mean * total, good: (1 - mean) * total };
}
