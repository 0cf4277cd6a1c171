// The calls of one run of the cost guard's simulation, generated or from a trace, and the budget they meet:
// half of what they would cost, so that every run comes to the end of its budget.
import { seededRandom, type Random } from '@flyball/kernel';
import { SimulationError } from './errors.ts';
import { LLM_LOAD, llmCalls, type LlmCall } from './load/llm-load.ts';
import { arrivals, highestRate, rateOf, type LoadOptions } from './load/shapes.ts';
import type { Trace } from './load/trace.ts';

export interface CostScenario {
  /** Calls start so many times as fast; what they cost stays. */
  readonly rateFactor: number;
  /** How late billing tells what was spent. */
  readonly billingLagMs: number;
  /** All callers start a call at the same moment, again and again. */
  readonly together: boolean;
  /** Of the calls, 0 to 1, that nobody settles: a caller that died. */
  readonly lostShare: number;
  readonly budgetShare: number;
  readonly load: LoadOptions;
}

export interface CostLoad {
  readonly calls: readonly LlmCall[];
  /** 1 where nobody settles. */
  readonly lost: Uint8Array;
  readonly budgetMicros: number;
  readonly durationMs: number;
}

export const COST_SCENARIO: CostScenario = {
  rateFactor: 1,
  billingLagMs: 60_000,
  together: false,
  lostShare: 0,
  budgetShare: 0.5,
  load: { shape: 'noise', basePerSecond: 0.5, peakPerSecond: 2, durationMs: 10 * 3_600_000 },
};

export function generateCostLoad(scenario: CostScenario, seed: number): CostLoad {
  const random = seededRandom(seed);
  const rate = rateOf(scenario.load, random);
  const { durationMs } = scenario.load;
  const times = arrivals(rate, durationMs, random, highestRate(rate, durationMs));
  const startMs = scenario.together ? togetherTimes(times) : times;
  const calls = llmCalls(startMs, random);
  return finished(calls, scenario, random);
}

/** The i-th fifty all start when its last one would have. */
function togetherTimes(times: Float64Array): Float64Array {
  return times.map((_, at) => times[Math.min(times.length - 1, at - (at % LLM_LOAD.callers) + LLM_LOAD.callers - 1)]!);
}

/**
 * Columns: `cost` and, if there are, `costMax` (the most it could have cost) and `durationMs`; or `tokens`,
 * the output tokens, from which duration and cost follow as for generated calls.
 */
export function traceCostLoad(scenario: CostScenario, trace: Trace, seed: number): CostLoad {
  const { cost, costMax, durationMs, tokens } = trace.signals;
  if ((cost === undefined) === (tokens === undefined)) throw new SimulationError('A trace of the cost guard needs a column for "cost" or one for "tokens", and not both.');
  const most = tokens?.reduce((a, b) => Math.max(a, b), 0) ?? 0;
  const calls = Array.from(trace.atMs, (atMs, row): LlmCall => {
    const output = tokens?.[row] ?? 0;
    const costMicros = cost === undefined ? Math.round(output * LLM_LOAD.microsPerOutputToken) : Math.round(cost[row]! * 1e6);
    const worst = cost === undefined ? most * LLM_LOAD.microsPerOutputToken : costMax === undefined ? costMicros : costMax[row]! * 1e6;
    const lastsMs = durationMs?.[row] ?? LLM_LOAD.baseMs + LLM_LOAD.msPerToken * output;
    return { atMs, endMs: atMs + lastsMs, caller: row % LLM_LOAD.callers, costMicros, costMaxMicros: Math.ceil(worst) };
  });
  const wrong = calls.findIndex((call) => call.costMaxMicros < call.costMicros);
  if (wrong >= 0) throw new SimulationError(`line ${trace.lines[wrong]}: it cost more than its "costMax" allows; such a reservation would be none.`);
  return finished(calls, scenario, seededRandom(seed));
}

function finished(calls: readonly LlmCall[], { rateFactor, budgetShare, lostShare }: CostScenario, random: Random): CostLoad {
  if (calls.length === 0) throw new SimulationError('The load has no calls; raise its rate or its duration.');
  const faster = calls.map((call) => {
    const atMs = call.atMs / rateFactor;
    return { ...call, atMs, endMs: atMs + (call.endMs - call.atMs) };
  });
  const total = faster.reduce((sum, { costMicros }) => sum + costMicros, 0);
  const durationMs = faster.reduce((most, { endMs }) => Math.max(most, endMs), 0) + 1_000;
  const lost = Uint8Array.from(faster, () => (random.next() < lostShare ? 1 : 0));
  return { calls: faster, lost, budgetMicros: Math.floor(budgetShare * total), durationMs };
}
