/**
 * Heart's decisions, without a process, a clock or a socket: (state, event, now) → (state, actions).
 *
 * heart.ts turns what happens to OS processes into events, executes the actions in order and wakes the machine
 * at `nextDeadlineMs`. Tests drive this file with plain values.
 */
import { finish, log, remove, update, type Draft } from './draft.ts';
import { beginHandOver, failHandOver, onHandOverExit, onSuccessorReady } from './hand-over-machine.ts';
import type { HeartAction, HeartEvent, HeartState, Leaving, ShardState } from './heart-state.ts';
import { decideRestart } from './restart-intensity.ts';

export interface Transition {
  readonly state: HeartState;
  readonly actions: readonly HeartAction[];
}

export function transition(before: HeartState, event: HeartEvent, nowMs: number): Transition {
  const draft: Draft = { before, state: { ...before }, actions: [], nowMs };
  apply(draft, event);
  return finish(draft);
}

function apply(draft: Draft, event: HeartEvent): void {
  switch (event.type) {
    case 'start':
      for (let shard = 0; shard < draft.state.shards; shard += 1) spawn(draft, shard);
      return;
    case 'tick':
      return onTick(draft, event.lateMs);
    case 'ready':
      return onReady(draft, event);
    case 'beat':
      return void update(draft, event.generation, { lastBeatAtMs: draft.nowMs });
    case 'failed':
      return onFailed(draft, event);
    case 'descriptor-failed':
      // Nothing has served yet and the port cannot be had: starting again would only repeat it.
      return draft.state.phase === 'starting' ? giveUp(draft, event.error) : undefined;
    case 'drained':
      return void update(draft, event.generation, { leaving: within(draft, 'exit', draft.state.limits.killGraceMs) });
    case 'exited':
      return onExited(draft, event);
    case 'replace':
      return onReplace(draft, event.generation, event.why);
    case 'hand-over':
      return beginHandOver(draft, event.id);
    case 'stop':
      return stopAll(draft);
    case 'kill-all':
      return killAll(draft);
  }
}

// ---- starting ----------------------------------------------------------------------------------

function spawn(draft: Draft, shard: number): void {
  const generation = draft.state.nextGeneration;
  const { nowMs } = draft;
  draft.state.nextGeneration += 1;
  draft.state.processes = new Map(draft.state.processes).set(generation, {
    shard,
    generation,
    role: 'starting',
    startedAtMs: nowMs,
    lastBeatAtMs: nowMs,
  });
  draft.actions.push({ type: 'spawn', shard, generation });
}

function onReady(draft: Draft, event: Extract<HeartEvent, { type: 'ready' }>): void {
  const found = draft.state.processes.get(event.generation);
  if (found === undefined || found.role !== 'starting' || found.leaving !== undefined) return;
  update(draft, event.generation, { role: 'current', lastBeatAtMs: draft.nowMs });
  draft.state.listening = event.listening;
  onSuccessorReady(draft, event.generation);
  if (draft.state.phase === 'starting' && currentShards(draft.state) === draft.state.shards) {
    draft.state.phase = 'serving';
    draft.actions.push({ type: 'all-ready', listening: event.listening });
  }
}

function currentShards(state: HeartState): number {
  return [...state.processes.values()].filter(({ role }) => role === 'current').length;
}

function onFailed(draft: Draft, event: Extract<HeartEvent, { type: 'failed' }>): void {
  update(draft, event.generation, { failure: event.error, retry: !event.fatal });
  if (event.fatal && draft.state.phase === 'starting') giveUp(draft, event.error);
}

// ---- dying -------------------------------------------------------------------------------------

function onExited(draft: Draft, event: Extract<HeartEvent, { type: 'exited' }>): void {
  const gone = draft.state.processes.get(event.generation);
  if (gone === undefined) return;
  remove(draft, event.generation);
  if (draft.state.phase === 'stopping') return exitIfEmpty(draft);
  if (onHandOverExit(draft, gone, { code: event.code, how: describeExit(gone, event) })) return;
  if (gone.role === 'draining') return;
  if (cannotStart(draft.state, gone, event.code)) return giveUp(draft, neverServed(gone, describeExit(gone, event)));
  restart(draft, gone, describeExit(gone, event));
}

/** A program that ends by itself before the node ever served will do so again; a killed one may not. */
function cannotStart({ phase }: HeartState, gone: ShardState, code: number | null): boolean {
  return phase === 'starting' && gone.role === 'starting' && code !== null && gone.retry !== true;
}

function neverServed(gone: ShardState, how: string): { code: string; message: string } {
  return gone.failure ?? { code: 'start-failed', message: `Shard ${gone.shard} ${how} before the node served for the first time; what it printed is above.` };
}

function describeExit(gone: ShardState, event: { code: number | null; signal: string | null }): string {
  const how = event.signal === null ? `exited with code ${event.code ?? 'unknown'}` : `was ended by ${event.signal}`;
  return gone.failure === undefined ? how : `${how}: ${gone.failure.message}`;
}

function restart(draft: Draft, gone: ShardState, how: string): void {
  const { limits, restarts } = draft.state;
  const decision = decideRestart(restarts, { shard: gone.shard, atMs: draft.nowMs }, limits);
  draft.state.restartCount += 1;
  if (decision.kind === 'give-up') {
    const message =
      `Shard ${gone.shard} ${how}; that was restart ${decision.count} within ${limits.restartPeriodMs} ms and ` +
      `${limits.restartsMax} are allowed. Heart stops the node: see the log above for the cause.`;
    return giveUp(draft, { code: 'restart-intensity-reached', message });
  }
  draft.state.restarts = decision.restarts;
  log(draft, 'error', `shard ${gone.shard} (generation ${gone.generation}) ${how}; restarting in ${decision.delayMs} ms`);
  if (decision.delayMs === 0) return spawn(draft, gone.shard);
  draft.state.due = new Map(draft.state.due).set(gone.shard, draft.nowMs + decision.delayMs);
}

