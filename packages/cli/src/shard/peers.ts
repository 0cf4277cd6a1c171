// Where this node's other processes are, as heart tells, and through which of them a session that
// is not here is reached.
import type { LivePeer, Peer } from '@flyball/release';

export interface Place {
  readonly shard: number;
  readonly generation: number;
}

let known: readonly LivePeer[] = [];
let successor: Peer | undefined;

export function setPeers(peers: readonly LivePeer[]): void {
  known = peers;
}

export function peers(): readonly LivePeer[] {
  return known;
}

/** From now on, what is not here is there. */
export function setSuccessor(peer: Peer): void {
  successor = peer;
}

/** The process that may have a session which `self` does not have; `shard` is the one its id names. */
export function whereSessionMayBe(self: Place, shard: number, all: readonly LivePeer[] = known, next: Peer | undefined = successor): Peer | undefined {
  const others = all.filter((peer) => peer.shard === shard && peer.role !== 'starting' && !(peer.shard === self.shard && peer.generation === self.generation));
  if (shard !== self.shard) return others.find((peer) => peer.role === 'current') ?? others.at(-1);
  if (next !== undefined) return next;
  // A hand-over is under way: sessions that have not moved yet are at the predecessor.
  return others.find((peer) => peer.generation < self.generation);
}
