// Runs a simulation: reads its plan, runs seed after seed, sums up, keeps the first run for the picture. Pure and
// stepwise, so that whoever shows progress or wants to stop can do so between two runs.
import { htmlPage } from './chart/html.ts';
import { svgPicture } from './chart/svg.ts';
import { SimulationError } from './errors.ts';
import { readTrace, type TraceOptions } from './load/trace.ts';
import type { FigureKind, RunOutcome } from './outcome.ts';
import { ScoreBoard, type PolicyScores } from './scores.ts';
import type { GovernorSimulation, OptionName, SimulationOptions } from './simulation.ts';
import { costSimulation } from './simulations/cost.ts';
import { rollbackSimulation } from './simulations/rollback.ts';
import { toolSimulation } from './simulations/tool.ts';
import { valveSimulation } from './simulations/valve.ts';

export const SIMULATIONS: readonly GovernorSimulation[] = [costSimulation, rollbackSimulation, valveSimulation, toolSimulation];

export interface SimulationPlan {
  readonly governor: string;
  readonly seed: number;
  /** Seeds `seed`, `seed + 1`, …, so many. */
  readonly runs: number;
  /** Parsed JSON; undefined: the defaults. */
  readonly policy?: unknown;
  readonly options?: SimulationOptions;
  readonly trace?: TraceOptions & { readonly text: string };
}

export interface SimulationReport {
  readonly governor: string;
  readonly title: string;
  readonly subtitle: string;
  readonly seed: number;
  readonly runs: number;
  /** As read, defaults filled in. */
  readonly policy: unknown;
  readonly figures: readonly FigureKind[];
  readonly scores: readonly PolicyScores[];
  /** The run of `seed`, whole. */
  readonly first: RunOutcome;
}

export function simulationOf(governor: string): GovernorSimulation {
  const found = SIMULATIONS.find((one) => one.governor === governor);
  if (found !== undefined) return found;
  throw new SimulationError(`There is no governor "${governor}"; there are ${SIMULATIONS.map((one) => one.governor).join(', ')}.`);
}

/** Yields how many runs are done. Throws SimulationError and TraceError before the first run. */
export function* simulate(plan: SimulationPlan): Generator<number, SimulationReport> {
  const simulation = simulationOf(plan.governor);
  const options = plan.options ?? {};
  checkOptions(simulation, options);
  const prepared = simulation.prepare({ policy: plan.policy, options, trace: plan.trace && tracedBy(simulation, plan.trace) });
  const board = new ScoreBoard(simulation.figures);
  let first: RunOutcome | undefined;
  for (let run = 0; run < plan.runs; run++) {
    const outcome = prepared.run(plan.seed + run);
    first ??= outcome;
    board.add(outcome);
    yield run + 1;
  }
  if (first === undefined) throw new SimulationError('A simulation needs at least one run.');
  return {
    governor: plan.governor, title: simulation.title, subtitle: prepared.subtitle, seed: plan.seed, runs: plan.runs,
    policy: prepared.policy, figures: simulation.figures, scores: board.scores(), first,
  };
}

function checkOptions({ governor, options: known }: GovernorSimulation, given: SimulationOptions): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name as OptionName)) continue;
    const others = SIMULATIONS.filter(({ options }) => options.includes(name as OptionName)).map((one) => one.governor);
    throw new SimulationError(`${name} says nothing to ${governor}; it is for ${others.join(' and ')}.`);
  }
}

function tracedBy({ governor, columns }: GovernorSimulation, trace: TraceOptions & { readonly text: string }): ReturnType<typeof readTrace> {
  for (const signal of Object.keys(trace.columns)) {
    if (columns.some((column) => column.signal === signal)) continue;
    throw new SimulationError(`${governor} knows no signal "${signal}"; it knows ${columns.map((column) => column.signal).join(', ')}.`);
  }
  return readTrace(trace.text, { ...trace, words: columns.filter(({ isWord }) => isWord === true).map(({ signal }) => signal) });
}

export function reportSvg({ title, subtitle, seed, first, figures }: SimulationReport): string {
  return svgPicture({ title, subtitle: `${subtitle}; seed ${seed}`, run: first, figures });
}

export function reportHtml(report: SimulationReport, command: string): string {
  const { title, subtitle, seed, runs, first, figures, scores } = report;
  const seeds = runs === 1 ? `seed ${seed}` : `seeds ${seed} to ${seed + runs - 1}, the picture is of ${seed}`;
  return htmlPage({ title, subtitle: `${subtitle}; ${seeds}`, run: first, figures, scores, runs, command });
}
