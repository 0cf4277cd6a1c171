// The same in both versions: only what it imports changes under it.
import { named } from '@flyball/kernel';
import { json, mcpServer, tool } from '@flyball/mcp';
import * as z from 'zod';
import type { counter } from './counter.ts';
import { partner, version } from './version.ts';

interface Named {
  readonly protocol?: { calls: { name: () => { replyValue: string } }; casts: {} };
}

export default mcpServer({
  name: 'steady',
  tools: {
    add: tool({
      input: z.object({ counter: z.string() }),
      run: async ({ counter: name }, { self }) => {
        const versionAtStart = version;
        const partnerName = await self.call(named<Named>(partner), 'name');
        // So that some calls are always under way.
        for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
        const added = await self.call(named<typeof counter>(name), 'add', 1);
        return json({ versions: [versionAtStart, version, added.version], partner: partnerName, total: added.total });
      },
    }),
  },
});
