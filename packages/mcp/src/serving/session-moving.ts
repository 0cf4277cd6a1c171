// Sessions in a hand-over: each leaves as soon as no call of its is under way, and what arrives
// for it meanwhile is held and passed on. One that the successor does not take ends.
import { call, cast, named, processNamed, type Pid, type SupervisorProtocol } from '@flyball/kernel';
import { sessionProcess, sessionProcesses } from './session-directory.ts';
import type { SessionSeed, sessionServer } from './session-server.ts';
import { sessionsName } from './server-tree.ts';

type SessionProtocol = NonNullable<(typeof sessionServer)['protocol']>;
type SessionPid = Pid<SessionProtocol>;

interface Leaving {
  readonly pid: SessionPid;
  readonly seed: SessionSeed;
}

/** Carries sessions to the successor; resolves to the ids it took. */
export type SessionCarrier = (seeds: readonly SessionSeed[]) => Promise<readonly string[]>;

/** A session stands still while it is carried: few enough that it is not for long. */
const SESSIONS_AT_ONCE = 256;
const LEAVE_TIMEOUT_MS = 10_000;

/** Moves all sessions of this shard; resolves to how many. After `patienceMs` the calls that still run are ended. */
export async function moveSessions(carry: SessionCarrier, patienceMs: number): Promise<number> {
  const seen = new Set<SessionPid>();
  let moved = 0;
  // One that was being opened when the hand-over began is found by a later look.
  for (let pids = unseen(seen); pids.length > 0; pids = unseen(seen)) {
    const busy: SessionPid[] = [];
    for (let at = 0; at < pids.length; at += SESSIONS_AT_ONCE) moved += await moveFree(pids.slice(at, at + SESSIONS_AT_ONCE), carry, busy);
    const later = await Promise.all(busy.map(async (pid) => carryAll(await leaveInTime(pid, patienceMs), carry)));
    moved += later.reduce((sum, count) => sum + count, 0);
  }
  return moved;
}

function unseen(seen: Set<SessionPid>): SessionPid[] {
  const pids = sessionProcesses().map((process) => process.pid as SessionPid).filter((pid) => !seen.has(pid));
  for (const pid of pids) seen.add(pid);
  return pids;
}

/** Moves those without a call under way; the others are added to `busy`. */
async function moveFree(pids: readonly SessionPid[], carry: SessionCarrier, busy: SessionPid[]): Promise<number> {
  const answers = await Promise.all(pids.map(async (pid) => ({ pid, leave: await leave(pid, { wait: false }, LEAVE_TIMEOUT_MS) })));
  busy.push(...answers.filter(({ leave }) => leave === 'busy').map(({ pid }) => pid));
  return await carryAll(answers.flatMap(({ pid, leave }) => (typeof leave === 'object' ? [{ pid, seed: leave }] : [])), carry);
}

/** Undefined if the session ended meanwhile, moved before, or does not answer in time. */
async function leave(pid: SessionPid, how: { readonly wait: boolean }, timeoutMs: number): Promise<SessionSeed | 'busy' | undefined> {
  return await call(pid, 'leave', how, { timeoutMs }).catch(() => undefined);
}

async function leaveInTime(pid: SessionPid, patienceMs: number): Promise<Leaving[]> {
  let seed = await leave(pid, { wait: true }, patienceMs);
  if (seed === undefined) {
    // Its calls take longer than the hand-over can wait; or it ended meanwhile, and then this does nothing.
    cast(pid, 'endCalls');
    seed = await leave(pid, { wait: true }, LEAVE_TIMEOUT_MS);
  }
  return typeof seed === 'object' ? [{ pid, seed }] : [];
}

async function carryAll(leaving: readonly Leaving[], carry: SessionCarrier): Promise<number> {
  if (leaving.length === 0) return 0;
  const taken = new Set(await carry(leaving.map(({ seed }) => seed)).catch(() => []));
  for (const { pid, seed } of leaving) cast(pid, 'moved', taken.has(seed.id));
  return taken.size;
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
