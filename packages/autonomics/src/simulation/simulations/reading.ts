// What every simulation reads the same way: its policy and its load.
import { problemText, readPolicy } from '../../policy/read-policy.ts';
import type { PolicySchema } from '../../policy/schema.ts';
import { timeText } from '../chart/scale.ts';
import { SimulationError } from '../errors.ts';
import type { LoadOptions } from '../load/shapes.ts';
import type { SimulationOptions } from '../simulation.ts';

/** Throws SimulationError with every problem. */
export function policyOf<P>(schema: PolicySchema<P>, input: unknown): P {
  const reading = readPolicy(schema, input ?? {});
  if (reading.ok) return reading.policy;
  throw new SimulationError(reading.problems.map((problem) => problemText(schema, problem)).join('\n'));
}

export function loadOf(usual: LoadOptions, { load, basePerSecond, peakPerSecond, durationMs }: SimulationOptions): LoadOptions {
  const base = basePerSecond ?? usual.basePerSecond;
  return {
    shape: load ?? usual.shape,
    basePerSecond: base,
    peakPerSecond: peakPerSecond ?? (basePerSecond === undefined ? usual.peakPerSecond : (base * usual.peakPerSecond) / usual.basePerSecond),
    durationMs: durationMs ?? usual.durationMs,
  };
}

const WITH_PEAK = new Set(['step', 'bursts', 'flash-crowd']);

export function loadText({ shape, basePerSecond, peakPerSecond, durationMs }: LoadOptions): string {
  const peak = WITH_PEAK.has(shape) ? `, up to ${peakPerSecond}` : '';
  return `${shape} load of ${basePerSecond}${peak} a second for ${timeText(durationMs)}`;
}
