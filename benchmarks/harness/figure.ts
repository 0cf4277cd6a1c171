// What a figure is, what came of measuring it, and the line it ends as. Pure.
import { readable } from './statistics.ts';

export type Comparison = '>=' | '<=' | '=';

export interface Target {
  readonly comparison: Comparison;
  readonly value: number;
}

export interface Conditions {
  /** Ours and the peer's are measured so often, turn by turn. */
  readonly pairs: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** Servers on the first core, the load on the second. */
  readonly pin: boolean;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

export interface Measured {
  readonly kind: 'measured';
  readonly value: number;
  /** What a reader needs to believe it: medians of both sides, spread, maximum. */
  readonly detail: string;
  /** 0 to 1, over the whole of the measurement. Filled in by the suite's runner. */
  readonly stealShare?: number;
}

export type Outcome =
  | Measured
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string };

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly target?: Target;
  /** One line for --help. */
  readonly about: string;
  readonly measure: (conditions: Conditions) => Promise<Outcome>;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly figures: readonly Figure[];
  /** Printed once all figures are measured, before their lines: a table of ours and the peers'. */
  readonly closing?: () => string;
}

export function isMet(target: Target, value: number): boolean {
  if (target.comparison === '>=') return value >= target.value;
  if (target.comparison === '<=') return value <= target.value;
  return value === target.value;
}

export function targetText(target: Target | undefined): string {
  return target === undefined ? 'none' : `${target.comparison} ${target.value}`;
}

/** `figure: <name> = <value> <unit> (target <cmp> <value>)`; what read it before must be able to go on. */
export function figureLine(figure: Figure, outcome: Outcome): string {
  const target = `(target ${targetText(figure.target)})`;
  if (outcome.kind === 'measured') return `figure: ${figure.name} = ${readable(outcome.value)} ${figure.unit} ${target}`;
  return `figure: ${figure.name} = ${outcome.kind} ${target}: ${outcome.reason}`;
}

export function skipped(reason: string): Outcome {
  return { kind: 'skipped', reason };
}
