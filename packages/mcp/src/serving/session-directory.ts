// Where sessions are. Those of this shard are processes here; any other id belongs to another
// shard, which its prefix names, or to the process that this one succeeds or is succeeded by:
// the `SessionForwarder` that the node's composer installs knows which.
import { openPort, Port, secureToken, type Process } from '@flyball/kernel';
import type { Exchange } from '@flyball/listener';

/**
 * Passes a request for a session that is not here on to where it may be. False if there is no such
 * place: then the session does not exist. Without an id it asks for a new session, which begins here
 * unless it is passed on.
 */
export type SessionForwarder = (exchange: Exchange, sessionId: string | undefined, body: string | undefined) => boolean;

const sessions = new Map<string, Process>();
let forwarder: SessionForwarder = () => false;

/** The entry of a session; it goes with the session's process. */
class SessionEntry extends Port {
  readonly #sessionId: string;

  constructor(sessionId: string) {
    super();
    this.#sessionId = sessionId;
  }

  close(): void {
    sessions.delete(this.#sessionId);
  }
}

/** 128 bits that cannot be guessed, behind the shard's number. */
export function newSessionId(shard: number): string {
  return `${shard}.${secureToken(16)}`;
}

/** The shard that gave the id; undefined for ids that no Flyball gave. */
export function shardOfSession(sessionId: string): number | undefined {
  const match = /^(\d{1,4})\.[\w-]{22}$/.exec(sessionId);
  return match === null ? undefined : Number(match[1]);
}

export function enterSession(sessionId: string, process: Process): void {
  sessions.set(sessionId, process);
  openPort(new SessionEntry(sessionId), process);
}

export function sessionProcess(sessionId: string): Process | undefined {
  return sessions.get(sessionId);
}

export function sessionCount(): number {
  return sessions.size;
}

/** The sessions that live here now. */
export function sessionProcesses(): Process[] {
  return [...sessions.values()];
}

export function useSessionForwarder(next: SessionForwarder): void {
  forwarder = next;
}

export function forwardToSession(exchange: Exchange, sessionId: string | undefined, body: string | undefined): boolean {
  return forwarder(exchange, sessionId, body);
}
