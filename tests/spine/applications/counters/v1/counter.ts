// Counts what the clients were told that it counted. Version 2 keeps the same count in another shape.
import { genServer, reply } from '@flyball/kernel';

interface Count {
  readonly count: number;
}

export interface Added {
  readonly version: number;
  readonly total: number;
}

export const counter = genServer({
  init: (): Count => ({ count: 0 }),
  calls: {
    add: ({ count }, by: number) => reply<Added, Count>({ version: 1, total: count + by }, { count: count + by }),
    total: ({ count }) => reply(count),
  },
});
