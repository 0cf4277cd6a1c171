// Logarithms of the gamma function's ratios, which beta-binomial likelihoods are made of. Called for every
// signal, so the usual case, few events, is a short product and needs one logarithm.

/** Up to this many factors a product is quicker than two series, and exact. */
const FACTORS_MAX = 12;
/** Stirling's series with three terms has a relative error below 1e-9 from here on. */
const SERIES_FROM = 8;
const HALF_LOG_2_PI = 0.918_938_533_204_672_8;

/** ln Γ(x), x > 0 (Abramowitz and Stegun 6.1.41, after shifting small arguments up by 6.1.15). */
export function logGamma(x: number): number {
  let shift = 1;
  let at = x;
  while (at < SERIES_FROM) {
    shift *= at;
    at += 1;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1_260 - square / 1_680)));
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_2_PI + series - Math.log(shift);
}

/** ln (Γ(x + count) / Γ(x)), x > 0, count ≥ 0. */
export function logRising(x: number, count: number): number {
  if (count > FACTORS_MAX || count !== Math.floor(count)) return logGamma(x + count) - logGamma(x);
  let product = 1;
  for (let step = 0; step < count; step += 1) product *= x + step;
  return Math.log(product);
}
