// Scores the cost guard and its peers on one load of calls that cost more the longer they run. A refused call
// is not tried again. Pure.
import { EventQueue } from './event-queue.ts';
import type { CostLoad, CostScenario } from './cost-load.ts';
import type { CostPolicy } from '../governors/cost-guard/policy.ts';
import { CostGovernor } from './cost-governor.ts';
import { Track, type FigureKind, type Panel, type PolicyOutcome, type RunOutcome } from './outcome.ts';
import { costPeers, type CostDecider } from './peers/cost-peers.ts';

export const COST_FIGURES: readonly FigureKind[] = [
  { key: 'overspendPct', label: 'overspend', unit: '% of the budget', over: 'max' },
  { key: 'usedPct', label: 'used when it trips', unit: '%', over: 'min' },
  { key: 'refused', label: 'refused calls', unit: '', over: 'median' },
  { key: 'transitions', label: 'changes of state', unit: '', over: 'max' },
];

interface CostResult {
  readonly policy: CostDecider;
  readonly track: Track;
  readonly spentMicros: number;
  readonly refused: number;
  readonly line: readonly (readonly [number, number])[];
}

const ARRIVAL = 0;
const END = 1;
const TICK = 2;
const TICK_MS = 1_000;

/** Ours first. `budgetMicros` is the total that the policy limits. */
export function simulateCost(load: CostLoad, scenario: CostScenario, { seed, policy }: { seed: number; policy: CostPolicy }): RunOutcome {
  const budgetMicros = policy.budgets.totalMicro ?? load.budgetMicros;
  const ours = new CostGovernor(policy, scenario.billingLagMs);
  const results = [ours, ...costPeers({ budgetMicros, lagMs: scenario.billingLagMs })].map((decider) => new CostRun(load, decider, budgetMicros).run());
  return {
    seed,
    durationMs: load.durationMs,
    panels: [spendPanel(load, results)],
    moments: [],
    outcomes: results.map((result, at) => outcome(result, at === 0, budgetMicros)),
  };
}

class CostRun {
  readonly #load: CostLoad;
  readonly #decider: CostDecider;
  readonly #budgetMicros: number;
  readonly #events = new EventQueue();
  readonly #track: Track;
  readonly #line: [number, number][] = [[0, 0]];
  #spentMicros = 0;
  #refused = 0;

  constructor(load: CostLoad, decider: CostDecider, budgetMicros: number) {
    this.#load = load;
    this.#decider = decider;
    this.#budgetMicros = budgetMicros;
    this.#track = decider.track ?? new Track();
  }

  run(): CostResult {
    if (this.#decider.track === undefined) this.#track.at(0, 'stable');
    if (this.#decider.ticked !== undefined) for (let atMs = 0; atMs < this.#load.durationMs; atMs += TICK_MS) this.#events.add(atMs, TICK);
    this.#load.calls.forEach(({ atMs }, index) => this.#events.add(atMs, ARRIVAL, index));
    for (let event = this.#events.next(); event !== undefined; event = this.#events.next()) {
      if (event.kind === ARRIVAL) this.#arrive(event.index, event.atMs);
      else if (event.kind === END) this.#end(event.index, event.atMs);
      else this.#decider.ticked!(event.atMs);
    }
    return { policy: this.#decider, track: this.#track, spentMicros: this.#spentMicros, refused: this.#refused, line: this.#line };
  }

  #arrive(index: number, nowMs: number): void {
    const call = this.#load.calls[index]!;
    const admitted = this.#decider.admit(call, index, nowMs);
    if (admitted) this.#events.add(call.endMs, END, index);
    else this.#refused += 1;
    // Ours keeps its own track, with its own states.
    if (this.#decider.track === undefined) this.#track.at(nowMs, admitted ? 'stable' : 'refusing');
  }

  #end(index: number, nowMs: number): void {
    const call = this.#load.calls[index]!;
    this.#spentMicros += call.costMicros;
    this.#line.push([nowMs, (100 * this.#spentMicros) / this.#budgetMicros]);
    this.#decider.spent?.(call, nowMs);
    if (this.#load.lost[index] === 0) this.#decider.settled(call, index, nowMs);
  }
}

function outcome({ policy, track, spentMicros, refused, line }: CostResult, ours: boolean, budgetMicros: number): PolicyOutcome {
  const usedPct = (100 * spentMicros) / budgetMicros;
  // When it trips: what is under way then does not count as used.
  const trippedMs = track.spans.find(({ state }) => state === 'refusing')?.fromMs ?? Infinity;
  const atTripPct = line.findLast(([atMs]) => atMs <= trippedMs)![1];
  return {
    name: policy.name,
    ours,
    ...(policy.source === undefined ? {} : { source: policy.source }),
    figures: { overspendPct: usedPct - 100, usedPct: Math.min(100, atTripPct), refused, transitions: track.transitions },
    spans: track.spans,
    marks: track.marks,
    reasons: track.reasons,
  };
}

function spendPanel({ durationMs }: CostLoad, results: readonly CostResult[]): Panel {
  return {
    title: 'Spent', unit: '% of the budget',
    lines: results.map(({ policy, line }, at) => ({ name: policy.name, points: [...line, [durationMs, line.at(-1)![1]]], ours: at === 0 })),
    thresholds: [{ label: 'budget', value: 100 }],
  };
}
