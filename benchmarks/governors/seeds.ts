// The seeds of the governors' figures, printed with each. Nobody's defaults were tuned on them: the tests and
// the sweeps by which the defaults were found use seeds below a million.
export const FIRST_SEED = 40_000_001;

export interface Seeds {
  readonly from: number;
  readonly count: number;
}

/** `--quick` looks at a twentieth of the runs, at least one. */
export function seedsOf(count: number, quick: boolean): Seeds {
  return { from: FIRST_SEED, count: quick ? Math.max(1, Math.ceil(count / 20)) : count };
}

export function seedText({ from, count }: Seeds): string {
  return count === 1 ? `seed ${from}` : `${count} runs, seeds ${from} to ${from + count - 1}`;
}

/** Measured once, read by several figures. */
export function once<T>(make: (quick: boolean) => T): (quick: boolean) => T {
  const made = new Map<boolean, T>();
  return (quick) => {
    if (!made.has(quick)) made.set(quick, make(quick));
    return made.get(quick)!;
  };
}
