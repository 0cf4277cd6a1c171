// The old process's part of a hand-over: stop accepting, move the sessions, let what is under way
// be answered, say farewell to those who might still ask for something, and then be gone.
import { drainListener, endForwardedStreams, whenAllAnswered } from '@flyball/listener';
import { endForReconnect, moveSessions } from '@flyball/mcp';
import type { HandOverMessage, Peer } from '@flyball/release';
import { giveSessions, sayFarewell } from './internal-requests.ts';
import { setReadiness } from './node-server.ts';
import { peers, setSuccessor } from './peers.ts';

/** Share of the deadline after which calls that still run are ended, so that their sessions can move. */
const PATIENCE_SHARE = 0.6;

/** Resolves when nothing is left to do here. */
export async function handOver({ successor, deadlineMs }: HandOverMessage, self: Peer, listener: string): Promise<{ sessionsMoved: number }> {
  setSuccessor(successor);
  setReadiness('draining');
  const drained = drainListener(listener);
  endForwardedStreams(endForReconnect);
  const sessionsMoved = await moveSessions((seeds) => giveSessions(successor, seeds), deadlineMs * PATIENCE_SHARE);
  await drained;
  // A request of theirs may be on its way here: gone without a word, it would be lost.
  await Promise.all(peers().filter(({ http }) => http !== self.http).map((peer) => sayFarewell(peer, self)));
  await whenAllAnswered();
  return { sessionsMoved };
}
