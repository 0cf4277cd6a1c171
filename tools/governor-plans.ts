// What the pictures of the governors' pages show, by file name. A plan and a seed give the same bytes everywhere.
import { reportSvg, simulate, type SimulationPlan } from '@flyball/autonomics';

export const picturesFolder = new URL('../docs/explanation/governors/pictures/', import.meta.url);

const plans: Readonly<Record<string, SimulationPlan>> = {
  'cost-guard.svg': { governor: 'cost_guard', seed: 1, runs: 1, options: { rateFactor: 100, billingLagMs: 60_000 } },
  'rollback-guard.svg': { governor: 'rollback_guard', seed: 1, runs: 1, options: { basePerSecond: 2, releaseErrorPct: 5 } },
  'backlog-valve.svg': { governor: 'backlog_valve', seed: 1, runs: 1 },
  'tool-guard.svg': { governor: 'tool_guard', seed: 1, runs: 1 },
};

export const governorPictures: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(plans).map(([file, plan]) => [file, () => drawn(plan)]),
);

function drawn(plan: SimulationPlan): string {
  const steps = simulate(plan);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return reportSvg(step.value);
  }
}
