// `flyball simulate cost_guard`.
import { costPolicySchema } from '../../governors/cost-guard/policy.ts';
import { withBudget } from '../cost-governor.ts';
import { COST_SCENARIO, generateCostLoad, traceCostLoad, type CostScenario } from '../cost-load.ts';
import { COST_FIGURES, simulateCost } from '../cost-simulation.ts';
import type { GovernorSimulation, SimulationOptions } from '../simulation.ts';
import { loadOf, loadText, policyOf } from './reading.ts';

export const costSimulation: GovernorSimulation = {
  governor: 'cost_guard',
  title: 'Cost guard',
  figures: COST_FIGURES,
  options: ['load', 'basePerSecond', 'peakPerSecond', 'durationMs', 'rateFactor', 'billingLagMs', 'lostPct'],
  columns: [
    { signal: 'cost', effect: 'what the call cost, in units of the currency' },
    { signal: 'costMax', effect: 'the most that it could have cost; without it, what it cost' },
    { signal: 'durationMs', effect: 'how long it took' },
    { signal: 'tokens', effect: 'output tokens, instead of cost and duration: 0.5 s + 20 ms and 15 millionths each' },
  ],
  prepare({ policy: input, options, trace }) {
    const policy = policyOf(costPolicySchema, input);
    const scenario = scenarioOf(options);
    const speed = scenario.rateFactor === 1 ? '' : `, ${scenario.rateFactor} times as fast`;
    return {
      subtitle: `${trace === undefined ? `LLM-like calls, ${loadText(scenario.load)}` : `${trace.atMs.length} calls of a trace`}${speed}; budget: half of what all would cost; billing ${scenario.billingLagMs / 1_000} s late`,
      policy,
      run(seed) {
        const load = trace === undefined ? generateCostLoad(scenario, seed) : traceCostLoad(scenario, trace, seed);
        return simulateCost(load, scenario, { seed, policy: withBudget(policy, load.budgetMicros, input !== undefined) });
      },
    };
  },
};

function scenarioOf(options: SimulationOptions): CostScenario {
  return {
    ...COST_SCENARIO,
    load: loadOf(COST_SCENARIO.load, options),
    rateFactor: options.rateFactor ?? COST_SCENARIO.rateFactor,
    billingLagMs: options.billingLagMs ?? COST_SCENARIO.billingLagMs,
    lostShare: (options.lostPct ?? 0) / 100,
  };
}
