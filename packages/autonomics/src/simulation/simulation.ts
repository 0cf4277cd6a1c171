// What the simulation of each governor has in common, so that command line, chart and benchmarks treat them alike.
import type { Trace } from './load/trace.ts';
import type { LoadShape } from './load/shapes.ts';
import type { FigureKind, RunOutcome } from './outcome.ts';

/** What can be asked of a simulation; which of them a governor understands is in its `options`. */
export interface SimulationOptions {
  readonly load?: LoadShape;
  readonly basePerSecond?: number;
  readonly peakPerSecond?: number;
  readonly durationMs?: number;
  /** Cost: calls come so many times as fast; billing is late by; nobody settles so many calls. */
  readonly rateFactor?: number;
  readonly billingLagMs?: number;
  readonly lostPct?: number;
  /** Rollback: error rate of the service and of the release, its added latency, when it is deployed in a trace. */
  readonly errorPct?: number;
  readonly releaseErrorPct?: number;
  readonly releaseLatencyPct?: number;
  readonly deployAtMs?: number;
  /** Valve: what the workers can do, and how long anybody waits for it. */
  readonly capacityPerSecond?: number;
  readonly workers?: number;
  readonly deadlineMs?: number;
  /** Tools: when the entitlement is suspended, and for how long. */
  readonly suspendAtMs?: number;
  readonly suspendForMs?: number;
}

export type OptionName = keyof SimulationOptions;

export interface ColumnKind {
  readonly signal: string;
  readonly effect: string;
  /** Unless it is a number. */
  readonly isWord?: boolean;
}

export interface GovernorSimulation {
  readonly governor: string;
  readonly title: string;
  readonly figures: readonly FigureKind[];
  readonly options: readonly OptionName[];
  /** What a trace may have beside its time. */
  readonly columns: readonly ColumnKind[];
  /** Reads the policy (throws SimulationError, all problems at once) and returns what runs a seed. */
  prepare(plan: PreparedPlan): PreparedSimulation;
}

export interface PreparedPlan {
  /** Parsed JSON; undefined: the defaults. */
  readonly policy: unknown;
  readonly options: SimulationOptions;
  readonly trace: Trace | undefined;
}

export interface PreparedSimulation {
  /** The load in words. */
  readonly subtitle: string;
  readonly policy: unknown;
  run(seed: number): RunOutcome;
}
