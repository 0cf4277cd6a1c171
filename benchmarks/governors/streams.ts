// What the four governors hear when they are busy, as endless streams of signals: for decide_per_s, how fast they
// decide on them, and for state_bytes, how large their states become.
import {
  backlogValve, costGuard, defaultPolicy, rollbackGuard, toolGuard,
  type Answer, type CommonSignal, type Governor, type Reservation, type ToolPolicy, type VersionedState,
} from '@flyball/autonomics';
import { seededRandom } from '@flyball/kernel';

/** Takes one signal; its state is inside. */
export interface Stream {
  readonly name: string;
  /** Decides once. */
  next(): void;
  /** As it would be stored. */
  stateBytes(): number;
}

interface Driven<Sig> {
  signal(signal: Sig | CommonSignal, nowMs: number): Answer;
  stateBytes(): number;
}

function driven<P, S extends VersionedState, Sig, A extends Answer>(governor: Governor<P, S, Sig | CommonSignal, A>, policy: P): Driven<Sig> & { readonly answer: () => A } {
  let decided = governor.decide(policy, governor.initial(policy, 0), { kind: 'tick' }, 0);
  return {
    signal(signal, nowMs) {
      decided = governor.decide(policy, decided.state, signal, nowMs);
      return decided.answer;
    },
    answer: () => decided.answer,
    stateBytes: () => Buffer.byteLength(JSON.stringify(decided.state)),
  };
}

const DAY_MS = 86_400_000;

/** Reservations that are open at a time; `calm` is 50 callers, otherwise as many as the guard keeps, settled in any order. */
export function costStream({ open, meanGapMs, seed }: { readonly open: number; readonly meanGapMs: number; readonly seed: number }): Stream {
  const random = seededRandom(seed);
  const guard = driven(costGuard, {
    ...defaultPolicy(costGuard.policy),
    budgets: { hourMicro: 4e12, dayMicro: 50e12, monthMicro: 900e12, totalMicro: 4e15 },
  });
  const reservations: Reservation[] = [];
  const most = { micro: 60_000 };
  let nowMs = 0;
  return {
    name: 'cost_guard',
    next() {
      nowMs += meanGapMs * 2 * random.next();
      if (reservations.length < open) {
        const answer = guard.signal({ kind: 'reserve', most }, nowMs);
        if ('reservation' in answer && answer.reservation !== null) reservations.push(answer.reservation as Reservation);
        else reservations.splice(random.below(Math.max(1, reservations.length)), 1);
        return;
      }
      const at = random.below(reservations.length);
      const reservation = reservations[at]!;
      reservations[at] = reservations.at(-1)!;
      reservations.pop();
      guard.signal({ kind: 'settle', reservation, actual: { micro: 1 + random.below(60_000) } }, nowMs);
    },
    stateBytes: guard.stateBytes,
  };
}

/** A watched release, second by second, latencies counted; a new one every half hour. */
export function rollbackStream(seed: number): Stream {
  const random = seededRandom(seed);
  const policy = defaultPolicy(rollbackGuard.policy);
  const guard = driven(rollbackGuard, policy);
  let nowMs = 0;
  const buckets = policy.latencyBoundsMs.length + 1;
  return {
    name: 'rollback_guard',
    next() {
      nowMs += 1_000;
      if (nowMs % 1_800_000 === 0) return void guard.signal({ kind: 'deployed', release: 'r'.repeat(128) }, nowMs);
      const latencyCounts = Array.from({ length: buckets }, () => 0);
      const requests = 15 + random.below(10);
      for (let at = 0; at < 6; at++) latencyCounts[4 + at] = at < 5 ? 3 : requests - 15;
      guard.signal({ kind: 'requests', requests, errors: random.next() < 0.1 ? 1 : 0, latencyCounts }, nowMs);
    },
    stateBytes: guard.stateBytes,
  };
}

/** Twice the capacity: some pass, some are shed. */
export function valveStream(seed: number): Stream {
  const random = seededRandom(seed);
  const guard = driven(backlogValve, defaultPolicy(backlogValve.policy));
  let nowMs = 0;
  let count = 0;
  return {
    name: 'backlog_valve',
    next() {
      count += 1;
      nowMs += 1.6;
      if (count % 3 === 0) return void guard.signal({ kind: 'taken', waitedMs: 40 + 20 * random.next(), depth: 8, headWaitMs: 35 + 20 * random.next() }, nowMs);
      if (count % 600 === 1) return void guard.signal({ kind: 'backlog', depth: 8, headWaitMs: 40 }, nowMs);
      guard.signal({ kind: 'request', priority: random.below(5) as 0 | 1 | 2 | 3 | 4, depth: 5 + random.below(6), headWaitMs: 30 + 30 * random.next() }, nowMs);
    },
    stateBytes: guard.stateBytes,
  };
}

const LONG = 'x'.repeat(110);

/** As many packs and as long names as it allows; some calls go beyond their limits, too few to pause anything for long. */
export function toolStream(seed: number): Stream {
  const random = seededRandom(seed);
  const packs = Array.from({ length: 24 }, (_, at) => `${'p'.repeat(38)}${String(at).padStart(2, '0')}`);
  const rule = (at: number): ToolPolicy['tools'][string] => ({ pack: packs[at % 24]!, roles: ['viewer', 'operator'], preconditions: [{ fact: 'healthy', is: 'true', value: 0 }, { fact: 'load', is: 'at_most', value: 0.9 }], timeoutMs: null, memoryBytes: null });
  const names = Array.from({ length: 24 }, (_, at) => `${LONG}-${at}`);
  const policy: ToolPolicy = { ...defaultPolicy(toolGuard.policy), tools: Object.fromEntries(names.map((name, at) => [name, rule(at)])), exceedWarn: 999_999, exceedRefuse: 1_000_000 };
  const guard = driven(toolGuard, policy);
  for (const pack of packs) guard.signal({ kind: 'pack', pack, active: true }, 0);
  const roles = ['operator'];
  const facts = { healthy: true, load: 0.4 };
  let nowMs = 0;
  let ends = false;
  return {
    name: 'tool_guard',
    next() {
      nowMs += 5;
      const tool = names[random.below(24)]!;
      ends = !ends;
      if (ends) guard.signal({ kind: 'call', tool, roles, facts, deadlineMs: nowMs + DAY_MS }, nowMs);
      else guard.signal({ kind: 'call_ended', tool, outcome: random.next() < 0.01 ? 'timeout' : 'completed' }, nowMs);
    },
    stateBytes: guard.stateBytes,
  };
}
