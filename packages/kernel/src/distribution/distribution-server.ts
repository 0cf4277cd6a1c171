// The process that owns a shard's connections to the other shards of its node. The root supervisor
// starts it first; with its exit the connections are closed and remote pids are unreachable until
// it is started anew.
import { genServer } from '../behaviours/gen-server.ts';
import { reply } from '../behaviours/outcome.ts';
import { distribution } from '../process/distribution.ts';
import { processOf } from '../process/pid.ts';
import type { PortId } from '../process/port.ts';
import type { DistributionPeer } from './peers.ts';
import { ShardDistribution } from './shard-distribution.ts';

export interface DistributionOptions {
  /** The Unix socket to listen on, in a directory of the node's own; at most 107 bytes. */
  path: string;
  /** The other incarnations of shards that live now; this one among them is passed over. */
  peers: readonly DistributionPeer[];
}

export interface DistributionState {
  listener: PortId;
}

export const distributionServer = genServer({
  async init({ path, peers }: DistributionOptions, self): Promise<DistributionState> {
    const carrier = new ShardDistribution(path, processOf(self.pid)!);
    carrier.setPeers(peers);
    return { listener: await carrier.start() };
  },
  calls: {
    /** The peers and what is open at each link, for operators. */
    status: (_state: DistributionState) => reply(carrier()?.status ?? { peers: [], links: [] }),
  },
  casts: {
    /** Whenever the set of live shards or a role changes: all of them. */
    peers: (_state: DistributionState, peers: readonly DistributionPeer[]) => {
      carrier()?.setPeers(peers);
    },
  },
});

/** The driver behind the port; a state holds ids and no such thing. */
function carrier(): ShardDistribution | undefined {
  const installed = distribution();
  return installed instanceof ShardDistribution ? installed : undefined;
}
