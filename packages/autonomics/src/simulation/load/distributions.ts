// Draws from the distributions that the generated loads are made of. All chance comes in as a Random.
import type { Random } from '@flyball/kernel';

/** Mean `mean`; the time between two arrivals of a Poisson process. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}

/** Standard normal, by Box and Muller (1958); the second of the pair is not kept, so that no state hides here. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

export function logNormal(random: Random, { median, sigma }: { readonly median: number; readonly sigma: number }): number {
  return median * Math.exp(sigma * normal(random));
}

/** Above this mean e^-mean nears the smallest double; larger means are drawn as a sum. */
const POISSON_MEAN_MAX = 500;

/** Number of events; by inversion, which needs one draw. */
export function poisson(random: Random, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean > POISSON_MEAN_MAX) return poisson(random, POISSON_MEAN_MAX) + poisson(random, mean - POISSON_MEAN_MAX);
  const target = random.next();
  let probability = Math.exp(-mean);
  let sum = probability;
  let count = 0;
  // The sum stops growing where the tail is below a double's precision.
  while (target >= sum && probability > 0) {
    count += 1;
    probability *= mean / count;
    const before = sum;
    sum += probability;
    if (sum === before && count > mean) break;
  }
  return count;
}

/** First-order autoregressive noise: mean 0, deviation `sigma`, correlation 1/e after `memoryMs`. */
export interface Autocorrelation {
  readonly sigma: number;
  readonly memoryMs: number;
}

export function autoregressive(random: Random, { sigma, memoryMs }: Autocorrelation, stepMs: number, count: number): Float64Array {
  const values = new Float64Array(count);
  const keep = Math.exp(-stepMs / memoryMs);
  const fresh = sigma * Math.sqrt(1 - keep * keep);
  let value = sigma * normal(random);
  for (let at = 0; at < count; at++) {
    values[at] = value;
    value = keep * value + fresh * normal(random);
  }
  return values;
}
