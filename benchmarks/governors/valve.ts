// valve_…: 140 → 400 → 140 requests/s on workers that can do 200, an hour of them, deadline 500 ms.
import { backlogValve, defaultPolicy, generateValveLoad, simulateValve, VALVE_SCENARIO, type RunOutcome } from '@flyball/autonomics';
import type { Comparison, Figure, Outcome } from '../harness/figure.ts';
import { readable } from '../harness/statistics.ts';
import { compare, type Side } from './comparison.ts';
import { once, seedsOf, seedText } from './seeds.ts';

const RUNS = 3;

const runs = once((quick: boolean): readonly RunOutcome[] => {
  const policy = defaultPolicy(backlogValve.policy);
  const { from, count } = seedsOf(RUNS, quick);
  return Array.from({ length: count }, (_, at) => simulateValve(generateValveLoad(VALVE_SCENARIO, from + at), VALVE_SCENARIO, { seed: from + at, policy }));
});

interface ValveFigure {
  readonly name: string;
  readonly key: string;
  readonly unit: string;
  readonly comparison: Comparison;
  readonly target: number;
  readonly about: string;
}

const FIGURES: readonly ValveFigure[] = [
  { name: 'valve_goodput_pct_of_ideal', key: 'goodputPctOfIdeal', unit: '%', comparison: '>=', target: 99, about: 'answered in time, of what one who knows all service times lets in' },
  { name: 'valve_p99_ms', key: 'waitP99Ms', unit: 'ms', comparison: '<=', target: 150, about: 'p99 of the wait of what is served' },
  { name: 'valve_flips_per_hour', key: 'flipsPerHour', unit: '1/h', comparison: '<=', target: 6, about: 'transitions of the machine, its boot included' },
  { name: 'valve_recovery_s', key: 'recoveryS', unit: 's', comparison: '<=', target: 5, about: 'from the end of the overload to nothing shed' },
];

/** The worst of the runs, for the peers as for ours. */
function measure({ name, key, comparison }: ValveFigure, quick: boolean): Outcome {
  const all = runs(quick);
  const worst = (values: readonly number[]): number => (comparison === '>=' ? Math.min(...values) : Math.max(...values));
  const sides: Side[] = all[0]!.outcomes.map((policy, at) => ({ name: policy.name, value: worst(all.map(({ outcomes }) => outcomes[at]!.figures[key] ?? NaN)) }));
  const top = worst(all.map(({ outcomes }) => outcomes[0]!.figures['shedTopPct']!));
  const own = key === 'goodputPctOfIdeal' ? `of the highest priority shed ${readable(top)} %; ` : '';
  return { kind: 'measured', value: sides[0]!.value!, detail: `worst of the runs; ${own}peers: ${compare(name, sides)}; ${seedText(seedsOf(RUNS, quick))}` };
}

export const valveFigures: readonly Figure[] = FIGURES.map((figure) => ({
  name: figure.name, unit: figure.unit, about: figure.about,
  target: { comparison: figure.comparison, value: figure.target },
  measure: async ({ quick }) => measure(figure, quick),
}));
