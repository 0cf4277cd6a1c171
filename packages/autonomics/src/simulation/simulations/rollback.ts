// `flyball simulate rollback_guard`.
import { rollbackGuardPolicy } from '../../governors/rollback-guard-policy.ts';
import { generateRollbackLoad, ROLLBACK_SCENARIO, traceRollbackLoad, type RollbackScenario } from '../rollback-load.ts';
import { ROLLBACK_FIGURES, simulateRollback } from '../rollback-simulation.ts';
import type { GovernorSimulation, SimulationOptions } from '../simulation.ts';
import { loadOf, loadText, policyOf } from './reading.ts';

const LATENCY = { medianMs: 100, sigma: 0.5 };

export const rollbackSimulation: GovernorSimulation = {
  governor: 'rollback_guard',
  title: 'Rollback guard',
  figures: ROLLBACK_FIGURES,
  options: ['load', 'basePerSecond', 'peakPerSecond', 'durationMs', 'errorPct', 'releaseErrorPct', 'releaseLatencyPct', 'deployAtMs'],
  columns: [
    { signal: 'requests', effect: 'requests since the row before' },
    { signal: 'errors', effect: 'how many of them failed' },
  ],
  prepare({ policy: input, options, trace }) {
    const policy = policyOf(rollbackGuardPolicy, input);
    const scenario = scenarioOf(options);
    const deployAtMs = options.deployAtMs ?? (trace === undefined ? 0 : trace.durationMs / 2);
    return {
      subtitle: trace === undefined ? `${loadText(scenario.load)}; ${releaseText(scenario)}` : `a trace of ${Math.round(trace.durationMs / 60_000)} min, deployed after ${Math.round(deployAtMs / 60_000)} min`,
      policy,
      run(seed) {
        const load = trace === undefined ? generateRollbackLoad(scenario, seed) : traceRollbackLoad(trace, deployAtMs);
        return simulateRollback(load, scenario, { seed, policy });
      },
    };
  },
};

function releaseText({ errorShare, releaseErrorShare, latency }: RollbackScenario): string {
  const errors = `errors ${percent(errorShare)} before and ${percent(releaseErrorShare ?? errorShare)} after`;
  return latency === undefined ? errors : `${errors}, latency × ${latency.releaseFactor} after`;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}

/** `durationMs` is before and after together; the release comes in the middle. */
function scenarioOf(options: SimulationOptions): RollbackScenario {
  const load = loadOf(ROLLBACK_SCENARIO.load, options);
  const releaseErrorPct = options.releaseErrorPct ?? (options.releaseLatencyPct === undefined ? 5 : undefined);
  return {
    ...ROLLBACK_SCENARIO,
    load,
    baselineMs: load.durationMs / 2,
    watchMs: load.durationMs / 2,
    errorShare: options.errorPct === undefined ? ROLLBACK_SCENARIO.errorShare : options.errorPct / 100,
    releaseErrorShare: releaseErrorPct === undefined ? undefined : releaseErrorPct / 100,
    latency: options.releaseLatencyPct === undefined ? undefined : { ...LATENCY, releaseFactor: 1 + options.releaseLatencyPct / 100 },
  };
}
