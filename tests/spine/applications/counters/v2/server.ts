// Version 2's own tools.
import { call, named, processNamed, type SupervisorProtocol } from '@flyball/kernel';
import { json, mcpServer, tool } from '@flyball/mcp';
import * as z from 'zod';
import type { counter } from './counter.ts';
import { COUNTERS } from './counters.ts';
import { liveBytes } from './live-bytes.ts';
import type { second } from './partners.ts';
import type { sibling } from './sibling.ts';

const VERSION = 2;

export default mcpServer({
  name: 'counters',
  tools: {
    add: tool({
      input: z.object({ counter: z.string() }),
      run: async ({ counter: name }, { self }) => {
        const partner = await self.call(named<typeof second>('second'), 'name');
        // So that some calls are always under way.
        for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
        const added = await self.call(named<typeof counter>(name), 'add', 1);
        return json({ versions: [VERSION, added.version], partner, total: added.total });
      },
    }),
    /** Crashes every sibling and answers with what the restarted ones are. */
    crash: tool({
      run: async (_, { self }) => {
        const siblings = ['sibling-a', 'sibling-b', 'sibling-c'].filter((name) => processNamed(name) !== undefined);
        const before = siblings.map((name) => processNamed(name)!.pid.serial);
        for (const name of siblings) self.cast(named<typeof sibling>(name), 'crash');
        const versions = await Promise.all(siblings.map((name, at) => restarted(name, before[at]!)));
        return json({ versions: [VERSION, ...versions.flat()], siblings });
      },
    }),
    totals: tool({ run: async () => json(await Promise.all(COUNTERS.map((name) => call(named<typeof counter>(name), 'total')))) }),
    children: tool({ run: async () => json((await call(named<{ protocol: SupervisorProtocol }>('counters_sup'), 'whichChildren')).filter(({ pid }) => pid !== undefined).map(({ id }) => id)) }),
    live_bytes: tool({ run: async () => json(await liveBytes()) }),
  },
});

/** Asks the supervisor, whose turn ends with the restart, until the process is another one. */
async function restarted(name: string, serial: number): Promise<number[]> {
  while ((processNamed(name)?.pid.serial ?? serial) === serial) await call(named<{ protocol: SupervisorProtocol }>('counters_sup'), 'countChildren');
  return call(named<typeof sibling>(name), 'versions');
}
