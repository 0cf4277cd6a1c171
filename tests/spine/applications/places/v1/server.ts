// Tools that say which OS process of the node they run in.
import { formatPid, identity, monitorWith, named, type Down } from '@flyball/kernel';
import { json, mcpServer, tool } from '@flyball/mcp';
import * as z from 'zod';
import { gate } from './gate.ts';
import type { neighbour } from './neighbour.ts';

const SHARD = z.object({ shard: z.number() });
const LONG_MS = 60_000;

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
      limits: { timeoutMs: LONG_MS },
      run: async (_, { self, progress }) => {
        const pid = await self.start(gate, undefined);
        progress({ progress: 1, message: String(pid) });
        const word = await self.call(pid, 'wait', undefined, { timeoutMs: LONG_MS });
        return json({ word, shard: identity.shard, generation: identity.creation });
      },
    }),
    /** Calls the process of that name in a shard. */
    meet: tool({
      input: SHARD,
      run: async ({ shard }, { self }) => {
        const { pid, ...met } = await self.call(named<typeof neighbour>('neighbour', shard), 'meet');
        return json({ ...met, pid: formatPid(pid), from: identity.shard });
      },
    }),
    /** Kills that process; answers with what a monitor outside of any process was told. */
    kill: tool({
      input: SHARD,
      run: async ({ shard }, { self }) => {
        const { pid } = await self.call(named<typeof neighbour>('neighbour', shard), 'meet');
        const down = new Promise<Down>((resolve) => void monitorWith(pid, resolve));
        self.exit(pid, 'kill');
        const { reason } = await down;
        return json({ reason, pid: formatPid(pid), from: identity.shard });
      },
    }),
    /** Has this shard's process watch that of a shard, and waits for its end; the progress says that it does. */
    outlive: tool({
      input: SHARD,
      limits: { timeoutMs: LONG_MS },
      run: async ({ shard }, { self, progress }) => {
        const { pid } = await self.call(named<typeof neighbour>('neighbour', shard), 'meet');
        const end = self.call(named<typeof neighbour>('neighbour'), 'outlive', pid, { timeoutMs: LONG_MS });
        // Answered after it by both: the monitor stands.
        await self.call(named<typeof neighbour>('neighbour'), 'meet');
        await self.call(named<typeof neighbour>('neighbour', shard), 'meet');
        progress({ progress: 1, message: formatPid(pid) });
        return json({ ...(await end), from: identity.shard });
      },
    }),
  },
});
