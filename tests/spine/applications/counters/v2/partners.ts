// The processes that only version 2 has. They are not there at once: who starts the slow one has to
// wait before it starts the other.
import { genServer, reply } from '@flyball/kernel';

export const slow = genServer({
  init: async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    return {};
  },
});

export const second = genServer({
  init: () => ({}),
  calls: { name: () => reply('second') },
});
