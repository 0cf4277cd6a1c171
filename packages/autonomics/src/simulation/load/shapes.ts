// How much load there is when: the shapes that `--load` names, as a rate over time. A shape is data; only
// `noise` draws, once, when it is made. Rates are a second, times in ms from the start of the run.
import type { Random } from '@flyball/kernel';
import { SimulationError } from '../errors.ts';
import { autoregressive } from './distributions.ts';

export const LOAD_SHAPES = {
  steady: 'the same rate throughout',
  step: 'the base rate, the peak rate for the middle two fifths, the base rate again',
  diurnal: 'a day\'s wave around the base rate, half up and down',
  bursts: 'every two minutes ten seconds of the peak rate',
  noise: 'the base rate times autocorrelated noise (deviation 30 %, memory 5 min)',
  'flash-crowd': 'the base rate, then within ten seconds up to the peak rate, which halves every two minutes',
} as const;

export type LoadShape = keyof typeof LOAD_SHAPES;

export interface LoadOptions {
  readonly shape: LoadShape;
  readonly basePerSecond: number;
  readonly peakPerSecond: number;
  readonly durationMs: number;
}

/** The rate a second at a time of the run. */
export type Rate = (atMs: number) => number;

export const DAY_MS = 86_400_000;
const BURST_PERIOD_MS = 120_000;
const BURST_MS = 10_000;
const NOISE_STEP_MS = 1_000;
const NOISE = { sigma: 0.3, memoryMs: 300_000 };
const RAMP_MS = 10_000;
const HALF_LIFE_MS = 120_000;

export function rateOf(options: LoadOptions, random: Random): Rate {
  const { basePerSecond: base, peakPerSecond: peak, durationMs } = options;
  switch (options.shape) {
    case 'steady':
      return () => base;
    case 'step': {
      const { fromMs, toMs } = overloadOf(durationMs);
      return (atMs) => (atMs >= fromMs && atMs < toMs ? peak : base);
    }
    case 'diurnal':
      return diurnal(base, random.next() * DAY_MS, 0.5);
    case 'bursts':
      return (atMs) => (atMs % BURST_PERIOD_MS >= BURST_PERIOD_MS - BURST_MS ? peak : base);
    case 'noise':
      return noisy(base, durationMs, random);
    case 'flash-crowd':
      return flashCrowd(base, peak, durationMs / 3);
  }
}

/** The middle two fifths: with 140 → 400 → 140 on 200/s this is where 67.2 % of all can be served in time. */
export function overloadOf(durationMs: number): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: 0.3 * durationMs, toMs: 0.7 * durationMs };
}

/** Starts anywhere in the day, so that a run may see the load rise, fall or turn. */
export function diurnal(base: number, phaseMs: number, amplitude: number): Rate {
  return (atMs) => base * (1 + amplitude * Math.sin((2 * Math.PI * (atMs + phaseMs)) / DAY_MS));
}

function noisy(base: number, durationMs: number, random: Random): Rate {
  const log = autoregressive(random, NOISE, NOISE_STEP_MS, Math.ceil(durationMs / NOISE_STEP_MS) + 1);
  // e^(-sigma²/2) keeps the mean of the log-normal at the base rate.
  const mean = base * Math.exp((-NOISE.sigma * NOISE.sigma) / 2);
  return (atMs) => mean * Math.exp(log[Math.min(log.length - 1, Math.max(0, Math.floor(atMs / NOISE_STEP_MS)))]!);
}

function flashCrowd(base: number, peak: number, fromMs: number): Rate {
  return (atMs) => {
    const sinceMs = atMs - fromMs;
    if (sinceMs < 0) return base;
    const share = sinceMs < RAMP_MS ? sinceMs / RAMP_MS : 0.5 ** ((sinceMs - RAMP_MS) / HALF_LIFE_MS);
    return base + (peak - base) * share;
  };
}

/** A run holds its load in memory; this many are about a gigabyte and some minutes. */
export const ARRIVALS_MAX = 20_000_000;

/** Throws SimulationError. */
export function checkCount(perSecond: number, durationMs: number): void {
  const expected = (perSecond * durationMs) / 1_000;
  if (expected > ARRIVALS_MAX) throw new SimulationError(`That load has up to ${Math.round(expected)} requests; ${ARRIVALS_MAX} at most: lower its rate or its duration.`);
}

/** Arrival times in ms: a Poisson process with this rate, by thinning against `ratePerSecondMax`. */
export function arrivals(rate: Rate, durationMs: number, random: Random, ratePerSecondMax: number): Float64Array {
  checkCount(ratePerSecondMax, durationMs);
  const times: number[] = [];
  const meanGapMs = 1_000 / ratePerSecondMax;
  let atMs = 0;
  for (;;) {
    atMs -= meanGapMs * Math.log(1 - random.next());
    if (atMs >= durationMs) return Float64Array.from(times);
    if (random.next() * ratePerSecondMax < rate(atMs)) times.push(atMs);
  }
}

/** An upper bound of the rate, for the thinning; sampled at the granularity at which shapes change. */
export function highestRate(rate: Rate, durationMs: number): number {
  let highest = 0;
  const stepMs = Math.max(NOISE_STEP_MS / 2, durationMs / 100_000);
  for (let atMs = 0; atMs <= durationMs; atMs += stepMs) highest = Math.max(highest, rate(atMs));
  return highest * 1.02;
}
