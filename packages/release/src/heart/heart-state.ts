/** What heart knows, what happens to it and what it decides to do: the vocabulary of heart-machine.ts. */
import type { Listening, LivePeer, Peer, PeerRole, RemoteError } from './protocol.ts';
import type { Intensity, Restart } from './restart-intensity.ts';

export interface HeartLimits extends Intensity {
  /** A ready shard that sends no beat for this long is killed and restarted. */
  readonly beatTimeoutMs: number;
  /** From spawn to `ready`. */
  readonly startTimeoutMs: number;
  /** From `hand-over` to the old process's exit; SIGTERM follows. */
  readonly drainDeadlineMs: number;
  /** From `stop` to a shard's exit; SIGKILL follows. */
  readonly stopDeadlineMs: number;
  /** From SIGTERM, or from `drained`, to SIGKILL. */
  readonly killGraceMs: number;
}

/** OTP's heart waits 60 s for a beat (HEART_BEAT_TIMEOUT) as well. */
export const DEFAULT_LIMITS: HeartLimits = {
  beatTimeoutMs: 60_000,
  startTimeoutMs: 30_000,
  drainDeadlineMs: 30_000,
  stopDeadlineMs: 10_000,
  killGraceMs: 2_000,
  restartsMax: 10,
  restartPeriodMs: 60_000,
};

/** Why a process is on its way out, and when the next harder step is due. `exit`: it said `drained`. */
export interface Leaving {
  readonly step: 'drain' | 'exit' | 'stop' | 'terminate' | 'kill';
  readonly deadlineMs: number;
}

export interface ShardState {
  readonly shard: number;
  readonly generation: number;
  readonly role: PeerRole;
  readonly startedAtMs: number;
  readonly lastBeatAtMs: number;
  readonly predecessor?: number;
  readonly leaving?: Leaving;
  /** What the shard itself said before it died. */
  readonly failure?: RemoteError;
  /** It said that starting again may help. */
  readonly retry?: boolean;
}

export interface HandOverStep {
  readonly shard: number;
  readonly from: number;
  readonly to: number;
  /** Spawn of the successor to its `ready`. */
  readonly startMs: number;
  /** The successor's `ready` to the old process's exit. */
  readonly drainMs: number;
  /** How the old process left: by itself, or killed at the deadline, or crashed. */
  readonly end: 'drained' | 'killed' | 'crashed';
}

export type HandOverResult =
  | { readonly ok: true; readonly durationMs: number; readonly shards: readonly HandOverStep[] }
  | { readonly ok: false; readonly error: RemoteError; readonly shards: readonly HandOverStep[] };

/** One hand-over takes shard after shard, so that the others serve at full strength meanwhile. */
export interface HandOverState {
  readonly id: number;
  readonly startedAtMs: number;
  readonly remaining: readonly number[];
  readonly shard: number;
  readonly from: number;
  readonly to: number;
  readonly phase: 'starting' | 'draining';
  readonly phaseStartedAtMs: number;
  readonly startMs: number;
  readonly predecessorCrashed: boolean;
  readonly done: readonly HandOverStep[];
}

export interface HeartState {
  readonly phase: 'starting' | 'serving' | 'stopping' | 'stopped';
  readonly shards: number;
  readonly limits: HeartLimits;
  readonly nextGeneration: number;
  /** By generation. */
  readonly processes: ReadonlyMap<number, ShardState>;
  readonly restarts: readonly Restart[];
  readonly restartCount: number;
  /** Shard to the time at which its restart is due. */
  readonly due: ReadonlyMap<number, number>;
  readonly listening: readonly Listening[];
  readonly handOver?: HandOverState;
  readonly exitCode: number;
  readonly reason?: RemoteError;
}

export type HeartEvent =
  | { readonly type: 'start' }
  | { readonly type: 'tick'; /** By how much heart itself woke too late. */ readonly lateMs: number }
  | { readonly type: 'ready'; readonly generation: number; readonly listening: readonly Listening[] }
  | { readonly type: 'failed'; readonly generation: number; readonly error: RemoteError; readonly fatal: boolean }
  | { readonly type: 'descriptor-failed'; readonly error: RemoteError }
  | { readonly type: 'beat'; readonly generation: number }
  | { readonly type: 'drained'; readonly generation: number }
  | { readonly type: 'exited'; readonly generation: number; readonly code: number | null; readonly signal: string | null }
  | { readonly type: 'replace'; readonly generation: number; readonly why: string }
  | { readonly type: 'hand-over'; readonly id: number }
  | { readonly type: 'stop' }
  | { readonly type: 'kill-all' };

export type HeartAction =
  | { readonly type: 'spawn'; readonly shard: number; readonly generation: number; readonly predecessor?: number }
  | { readonly type: 'signal'; readonly generation: number; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly type: 'send-hand-over'; readonly generation: number; readonly successor: number; readonly deadlineMs: number }
  | { readonly type: 'send-stop'; readonly generation: number; readonly deadlineMs: number }
  | { readonly type: 'send-peers' }
  | { readonly type: 'hand-over-done'; readonly id: number; readonly result: HandOverResult }
  | { readonly type: 'all-ready'; readonly listening: readonly Listening[] }
  | { readonly type: 'log'; readonly severity: 'info' | 'warning' | 'error'; readonly text: string }
  | { readonly type: 'exit'; readonly code: number; readonly reason?: RemoteError };

export function initialState(shards: number, limits: HeartLimits): HeartState {
  return {
    phase: 'starting',
    shards,
    limits,
    nextGeneration: 1,
    processes: new Map(),
    restarts: [],
    restartCount: 0,
    due: new Map(),
    listening: [],
    exitCode: 0,
  };
}

/** The live peers, oldest first; `place` says where a generation is reached. */
export function livePeers(state: HeartState, place: (shard: number, generation: number) => Peer): LivePeer[] {
  return [...state.processes.values()].map(({ shard, generation, role }) => ({ ...place(shard, generation), role }));
}
