// Tools that say which OS process of the node they run in.
import { identity } from '@flyball/kernel';
import { json, mcpServer, tool } from '@flyball/mcp';
import * as z from 'zod';
import { gate } from './gate.ts';

export default mcpServer({
  name: 'places',
  tools: {
    where: tool({
      input: z.object({ text: z.string() }),
      run: async ({ text }) => {
        await new Promise(setImmediate);
        return json({ text, shard: identity.shard, generation: identity.creation });
      },
    }),
    /** Waits until somebody opens its gate, whose pid the progress tells. */
    hold: tool({
      limits: { timeoutMs: 60_000 },
      run: async (_, { self, progress }) => {
        const pid = await self.start(gate, undefined);
        progress({ progress: 1, message: String(pid) });
        const word = await self.call(pid, 'wait', undefined, { timeoutMs: 60_000 });
        return json({ word, shard: identity.shard, generation: identity.creation });
      },
    }),
  },
});
