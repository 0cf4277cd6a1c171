// Interleaved pairs: ours, peer, peer, ours, ours, … so that whatever slows the machine for a while, or
// drifts, falls on both sides alike. The ratio is taken within a pair, then the median of the pairs.
import { machineTicks, stealShare } from './processor.ts';
import { median, readable } from './statistics.ts';
import type { Conditions } from './figure.ts';

export interface Pair<Sample> {
  readonly ours: Sample;
  readonly peer: Sample;
  readonly stealShare: number;
}

export interface Sides<Sample> {
  readonly ours: () => Promise<Sample>;
  readonly peer: () => Promise<Sample>;
  /** One line on what a sample is, for the progress. */
  readonly describe: (sample: Sample) => string;
}

export async function measurePairs<Sample>(conditions: Conditions, sides: Sides<Sample>): Promise<Pair<Sample>[]> {
  const pairs: Pair<Sample>[] = [];
  for (let number = 0; number < conditions.pairs; number++) {
    const before = machineTicks();
    const pair = await measurePair(sides, number % 2 === 0);
    const steal = stealShare(before, machineTicks());
    pairs.push({ ...pair, stealShare: steal });
    conditions.say(
      `pair ${number + 1}/${conditions.pairs}: ours ${sides.describe(pair.ours)} | ` +
        `peer ${sides.describe(pair.peer)} | steal ${percent(steal)}`,
    );
  }
  return pairs;
}

async function measurePair<Sample>(sides: Sides<Sample>, oursFirst: boolean): Promise<{ ours: Sample; peer: Sample }> {
  if (oursFirst) {
    const ours = await sides.ours();
    return { ours, peer: await sides.peer() };
  }
  const peer = await sides.peer();
  return { ours: await sides.ours(), peer };
}

export interface Ratio {
  readonly value: number;
  readonly detail: string;
}

/** The median of `of(ours) ÷ of(peer)`, and how far the pairs lay apart. */
export function medianRatio<Sample>(pairs: readonly Pair<Sample>[], of: (sample: Sample) => number): Ratio {
  const ratios = pairs.map((pair) => of(pair.ours) / of(pair.peer));
  const low = Math.min(...ratios);
  const high = Math.max(...ratios);
  return { value: median(ratios), detail: `${pairs.length} pairs from ${readable(low)} to ${readable(high)}` };
}

export function medianOf<Sample>(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return median(samples.map(of));
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
