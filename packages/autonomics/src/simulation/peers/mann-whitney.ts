// The Mann-Whitney test as canary judges use it: by how much is one sample higher, and between which bounds.
// Normal approximation with the correction for ties, as for samples of 30.

export interface Shift {
  /** Hodges and Lehmann's estimate: the median of all differences. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Quantiles of the standard normal for two-sided confidence. */
const Z = { 0.95: 1.959_963_985, 0.98: 2.326_347_874 } as const;

export function shiftOf(experiment: readonly number[], control: readonly number[], confidence: keyof typeof Z): Shift {
  const differences = new Float64Array(experiment.length * control.length);
  experiment.forEach((one, row) => control.forEach((other, column) => (differences[row * control.length + column] = one - other)));
  differences.sort();
  const n = differences.length;
  const mean = n / 2;
  const k = Math.max(0, Math.floor(mean - Z[confidence] * Math.sqrt(tiedVariance(experiment, control))));
  return { estimate: (differences[(n - 1) >> 1]! + differences[n >> 1]!) / 2, lower: differences[k]!, upper: differences[n - 1 - k]! };
}

function tiedVariance(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b].sort((x, y) => x - y);
  const total = all.length;
  let ties = 0;
  for (let from = 0; from < total; ) {
    let to = from;
    while (to < total && all[to] === all[from]) to += 1;
    const size = to - from;
    ties += size ** 3 - size;
    from = to;
  }
  return ((a.length * b.length) / 12) * (total + 1 - ties / (total * (total - 1)));
}

/** Drops what lies further than `factor` interquartile ranges outside of the quartiles. */
export function withoutOutliers(values: readonly number[], factor: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const quartile = (share: number): number => {
    const position = share * (sorted.length - 1);
    const below = Math.floor(position);
    return sorted[below]! + (position - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
  };
  const [low, high] = [quartile(0.25), quartile(0.75)];
  const range = factor * (high - low);
  return values.filter((value) => value >= low - range && value <= high + range);
}