/** A shard that could not follow a load its siblings made: its restart boots with the loaded version. */
function onReplace(draft: Draft, generation: number, why: string): void {
  const found = draft.state.processes.get(generation);
  if (found === undefined || draft.state.phase === 'stopping') return;
  log(draft, 'warning', `shard ${found.shard} (generation ${generation}) is restarted: ${why}`);
  kill(draft, found);
}

// ---- time --------------------------------------------------------------------------------------

function onTick(draft: Draft, lateMs: number): void {
  // Beats that came while heart itself slept are still unread; without this a suspended laptop kills all shards.
  if (lateMs > draft.state.limits.killGraceMs) forgiveSilence(draft, lateMs);
  for (const found of draft.state.processes.values()) checkProcess(draft, found);
  for (const [shard, atMs] of draft.state.due) {
    if (atMs > draft.nowMs || draft.state.phase === 'stopping') continue;
    const due = new Map(draft.state.due);
    due.delete(shard);
    draft.state.due = due;
    spawn(draft, shard);
  }
}

function forgiveSilence(draft: Draft, lateMs: number): void {
  for (const { generation, lastBeatAtMs } of draft.state.processes.values()) {
    update(draft, generation, { lastBeatAtMs: lastBeatAtMs + lateMs });
  }
}

function checkProcess(draft: Draft, found: ShardState): void {
  const deadlineMs = processDeadlineMs(draft.state, found);
  if (deadlineMs === undefined || deadlineMs > draft.nowMs) return;
  const name = `shard ${found.shard} (generation ${found.generation})`;
  if (found.leaving !== undefined) return harder(draft, found, found.leaving, name);
  const { beatTimeoutMs, startTimeoutMs } = draft.state.limits;
  const what = found.role === 'starting' ? `was not ready within ${startTimeoutMs} ms` : `sent no beat for ${beatTimeoutMs} ms`;
  log(draft, 'error', `${name} ${what}; killing it`);
  update(draft, found.generation, { failure: { code: 'timeout', message: `it ${what}` } });
  kill(draft, found);
}

/** The next step for a process that did not leave in time: drain → SIGTERM → SIGKILL, stop → SIGKILL. */
function harder(draft: Draft, found: ShardState, leaving: Leaving, name: string): void {
  if (leaving.step === 'drain') {
    log(draft, 'warning', `${name} still has work at the end of its drain deadline; sending SIGTERM`);
    draft.actions.push({ type: 'signal', generation: found.generation, signal: 'SIGTERM' });
    update(draft, found.generation, { leaving: within(draft, 'terminate', draft.state.limits.killGraceMs) });
    return;
  }
  if (leaving.step !== 'kill') log(draft, 'warning', `${name} did not exit in time; killing it`);
  kill(draft, found);
}

function kill(draft: Draft, found: ShardState): void {
  draft.actions.push({ type: 'signal', generation: found.generation, signal: 'SIGKILL' });
  // Repeated, should the signal not take: a process in uninterruptible sleep dies late.
  update(draft, found.generation, { leaving: within(draft, 'kill', draft.state.limits.killGraceMs) });
}

function within(draft: Draft, step: Leaving['step'], timeoutMs: number): Leaving {
  return { step, deadlineMs: draft.nowMs + timeoutMs };
}

function processDeadlineMs(state: HeartState, found: ShardState): number | undefined {
  if (found.leaving !== undefined) return found.leaving.deadlineMs;
  if (found.role === 'starting') return found.startedAtMs + state.limits.startTimeoutMs;
  return found.lastBeatAtMs + state.limits.beatTimeoutMs;
}

/** When the machine wants its next `tick`; undefined when nothing is due. */
export function nextDeadlineMs(state: HeartState): number | undefined {
  const deadlines = [...state.due.values()];
  for (const found of state.processes.values()) deadlines.push(processDeadlineMs(state, found) ?? Infinity);
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

// ---- stopping ----------------------------------------------------------------------------------

function giveUp(draft: Draft, reason: { readonly code: string; readonly message: string }): void {
  if (isStopping(draft.state)) return;
  draft.state.exitCode = 1;
  draft.state.reason = reason;
  log(draft, 'error', reason.message);
  stopAll(draft);
}

function isStopping(state: HeartState): boolean {
  return state.phase === 'stopping' || state.phase === 'stopped';
}

function stopAll(draft: Draft): void {
  if (isStopping(draft.state)) return;
  failHandOver(draft, { code: 'stopping', message: 'The node is stopping.' });
  draft.state.phase = 'stopping';
  draft.state.due = new Map();
  const deadlineMs = draft.state.limits.stopDeadlineMs;
  for (const { generation } of draft.state.processes.values()) {
    draft.actions.push({ type: 'send-stop', generation, deadlineMs });
    update(draft, generation, { leaving: within(draft, 'stop', deadlineMs) });
  }
  exitIfEmpty(draft);
}

function killAll(draft: Draft): void {
  stopAll(draft);
  draft.state.exitCode = draft.state.exitCode || 1;
  for (const found of draft.state.processes.values()) kill(draft, found);
}

function exitIfEmpty(draft: Draft): void {
  const { state } = draft;
  if (state.processes.size > 0 || state.phase === 'stopped') return;
  state.phase = 'stopped';
  draft.actions.push({ type: 'exit', code: state.exitCode, ...(state.reason === undefined ? {} : { reason: state.reason }) });
}
