import { genServer, named, reply, type Self } from '@flyball/kernel';

export const fuse = genServer({
  init: () => ({ isBlown: false }),
  calls: {
    isBlown: ({ isBlown }) => reply(isBlown),
    blow: () => reply('blown' as const, { isBlown: true }),
  },
});

export const fragile = genServer({
  init: async (_: void, self: Self) => {
    if (await self.call(named<typeof fuse>('fuse'), 'isBlown')) throw new Error('the fuse is blown');
    return { starts: 1 };
  },
  calls: { ping: () => reply('pong' as const) },
});
