// cost_overspend_pct and cost_used_pct_x…: calls of language models (0.5 s + 20 ms a token, sizes heavy-tailed)
// against a budget of half of what they would cost, at ×1, ×10 and ×100 of their rate, billing 0, 60 and 600 s
// late, 50 callers who come one by one or all at once, and with one settlement of a hundred lost.
import { COST_SCENARIO, costGuard, defaultPolicy, generateCostLoad, simulateCost, withBudget } from '@flyball/autonomics';
import type { Figure, Outcome } from '../harness/figure.ts';
import { compare, type Side } from './comparison.ts';
import { once, seedsOf, seedText } from './seeds.ts';

const RATES = [1, 10, 100] as const;
const LAGS_MS = [0, 60_000, 600_000];
const MANNERS: readonly Manner[] = [{ together: false, lostShare: 0 }, { together: true, lostShare: 0 }, { together: true, lostShare: 0.01 }];
const RUNS = 3;
const OURS = 'cost guard';

interface Sample {
  readonly rate: number;
  readonly name: string;
  readonly overspendPct: number;
  readonly usedPct: number;
  readonly lost: boolean;
}

interface Manner {
  readonly together: boolean;
  readonly lostShare: number;
}

const samples = once((quick: boolean): readonly Sample[] => {
  const { from, count } = seedsOf(RUNS, quick);
  const seeds = Array.from({ length: count }, (_, at) => from + at);
  const scenarios = RATES.flatMap((rate) => LAGS_MS.flatMap((lagMs) => MANNERS.map((manner) => ({ rate, lagMs, manner }))));
  return scenarios.flatMap((scenario) => seeds.flatMap((seed) => samplesOf(scenario, seed)));
});

function samplesOf({ rate, lagMs, manner }: { rate: number; lagMs: number; manner: Manner }, seed: number): Sample[] {
  const scenario = { ...COST_SCENARIO, rateFactor: rate, billingLagMs: lagMs, ...manner };
  const load = generateCostLoad(scenario, seed);
  const policy = withBudget(defaultPolicy(costGuard.policy), load.budgetMicros, false);
  return simulateCost(load, scenario, { seed, policy }).outcomes.map(({ name, figures }) => (
    { rate, name, overspendPct: figures['overspendPct']!, usedPct: figures['usedPct']!, lost: manner.lostShare > 0 }
  ));
}

/** In the order in which they first appear: ours, without lag, with lag. */
function sides(of: readonly Sample[], value: (samples: readonly Sample[]) => number): Side[] {
  const names = [OURS, 'check-then-act', 'check-then-act, 60 s lag', 'check-then-act, 600 s lag'];
  return names.map((name) => {
    const own = of.filter((sample) => sample.name === name);
    return { name, value: own.length === 0 ? undefined : value(own) };
  });
}

const worst = (of: readonly Sample[]): number => Math.max(...of.map(({ overspendPct }) => overspendPct));
const least = (of: readonly Sample[]): number => Math.min(...of.map(({ usedPct }) => usedPct));

function overspend(quick: boolean): Outcome {
  const all = samples(quick);
  const peers = compare('cost_overspend_pct', sides(all, worst));
  const byRate = RATES.map((rate) => `×${rate} ${worst(all.filter((sample) => sample.rate === rate && sample.name === OURS)).toFixed(3)}`).join(', ');
  const runs = all.filter(({ name }) => name === OURS).length;
  const detail = `largest of ${runs} runs (${RATES.length} rates, ${LAGS_MS.length} lags, ${MANNERS.length} manners of calling): ${byRate}; peers: ${peers}; ${seedText(seedsOf(RUNS, quick))}`;
  return { kind: 'measured', value: worst(all.filter(({ name }) => name === OURS)), detail };
}

/** A lost settlement is charged in full, so what it did not cost stays unused: a loss of its own, told in the detail. */
function used(rate: number, quick: boolean): Outcome {
  const at = samples(quick).filter((sample) => sample.rate === rate);
  const settled = at.filter(({ lost }) => !lost);
  const peers = compare(`cost_used_pct_x${rate}`, sides(settled, least));
  const withLost = least(at.filter(({ lost, name }) => lost && name === OURS));
  const detail = `least of all lags and manners, when it trips; ${withLost.toFixed(1)} with 1 % of the settlements lost; peers (100 where they overspent): ${peers}; ${seedText(seedsOf(RUNS, quick))}`;
  return { kind: 'measured', value: least(settled.filter(({ name }) => name === OURS)), detail };
}

export const costFigures: readonly Figure[] = [
  {
    name: 'cost_overspend_pct', unit: '%', target: { comparison: '<=', value: 0 },
    about: 'largest overspend over ×1, ×10, ×100 rate, 0 / 60 / 600 s billing lag, 50 concurrent callers',
    measure: async ({ quick }) => overspend(quick),
  },
  ...RATES.map((rate): Figure => ({
    name: `cost_used_pct_x${rate}`, unit: '%', target: { comparison: '>=', value: rate === 100 ? 95 : 99 },
    about: `budget used when it trips, at ×${rate} of the rate`,
    measure: async ({ quick }) => used(rate, quick),
  })),
];
