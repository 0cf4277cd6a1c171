// Leaves a receipt when it starts and one when it stops, as a gate does that must say so before it acts.
import { genServer, identity, recorder } from '@flyball/kernel';

async function record(what: 'begin' | 'end'): Promise<void> {
  const { shard, creation } = identity;
  await recorder()!.record({ id: `${what}-${shard}-${creation}`, kind: 'system', tenantId: 'lifetimes', at: '2026-11-20T12:00:00.000Z' });
}

export const lifetime = genServer({
  init: async (_: void, self) => {
    self.trapExit(true);
    await record('begin');
    return {};
  },
  terminate: () => record('end'),
});
