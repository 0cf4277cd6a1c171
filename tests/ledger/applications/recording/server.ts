// A tool that leaves a receipt before it answers, in whichever process of the node it runs.
import { identity, recorder } from '@flyball/kernel';
import { json, mcpServer, tool } from '@flyball/mcp';
import * as z from 'zod';

export default mcpServer({
  name: 'recording',
  tools: {
    record: tool({
      input: z.object({ id: z.string(), tenant: z.string() }),
      limits: { timeoutMs: 30_000 },
      run: async ({ id, tenant }) => {
        const kept = recorder();
        if (kept === undefined) throw new Error('no recorder');
        const { index } = await kept.record({ id, kind: 'action', tenantId: tenant, at: '2026-11-20T12:00:00.000Z', details: { shard: identity.shard } });
        return json({ index, shard: identity.shard, generation: identity.creation });
      },
    }),
    lastHash: tool({
      input: z.object({ tenant: z.string() }),
      run: async ({ tenant }) => json({ hash: (await recorder()?.lastHash(tenant)) ?? 'none', shard: identity.shard }),
    }),
  },
});
