// Sums up the figures of many runs, policy by policy. Pure.
import type { FigureKind, RunOutcome } from './outcome.ts';

export interface Score {
  /** By the figure's own rule; undefined when no run had a value. */
  readonly value: number | undefined;
  readonly p05: number | undefined;
  readonly p95: number | undefined;
  /** Runs that had a value. */
  readonly runs: number;
}

export interface PolicyScores {
  readonly name: string;
  readonly ours: boolean;
  readonly source?: string;
  readonly scores: Readonly<Record<string, Score>>;
}

/** Keeps numbers only, so that ten thousand runs need no memory of their pictures. */
export class ScoreBoard {
  readonly #kinds: readonly FigureKind[];
  readonly #policies = new Map<string, { ours: boolean; source: string | undefined; values: Map<string, number[]> }>();

  constructor(kinds: readonly FigureKind[]) {
    this.#kinds = kinds;
  }

  add({ outcomes }: Pick<RunOutcome, 'outcomes'>): void {
    for (const { name, ours, source, figures } of outcomes) {
      let policy = this.#policies.get(name);
      if (policy === undefined) this.#policies.set(name, (policy = { ours, source, values: new Map(this.#kinds.map(({ key }) => [key, []])) }));
      for (const { key } of this.#kinds) {
        const value = figures[key];
        if (value !== undefined) policy.values.get(key)!.push(value);
      }
    }
  }

  scores(): PolicyScores[] {
    return [...this.#policies].map(([name, { ours, source, values }]) => ({
      name,
      ours,
      ...(source === undefined ? {} : { source }),
      scores: Object.fromEntries(this.#kinds.map((kind) => [kind.key, scoreOf(kind, values.get(kind.key)!)])),
    }));
  }
}

export function scoreOf({ over }: Pick<FigureKind, 'over'>, values: readonly number[]): Score {
  const sorted = [...values].sort((a, b) => a - b);
  const spread = { p05: quantile(sorted, 0.05), p95: quantile(sorted, 0.95), runs: sorted.length };
  if (sorted.length === 0) return { value: undefined, ...spread };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  switch (over) {
    case 'median':
      return { value: quantile(sorted, 0.5), ...spread };
    case 'mean':
      return { value: mean, ...spread };
    case 'share':
      return { value: 100 * mean, ...spread };
    case 'max':
      return { value: sorted.at(-1), ...spread };
    case 'min':
      return { value: sorted[0], ...spread };
  }
}

/** Nearest rank. */
export function quantile(sorted: ArrayLike<number>, share: number): number | undefined {
  if (sorted.length === 0) return undefined;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
