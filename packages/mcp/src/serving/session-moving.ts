// Sessions in a hand-over: each leaves as soon as no call of its is under way, and what arrives
// for it meanwhile is held and passed on. If the successor does not take it, it stays.
import { call, cast, named, processNamed, type Pid, type SupervisorProtocol } from '@flyball/kernel';
import { sessionProcess, sessionProcesses } from './session-directory.ts';
import type { SessionSeed, sessionServer } from './session-server.ts';
import { sessionsName } from './server-tree.ts';

type SessionProtocol = NonNullable<(typeof sessionServer)['protocol']>;

/** Carries sessions to the successor; resolves to the ids it took. */
export type SessionCarrier = (seeds: readonly SessionSeed[]) => Promise<readonly string[]>;

const SESSIONS_AT_ONCE = 256;

/** Moves all sessions of this shard; resolves to how many. After `patienceMs` the calls that still run are ended. */
export async function moveSessions(carry: SessionCarrier, patienceMs: number): Promise<number> {
  let moved = 0;
  for (let left = sessionPids(); left.length > 0; left = left.slice(SESSIONS_AT_ONCE)) {
    moved += await moveBatch(left.slice(0, SESSIONS_AT_ONCE), carry, patienceMs);
  }
  return moved;
}

function sessionPids(): Pid<SessionProtocol>[] {
  return sessionProcesses().map((process) => process.pid as Pid<SessionProtocol>);
}

async function moveBatch(pids: readonly Pid<SessionProtocol>[], carry: SessionCarrier, patienceMs: number): Promise<number> {
  const leaving = await Promise.all(pids.map(async (pid) => ({ pid, seed: await leave(pid, patienceMs) })));
  const ready = leaving.filter((each): each is { pid: Pid<SessionProtocol>; seed: SessionSeed } => each.seed !== undefined);
  const taken = new Set(await carry(ready.map(({ seed }) => seed)).catch(() => []));
  for (const { pid, seed } of ready) cast(pid, 'moved', taken.has(seed.id));
  return taken.size;
}

async function leave(pid: Pid<SessionProtocol>, patienceMs: number): Promise<SessionSeed | undefined> {
  try {
    return await call(pid, 'leave', undefined, { timeoutMs: patienceMs });
  } catch {
    // Its calls take longer than the hand-over can wait; or it ended meanwhile, and then this does nothing.
    cast(pid, 'endCalls');
    return await call(pid, 'leave', undefined, { timeoutMs: 1_000 }).catch(() => undefined);
  }
}

/** Starts sessions that another process gave up; returns the ids of those that live here now. */
export async function adoptSessions(seeds: readonly SessionSeed[]): Promise<string[]> {
  const outcomes = await Promise.all(seeds.map((seed) => adopt(seed)));
  return outcomes.filter((id) => id !== undefined);
}

async function adopt(seed: SessionSeed): Promise<string | undefined> {
  if (sessionProcess(seed.id) !== undefined) return seed.id;
  if (processNamed(sessionsName(seed.server)) === undefined) return undefined;
  const sessions = named<{ protocol: SupervisorProtocol }>(sessionsName(seed.server));
  return await call(sessions, 'startChild', { argument: seed }).then(() => seed.id, () => undefined);
}
