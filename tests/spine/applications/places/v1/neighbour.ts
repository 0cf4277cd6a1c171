// A process that each shard has under the same name, for those of the other shards to find.
import { formatPid, genServer, identity, noReply, reply, type Down, type Self } from '@flyball/kernel';
import type { Pid } from '@flyball/kernel';

interface Neighbour {
  readonly calls: number;
  /** Who waits for whose end, by monitor. */
  readonly watching: ReadonlyMap<number, number>;
}

export interface Met {
  readonly pid: Pid;
  readonly shard: number;
  readonly generation: number;
  readonly calls: number;
}

export const neighbour = genServer({
  init: (): Neighbour => ({ calls: 0, watching: new Map() }),
  calls: {
    meet: (state, _: void, self: Self) => {
      const calls = state.calls + 1;
      return reply<Met, Neighbour>({ pid: self.pid, shard: identity.shard, generation: identity.creation, calls }, { ...state, calls });
    },
    /** Answered with the reason when that process ends. */
    outlive: (state, pid: Pid, self: Self) => {
      const watching = new Map(state.watching).set(self.monitor(pid), self.caller);
      return noReply<{ reason: unknown; pid: string }, Neighbour>({ ...state, watching });
    },
  },
  info: (state, { type, ref, pid, reason }: Down, self: Self) => {
    const caller = state.watching.get(ref);
    if (type !== 'DOWN' || caller === undefined) return;
    self.answer(caller, { reason, pid: formatPid(pid) });
    const watching = new Map(state.watching);
    watching.delete(ref);
    return { ...state, watching };
  },
});
