// The process that only version 1 has.
import { genServer, reply } from '@flyball/kernel';

export const first = genServer({
  init: () => ({}),
  calls: { name: () => reply('first') },
});
