// `flyball simulate backlog_valve`.
import { backlogValvePolicy } from '../../governors/backlog-valve-policy.ts';
import type { GovernorSimulation, SimulationOptions } from '../simulation.ts';
import { generateValveLoad, traceValveLoad, VALVE_SCENARIO, type ValveScenario } from '../valve-load.ts';
import { simulateValve, VALVE_FIGURES } from '../valve-simulation.ts';
import { loadOf, loadText, policyOf } from './reading.ts';

export const valveSimulation: GovernorSimulation = {
  governor: 'backlog_valve',
  title: 'Backlog valve',
  figures: VALVE_FIGURES,
  options: ['load', 'basePerSecond', 'peakPerSecond', 'durationMs', 'capacityPerSecond', 'workers', 'deadlineMs'],
  columns: [
    { signal: 'requests', effect: 'requests until the next row; without it, each row is one request' },
    { signal: 'workMs', effect: 'how long the request of this row is served' },
  ],
  prepare({ policy: input, options, trace }) {
    const given = policyOf(backlogValvePolicy, input);
    const scenario = scenarioOf(options);
    // The deadline is the callers'; a policy that says nothing of it means theirs.
    const policy = input === undefined && options.deadlineMs !== undefined ? policyOf(backlogValvePolicy, { deadlineMs: options.deadlineMs }) : given;
    const capacity = `${scenario.workers} workers, together ${scenario.capacityPerSecond} a second; deadline ${scenario.deadlineMs} ms`;
    return {
      subtitle: `${trace === undefined ? loadText(scenario.load) : `a trace of ${Math.round(trace.durationMs / 1_000)} s`}; ${capacity}`,
      policy,
      run(seed) {
        const load = trace === undefined ? generateValveLoad(scenario, seed) : traceValveLoad(scenario, trace, seed);
        return simulateValve(load, scenario, { seed, policy });
      },
    };
  },
};

function scenarioOf(options: SimulationOptions): ValveScenario {
  return {
    load: loadOf(VALVE_SCENARIO.load, options),
    capacityPerSecond: options.capacityPerSecond ?? VALVE_SCENARIO.capacityPerSecond,
    workers: options.workers ?? VALVE_SCENARIO.workers,
    deadlineMs: options.deadlineMs ?? VALVE_SCENARIO.deadlineMs,
  };
}
