/**
 * The part of heart's machine that replaces each shard by a new OS process, one after the other: start the
 * successor, wait until it is ready, tell the old process, wait until that has left. Until the successor is
 * ready the old process is untouched, so a successor that cannot start costs nothing.
 */
import type { HandOverResult, HandOverState, HandOverStep, HeartState, ShardState } from './heart-state.ts';
import type { RemoteError } from './protocol.ts';
import { log, update, type Draft } from './draft.ts';

export function beginHandOver(draft: Draft, id: number): void {
  const refusal = refuse(draft.state);
  if (refusal !== undefined) {
    return void draft.actions.push({ type: 'hand-over-done', id, result: { ok: false, error: refusal, shards: [] } });
  }
  const shards = Array.from({ length: draft.state.shards }, (_, shard) => shard);
  next(draft, { id, startedAtMs: draft.nowMs, remaining: shards, done: [] });
}

function refuse(state: HeartState): RemoteError | undefined {
  if (state.handOver !== undefined) return { code: 'busy', message: 'A hand-over is running already; wait for its result.' };
  const missing = Array.from({ length: state.shards }, (_, shard) => shard).filter((shard) => currentOf(state, shard) === undefined);
  if (state.phase === 'serving' && missing.length === 0) return undefined;
  const which = missing.length === 0 ? '' : ` (not serving: shard ${missing.join(', ')})`;
  return { code: 'not-ready', message: `The node is ${state.phase}${which}; hand over once all shards serve.` };
}

function currentOf(state: HeartState, shard: number): ShardState | undefined {
  return [...state.processes.values()].find((found) => found.shard === shard && found.role === 'current');
}

/** Starts the successor of the next shard, or ends the hand-over when there is none left. */
function next(draft: Draft, progress: Pick<HandOverState, 'id' | 'startedAtMs' | 'remaining' | 'done'>): void {
  const [shard, ...remaining] = progress.remaining;
  if (shard === undefined) {
    delete draft.state.handOver;
    const result: HandOverResult = { ok: true, durationMs: draft.nowMs - progress.startedAtMs, shards: progress.done };
    return void draft.actions.push({ type: 'hand-over-done', id: progress.id, result });
  }
  const from = currentOf(draft.state, shard);
  if (from === undefined) return fail(draft, progress, { code: 'not-ready', message: `Shard ${shard} crashed before its turn came.` });
  const to = spawnSuccessor(draft, from);
  draft.state.handOver = {
    ...progress,
    remaining,
    shard,
    from: from.generation,
    to,
    phase: 'starting',
    phaseStartedAtMs: draft.nowMs,
    startMs: 0,
    predecessorCrashed: false,
  };
}

function spawnSuccessor(draft: Draft, from: ShardState): number {
  const generation = draft.state.nextGeneration;
  const { nowMs } = draft;
  draft.state.nextGeneration += 1;
  draft.state.processes = new Map(draft.state.processes).set(generation, {
    shard: from.shard,
    generation,
    role: 'starting',
    startedAtMs: nowMs,
    lastBeatAtMs: nowMs,
    predecessor: from.generation,
  });
  draft.actions.push({ type: 'spawn', shard: from.shard, generation, predecessor: from.generation });
  return generation;
}

export function onSuccessorReady(draft: Draft, generation: number): void {
  const { handOver } = draft.state;
  if (handOver === undefined || handOver.to !== generation) return;
  const startMs = draft.nowMs - handOver.phaseStartedAtMs;
  draft.state.handOver = { ...handOver, phase: 'draining', phaseStartedAtMs: draft.nowMs, startMs };
  if (handOver.predecessorCrashed) return stepDone(draft, 'crashed');
  const deadlineMs = draft.state.limits.drainDeadlineMs;
  update(draft, handOver.from, { role: 'draining', leaving: { step: 'drain', deadlineMs: draft.nowMs + deadlineMs } });
  draft.actions.push({ type: 'send-hand-over', generation: handOver.from, successor: generation, deadlineMs });
}

export interface Exit {
  readonly code: number | null;
  /** For a sentence: "exited with code 1". */
  readonly how: string;
}

/** True when the exit belongs to the hand-over and asks for no restart. */
export function onHandOverExit(draft: Draft, gone: ShardState, exit: Exit): boolean {
  const { handOver } = draft.state;
  if (handOver === undefined) return false;
  if (gone.generation === handOver.from) return onOldExit(draft, gone, handOver, exit);
  if (gone.generation !== handOver.to) return false;
  const message = `The successor of shard ${gone.shard} (generation ${gone.generation}) ${exit.how}.`;
  const wasReady = handOver.phase === 'draining';
  failHandOver(draft, {
    code: wasReady ? 'successor-crashed' : 'successor-not-ready',
    message: wasReady || handOver.predecessorCrashed ? message : `${message} Generation ${handOver.from} serves on.`,
  });
  // Only a successor that had taken over, or whose predecessor is gone, leaves its shard without a process.
  return !wasReady && !handOver.predecessorCrashed;
}

function onOldExit(draft: Draft, gone: ShardState, handOver: HandOverState, exit: Exit): boolean {
  if (handOver.phase === 'draining') {
    stepDone(draft, endOf(gone, exit));
    return true;
  }
  log(draft, 'error', `shard ${gone.shard} (generation ${gone.generation}) ${exit.how} while its successor was starting`);
  draft.state.handOver = { ...handOver, predecessorCrashed: true };
  return true;
}

function endOf(gone: ShardState, exit: Exit): HandOverStep['end'] {
  if (gone.leaving?.step === 'terminate' || gone.leaving?.step === 'kill') return 'killed';
  return exit.code === 0 || gone.leaving?.step === 'exit' ? 'drained' : 'crashed';
}

function stepDone(draft: Draft, end: HandOverStep['end']): void {
  const { handOver } = draft.state;
  if (handOver === undefined) return;
  const drainMs = draft.nowMs - handOver.phaseStartedAtMs;
  const { shard, from, to, startMs } = handOver;
  next(draft, { ...handOver, done: [...handOver.done, { shard, from, to, startMs, drainMs, end }] });
}

/** Ends a running hand-over; does nothing when there is none. */
export function failHandOver(draft: Draft, error: RemoteError): void {
  if (draft.state.handOver !== undefined) fail(draft, draft.state.handOver, error);
}

function fail(draft: Draft, progress: Pick<HandOverState, 'id' | 'done'>, error: RemoteError): void {
  delete draft.state.handOver;
  log(draft, 'error', `hand-over failed: ${error.message}`);
  draft.actions.push({ type: 'hand-over-done', id: progress.id, result: { ok: false, error, shards: progress.done } });
}
