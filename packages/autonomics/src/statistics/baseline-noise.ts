// How a healthy service's share of bad events scatters, from the bins of a baseline: its mean, and by how much
// more than chance it varies from bin to bin (diurnal and autocorrelated noise, retries that fail together).
// Called once a deployment, never for each signal. A short, thin or missing baseline is filled up with what
// the policy assumes; nothing here ever divides by what was not seen.
import { betaOf, learned, logPredictive, relaxed, type BetaCounts } from './drifting-rate.ts';

/** Events of one bin of the baseline. */
export interface Bin {
  readonly events: number;
  readonly bad: number;
}

/** A kind of service: its usual share of bad events, how many events that belief is worth, how common it is. */
export interface Kind {
  readonly share: number;
  readonly worthEvents: number;
  readonly weight: number;
}

export interface NoiseAssumptions {
  /** What services are like before anything is seen of this one; weights sum to 1. */
  readonly kinds: readonly Kind[];
  /** Relative variance between bins (0.3: a deviation of 55 %), and its own uncertainty as a deviation. */
  readonly relativeVariance: number;
  readonly relativeVarianceDeviation: number;
  /** Correlation of the noise falls to 1/e after this time. */
  readonly memoryMs: number;
}

export interface Noise {
  readonly share: number;
  /** Variance ÷ mean² of what the next bins may show: of the drift, and of the estimate of the mean. */
  readonly relativeVariance: number;
  readonly events: number;
  readonly bad: number;
}

/** Below this the noise of no service is known well enough from half an hour. */
const RELATIVE_VARIANCE_MIN = 0.02;
const RELATIVE_VARIANCE_MAX = 4;

export function noiseOf(bins: readonly Bin[], binMs: number, assumed: NoiseAssumptions): Noise {
  let events = 0;
  let bad = 0;
  for (const bin of bins) {
    events += bin.events;
    bad += bin.bad;
  }
  // So many independent looks at the drift fit into the baseline: they bound how well mean and drift are known.
  const looks = Math.max(1, (bins.length * binMs) / (2 * assumed.memoryMs));
  const mean = meanOf(events, bad, assumed.kinds);
  const drift = driftVariance(bins, looks, events > 0 && bad > 0 ? bad / events : mean.share, assumed);
  return { share: mean.share, relativeVariance: drift * (1 + 2 / looks) + mean.relativeVariance, events, bad };
}

/** Mean and relative variance of the share: each kind as the counts leave it, weighted by how well it foretold them. */
function meanOf(events: number, bad: number, kinds: readonly Kind[]): { readonly share: number; readonly relativeVariance: number } {
  const good = events - bad;
  const logs = kinds.map((kind) => Math.log(kind.weight) + logPredictive(priorOf(kind), bad, good));
  const most = Math.max(...logs);
  let weights = 0;
  let first = 0;
  let second = 0;
  for (let at = 0; at < kinds.length; at += 1) {
    const prior = priorOf(kinds[at]!);
    const total = prior.bad + prior.good + events;
    const mean = (prior.bad + bad) / total;
    const weight = Math.exp(logs[at]! - most);
    weights += weight;
    first += weight * mean;
    second += weight * (mean * mean + (mean * (1 - mean)) / (total + 1));
  }
  const share = first / weights;
  return { share, relativeVariance: second / weights / (share * share) - 1 };
}

function priorOf({ share, worthEvents }: Kind): BetaCounts {
  return { bad: share * worthEvents, good: (1 - share) * worthEvents };
}

/** By moments: what the bins vary above the binomial's own variance, shrunk towards what is assumed. */
function driftVariance(bins: readonly Bin[], looks: number, share: number, assumed: NoiseAssumptions): number {
  let excess = 0;
  let squares = 0;
  let uncertainty = 0;
  for (const { events, bad } of bins) {
    const expected = events * share;
    const chance = expected * (1 - share);
    excess += (bad - expected) ** 2 - chance;
    squares += expected * expected;
    // Variance of a squared Poisson deviation: 2μ² + μ.
    uncertainty += 2 * chance * chance + chance;
  }
  if (squares === 0) return assumed.relativeVariance;
  const measured = excess / squares;
  const varianceOfMeasured = uncertainty / (squares * squares) + (2 * Math.max(measured, assumed.relativeVariance) ** 2) / looks;
  const varianceAssumed = assumed.relativeVarianceDeviation ** 2;
  const weight = varianceAssumed / (varianceAssumed + varianceOfMeasured);
  const shrunk = weight * measured + (1 - weight) * assumed.relativeVariance;
  return Math.min(RELATIVE_VARIANCE_MAX, Math.max(RELATIVE_VARIANCE_MIN, shrunk));
}

export function healthyRateOf(noise: Noise): BetaCounts {
  return betaOf(noise.share, noise.relativeVariance);
}

/** Where drift ends: this many deviations of its logarithm above the mean. */
export function driftMaxOf(noise: Noise, deviations: number): number {
  return Math.min(0.99, noise.share * Math.exp(deviations * Math.sqrt(Math.log(1 + noise.relativeVariance))));
}

/** Where the drift stood at the end of the baseline: its bins are learned, the older ones forgotten again. */
export function driftedTo(baseline: BetaCounts, bins: readonly Bin[], keep: number, meanMax: number): BetaCounts {
  let known = baseline;
  for (const { events, bad } of bins) known = learned(relaxed(known, baseline, keep, meanMax), bad, events - bad);
  return known;
}
