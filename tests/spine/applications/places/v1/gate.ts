// Keeps whoever waits at it until somebody opens it.
import { genServer, noReply, reply, type Self } from '@flyball/kernel';

interface Gate {
  readonly waiting: readonly number[];
}

export const gate = genServer({
  init: (): Gate => ({ waiting: [] }),
  calls: {
    wait: ({ waiting }, _: void, self: Self) => noReply<string, Gate>({ waiting: [...waiting, self.caller] }),
    open: ({ waiting }, word: string, self: Self) => {
      for (const caller of waiting) self.answer(caller, word);
      return reply(waiting.length, { waiting: [] });
    },
  },
});
