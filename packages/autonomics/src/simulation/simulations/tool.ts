// `flyball simulate tool_guard`.
import { toolPolicySchema, type ToolPolicy } from '../../governors/tool-guard/policy.ts';
import type { Trace } from '../load/trace.ts';
import type { GovernorSimulation, SimulationOptions } from '../simulation.ts';
import { EXAMPLE_TOOLS, generateToolLoad, TOOL_SCENARIO, traceToolLoad, type ToolScenario } from '../tool-load.ts';
import { simulateTools, TOOL_FIGURES } from '../tool-simulation.ts';
import { loadOf, loadText, policyOf } from './reading.ts';

export const toolSimulation: GovernorSimulation = {
  governor: 'tool_guard',
  title: 'Tool guard',
  figures: TOOL_FIGURES,
  options: ['load', 'basePerSecond', 'peakPerSecond', 'durationMs', 'suspendAtMs', 'suspendForMs'],
  columns: [
    { signal: 'tool', effect: 'name of the tool', isWord: true },
    { signal: 'role', effect: 'role of the caller', isWord: true },
    { signal: 'durationMs', effect: 'how long the call would run' },
    { signal: 'memoryBytes', effect: 'how much memory it would use' },
  ],
  prepare({ policy: input, options, trace }) {
    const policy = input === undefined ? withTools(policyOf(toolPolicySchema, {}), trace) : policyOf(toolPolicySchema, input);
    const scenario = scenarioOf(options, trace);
    return {
      subtitle: `${trace === undefined ? loadText(scenario.load) : `${trace.atMs.length} calls of a trace`}; suspended from ${scenario.suspendAtMs / 1_000} s for ${scenario.suspendForMs / 1_000} s`,
      policy,
      run(seed) {
        const load = trace === undefined ? generateToolLoad(scenario, seed) : traceToolLoad(scenario, trace);
        return simulateTools(load, { seed, policy });
      },
    };
  },
};

/** Without a policy the tools of the trace are allowed to everybody, those of the generated load as its example says. */
function withTools(policy: ToolPolicy, trace: Trace | undefined): ToolPolicy {
  if (trace === undefined) return { ...policy, tools: EXAMPLE_TOOLS };
  return { ...policy, tools: Object.fromEntries([...new Set(trace.words['tool'] ?? ['search'])].map((tool) => [tool, EXAMPLE_TOOLS['search']!])) };
}

function scenarioOf(options: SimulationOptions, trace: Trace | undefined): ToolScenario {
  const load = loadOf(TOOL_SCENARIO.load, options);
  const durationMs = trace?.durationMs ?? load.durationMs;
  const share = durationMs / TOOL_SCENARIO.load.durationMs;
  return {
    load,
    suspendAtMs: options.suspendAtMs ?? share * TOOL_SCENARIO.suspendAtMs,
    suspendForMs: options.suspendForMs ?? share * TOOL_SCENARIO.suspendForMs,
  };
}
