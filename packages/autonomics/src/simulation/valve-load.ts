// What arrives at a queue in one run: when, how important, how much work. Drawn once a run, so that every
// policy faces the same load. Plain typed arrays: an hour at 400 requests/s is a million of them.
import { seededRandom } from '@flyball/kernel';
import { exponential } from './load/distributions.ts';
import { arrivals, highestRate, overloadOf, rateOf, type LoadOptions, type Rate } from './load/shapes.ts';
import type { Trace } from './load/trace.ts';
import { SimulationError } from './errors.ts';
import { workloadOf, type Workload } from './queue-model.ts';

export interface ValveScenario {
  /** Requests that all workers together finish a second. */
  readonly capacityPerSecond: number;
  readonly workers: number;
  /** From arrival to the end of service; what takes longer is lost work. */
  readonly deadlineMs: number;
  readonly load: LoadOptions;
}

export interface ValveLoad {
  readonly workload: Workload;
  readonly rate: Rate;
  /** When more arrived than can be served; empty where the shape has no such stretch. */
  readonly overload: { readonly fromMs: number; readonly toMs: number } | undefined;
}

export const VALVE_SCENARIO: ValveScenario = {
  capacityPerSecond: 200,
  workers: 4,
  deadlineMs: 500,
  load: { shape: 'step', basePerSecond: 140, peakPerSecond: 400, durationMs: 3_600_000 },
};

/** Of a hundred requests 5 are of the highest priority, 45 of the middle one. */
const PRIORITY_SHARES = [0.05, 0.15, 0.45, 0.2, 0.15];

export function generateValveLoad(scenario: ValveScenario, seed: number): ValveLoad {
  const random = seededRandom(seed);
  const { durationMs } = scenario.load;
  const rate = rateOf(scenario.load, random);
  const atMs = arrivals(rate, durationMs, random, highestRate(rate, durationMs));
  const overload = scenario.load.shape === 'step' ? overloadOf(durationMs) : undefined;
  return { rate, overload, workload: drawn(atMs, scenario, { durationMs, seed: random.below(2 ** 31) }) };
}

/** One row is one request, or, with a column `requests`, as many spread evenly until the next row. */
export function traceValveLoad(scenario: ValveScenario, trace: Trace, seed: number): ValveLoad {
  const { requests, workMs } = trace.signals;
  if (requests !== undefined && workMs !== undefined) throw new SimulationError('A trace of the backlog valve has one row a request (with "workMs") or counts ("requests"), not both.');
  const atMs = requests === undefined ? trace.atMs : spread(trace, requests);
  const durationMs = Math.max(trace.durationMs, atMs.at(-1) ?? 0) + 1_000;
  const workload = drawn(atMs, scenario, { durationMs, seed });
  return { rate: rateOfTimes(atMs), overload: undefined, workload: workMs === undefined ? workload : { ...workload, serviceMs: workMs } };
}

function drawn(atMs: Float64Array, { capacityPerSecond, workers }: ValveScenario, { durationMs, seed }: { durationMs: number; seed: number }): Workload {
  const meanMs = (1_000 * workers) / capacityPerSecond;
  return workloadOf(atMs, { durationMs, service: (random) => exponential(random, meanMs), shares: PRIORITY_SHARES, random: seededRandom(seed) });
}

function spread({ atMs }: Trace, requests: Float64Array): Float64Array {
  const times: number[] = [];
  atMs.forEach((fromMs, row) => {
    const toMs = atMs[row + 1] ?? fromMs + (row === 0 ? 1_000 : fromMs - atMs[row - 1]!);
    const count = Math.round(requests[row]!);
    for (let one = 0; one < count; one++) times.push(fromMs + ((one + 0.5) / count) * (toMs - fromMs));
  });
  return Float64Array.from(times);
}

/** Requests in the second around a time. */
function rateOfTimes(atMs: Float64Array): Rate {
  const perSecond = new Map<number, number>();
  for (const at of atMs) perSecond.set(Math.floor(at / 1_000), (perSecond.get(Math.floor(at / 1_000)) ?? 0) + 1);
  return (at) => perSecond.get(Math.floor(at / 1_000)) ?? 0;
}
