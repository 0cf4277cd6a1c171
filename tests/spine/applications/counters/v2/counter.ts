// Counts what the clients were told that it counted: the sum, and how often it was added to.
import { genServer, reply } from '@flyball/kernel';

interface Sums {
  readonly sums: ReadonlyMap<'all', number>;
  readonly additions: number;
}

export interface Added {
  readonly version: number;
  readonly total: number;
}

export const counter = genServer({
  version: 2,
  init: (): Sums => ({ sums: new Map([['all', 0]]), additions: 0 }),
  calls: {
    add: ({ sums, additions }, by: number) => {
      const total = sums.get('all')! + by;
      return reply<Added, Sums>({ version: 2, total }, { sums: new Map([['all', total]]), additions: additions + 1 });
    },
    total: ({ sums }) => reply(sums.get('all')!),
  },
  codeChange: ({ from, state }) => (from === 1 ? { sums: new Map([['all', state.count]]), additions: 0 } : { count: state.sums.get('all') }),
});
