// Where this node's other processes are, as heart tells, and through which of them a session that
// is not here is reached.
import { cancelTimer, startTimer } from '@flyball/kernel';
import type { LivePeer, Peer } from '@flyball/release';

export interface Place {
  readonly shard: number;
  readonly generation: number;
}

let known: readonly LivePeer[] = [];
let next: Peer | undefined;
/** Sockets of processes that said farewell: they answer what they have, and get nothing more. */
const parted = new Set<string>();

export function setPeers(peers: readonly LivePeer[]): void {
  known = peers;
  for (const look of watching) look();
  const alive = new Set(peers.map(({ http }) => http));
  for (const http of parted) if (!alive.has(http)) parted.delete(http);
}

const watching = new Set<() => void>();

/** Resolves when no other process of the node lives, or then. */
export function whenAlone(self: Place, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (others(self).length === 0) done();
    };
    const timer = startTimer(timeoutMs, () => done());
    const done = (): void => {
      cancelTimer(timer);
      watching.delete(look);
      resolve();
    };
    watching.add(look);
    look();
  });
}

export function peers(): readonly LivePeer[] {
  return known;
}

/** Processes that live besides this one: of the same shard, in a hand-over, or of others. */
export function others(self: Place): readonly LivePeer[] {
  return known.filter(({ generation }) => generation !== self.generation);
}

/** Whether it has a successor that serves. */
export function isDraining(self: Place): boolean {
  return known.some(({ generation, role }) => generation === self.generation && role === 'draining');
}

/** From now on, what is not here is there. */
export function setSuccessor(peer: Peer): void {
  next = peer;
}

/** Where new sessions begin once this process hands over; undefined before. */
export function successor(): Peer | undefined {
  return next;
}

/** From now on nothing is looked for in the process that listens at that socket. */
export function part(http: string): void {
  parted.add(http);
}

/** The process that may have a session which `self` does not have; `shard` is the one its id names. */
export function whereSessionMayBe(self: Place, shard: number): Peer | undefined {
  return placeOf(self, shard, known.filter(({ http }) => !parted.has(http)), next);
}

/** The decision of `whereSessionMayBe`. */
export function placeOf(self: Place, shard: number, all: readonly LivePeer[], heir: Peer | undefined): Peer | undefined {
  const others = all.filter((peer) => peer.shard === shard && !(peer.shard === self.shard && peer.generation === self.generation));
  if (shard !== self.shard) return others.find((peer) => peer.role === 'current') ?? others.at(-1);
  if (heir !== undefined) return heir;
  // A hand-over is under way. The successor serves, and opens sessions, before its predecessor is
  // told; and sessions that have not moved yet are at the predecessor.
  return others.find((peer) => peer.generation > self.generation) ?? others.find((peer) => peer.generation < self.generation);
}
