/** One transition in the making: a copy of the state to change, and the actions it leads to. */
import type { HeartAction, HeartState, ShardState } from './heart-state.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Draft {
  readonly before: HeartState;
  readonly state: Mutable<HeartState>;
  readonly actions: HeartAction[];
  readonly nowMs: number;
}

/** Changes one process in the copy; a process that is gone is left alone. */
export function update(draft: Draft, generation: number, change: Partial<ShardState>): void {
  const found = draft.state.processes.get(generation);
  if (found === undefined) return;
  draft.state.processes = new Map(draft.state.processes).set(generation, { ...found, ...change });
}

export function remove(draft: Draft, generation: number): void {
  const left = new Map(draft.state.processes);
  left.delete(generation);
  draft.state.processes = left;
}

export function log(draft: Draft, severity: 'info' | 'warning' | 'error', text: string): void {
  draft.actions.push({ type: 'log', severity, text });
}

/**
 * Ends the transition. Shards learn who lives, and in which role, before anything else that this transition
 * tells them: a process that hands over must already know its successor as current.
 */
export function finish(draft: Draft): { state: HeartState; actions: HeartAction[] } {
  const { before, state, actions } = draft;
  if (signature(before) === signature(state)) return { state, actions };
  const spawned = actions.findLastIndex(({ type }) => type === 'spawn') + 1;
  return { state, actions: [...actions.slice(0, spawned), { type: 'send-peers' }, ...actions.slice(spawned)] };
}

function signature(state: HeartState): string {
  return [...state.processes.values()].map(({ generation, role }) => `${generation}${role}`).join();
}
