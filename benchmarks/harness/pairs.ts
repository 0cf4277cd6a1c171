// Interleaved pairs: ours, peer, peer, ours, ours, … so that whatever slows the machine for a while, or
// drifts, falls on both sides alike. The ratio is taken within a pair, then the median of the pairs. A pair
// during which somebody else used the machine is taken again, a bounded number of times: which one is decided
// by what others used, never by its result.
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
  /** Cores that others of this machine used while the sample was taken, where it knows. */
  readonly othersBusy?: (sample: Sample) => number;
}

const STEAL_MAX = 0.05;
const OTHERS_BUSY_MAX = 0.25;

export interface Pairs<Sample> {
  readonly all: readonly Pair<Sample>[];
  /** Taken again, or kept though disturbed because there was no end to it; for the detail of a figure. */
  readonly disturbances: string;
}

export async function measurePairs<Sample>(conditions: Conditions, sides: Sides<Sample>): Promise<Pairs<Sample>> {
  const all: Pair<Sample>[] = [];
  let retakesLeft = conditions.quick ? 0 : conditions.pairs;
  let kept = 0;
  for (let turn = 0; all.length < conditions.pairs; turn++) {
    const pair = await measurePair(sides, turn % 2 === 0);
    const disturbed = isDisturbed(pair, sides);
    const isRetaken = disturbed && retakesLeft > 0;
    conditions.say(`pair ${all.length + 1}/${conditions.pairs}: ${describePair(pair, sides)}${isRetaken ? ' | disturbed: taken again' : ''}`);
    if (isRetaken) retakesLeft--;
    else {
      all.push(pair);
      if (disturbed) kept++;
    }
  }
  return { all, disturbances: kept === 0 ? '' : `, ${kept} of them while others used the machine` };
}

function isDisturbed<Sample>(pair: Pair<Sample>, { othersBusy }: Sides<Sample>): boolean {
  if (pair.stealShare > STEAL_MAX) return true;
  return othersBusy !== undefined && Math.max(othersBusy(pair.ours), othersBusy(pair.peer)) > OTHERS_BUSY_MAX;
}

async function measurePair<Sample>(sides: Sides<Sample>, oursFirst: boolean): Promise<Pair<Sample>> {
  const before = machineTicks();
  const first = oursFirst ? await sides.ours() : await sides.peer();
  const second = oursFirst ? await sides.peer() : await sides.ours();
  const [ours, peer] = oursFirst ? [first, second] : [second, first];
  return { ours, peer, stealShare: stealShare(before, machineTicks()) };
}

function describePair<Sample>(pair: Pair<Sample>, { describe }: Sides<Sample>): string {
  return `ours ${describe(pair.ours)} | peer ${describe(pair.peer)} | steal ${percent(pair.stealShare)}`;
}

export interface Ratio {
  readonly value: number;
  readonly detail: string;
}

/** The median of `of(ours) ÷ of(peer)`, and how far the pairs lay apart. */
export function medianRatio<Sample>({ all, disturbances }: Pairs<Sample>, of: (sample: Sample) => number): Ratio {
  const ratios = all.map((pair) => of(pair.ours) / of(pair.peer));
  const range = `from ${readable(Math.min(...ratios))} to ${readable(Math.max(...ratios))}`;
  return { value: median(ratios), detail: `${all.length} pairs ${range}${disturbances}` };
}

export function medianOf<Sample>(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return median(samples.map(of));
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
