// Crashes when it is told to. Restarted, it must run the version that is in force.
import { genServer, reply } from '@flyball/kernel';

export const sibling = genServer({
  init: () => ({ bornAs: 1 }),
  calls: { versions: ({ bornAs }) => reply([bornAs, 1]) },
  casts: {
    crash: () => {
      throw new Error('told to crash, version 1');
    },
  },
});
