// Which shards there are and where a target's messages go: pure decisions over the list of peers
// that heart keeps up to date.
import { KernelError } from '../errors.ts';
import type { RemoteTarget } from '../process/distribution.ts';
import type { NodeIdentity } from '../process/pid.ts';
import type { Hello, PeerId } from './wire.ts';
import { protocolVersion } from './wire.ts';

export interface DistributionPeer extends PeerId {
  /** The Unix socket that it listens on. */
  readonly path: string;
  /** In a hand-over a shard has two incarnations; names are asked of the current one. 'current' unless given. */
  readonly role?: 'starting' | 'current' | 'draining';
}

/** `unreachable` says with what its calls fail and its monitors fire. */
export type Route = { readonly peer: PeerId } | { readonly unreachable: 'noproc' | 'noconnection' };

export function peerKey({ shard, creation }: PeerId): string {
  return `${shard}.${creation}`;
}

export function samePeer(a: PeerId, b: PeerId): boolean {
  return a.shard === b.shard && a.creation === b.creation;
}

/** Throws 'bad-message' for a list that is not one of peers. */
export function checkPeers(peers: readonly DistributionPeer[]): readonly DistributionPeer[] {
  const isOne = (peer: DistributionPeer): boolean => Number.isSafeInteger(peer?.shard) && Number.isSafeInteger(peer.creation) && typeof peer.path === 'string';
  if (Array.isArray(peers) && peers.every(isOne)) return peers;
  throw new KernelError('bad-message', 'peers: each one has a shard, a creation and the path of its socket');
}

/** `connected` are incarnations that connected before the list named them. */
export function routeTo(target: RemoteTarget, self: NodeIdentity, peers: readonly DistributionPeer[], connected: (peer: PeerId) => boolean): Route {
  if (!('serial' in target)) {
    const peer = peerOfShard(peers, target.shard);
    return peer === undefined ? { unreachable: 'noconnection' } : { peer };
  }
  if (target.node !== self.node) return { unreachable: 'noconnection' };
  const peer = peers.find((each) => samePeer(each, target));
  if (peer !== undefined) return { peer };
  if (connected(target)) return { peer: target };
  return { unreachable: target.creation < newestCreation(peers, self, target.shard) ? 'noproc' : 'noconnection' };
}

/** The current incarnation of a shard; while it has none, its newest. */
function peerOfShard(peers: readonly DistributionPeer[], shard: number): DistributionPeer | undefined {
  return peers
    .filter((peer) => peer.shard === shard)
    .toSorted((a, b) => Number(isCurrent(b)) - Number(isCurrent(a)) || b.creation - a.creation)[0];
}

/** One a shard, lowest shard first. */
export function currentPeers(peers: readonly DistributionPeer[]): DistributionPeer[] {
  const shards = [...new Set(peers.map(({ shard }) => shard))].toSorted((a, b) => a - b);
  return shards.map((shard) => peerOfShard(peers, shard)!).filter(isCurrent);
}

function isCurrent({ role }: DistributionPeer): boolean {
  return role === undefined || role === 'current';
}

function newestCreation(peers: readonly DistributionPeer[], self: NodeIdentity, shard: number): number {
  const creations = peers.filter((peer) => peer.shard === shard).map(({ creation }) => creation);
  return Math.max(-1, shard === self.shard ? self.creation : -1, ...creations);
}

/** Why a shard that says hello is not let in; undefined if it is. */
export function refusalOf(hello: Hello, self: NodeIdentity, peers: readonly DistributionPeer[]): string | undefined {
  if (hello.protocol !== protocolVersion) return `protocol ${hello.protocol}, this shard speaks ${protocolVersion}`;
  if (hello.node !== self.node) return `node ${hello.node}, this is ${self.node}`;
  if (!samePeer(hello.to, self)) return `it looks for shard ${peerKey(hello.to)}, this is ${peerKey(self)}`;
  if (samePeer(hello, self)) return 'it says that it is this shard';
  if (peers.some((peer) => samePeer(peer, hello))) return undefined;
  return hello.creation < newestCreation(peers, self, hello.shard) ? `shard ${peerKey(hello)} was replaced` : undefined;
}
