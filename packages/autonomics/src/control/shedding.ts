// Turns a share into single decisions, with an upper limit on what is shed that no run of luck can break. Pure
// and repeatable: what looks like chance comes from a counter in the state, so that the same signals give the
// same decisions, and no client that asks in a rhythm is always the one who is turned away.
import { PRIORITIES, type Priority } from './admission-control.ts';

export interface SheddingState {
  /** How many may be shed now within the limit: grows by the limit with each request, 1 for each one shed. */
  readonly credit: number;
  /** For each priority, the sum of shares not yet shed: −1 to 1. */
  readonly due: readonly number[];
  readonly offered: readonly number[];
  readonly shed: readonly number[];
  /** Share of the latest arrivals that had each priority. */
  readonly mix: readonly number[];
}

export interface ToShed {
  readonly priority: Priority;
  /** Of this priority's requests: 0 to 1. */
  readonly share: number;
  /** Of all requests; null: no limit. */
  readonly limit: number | null;
}

/** A calm hour gives no right to shed its half all at once later. */
const CREDIT_MAX = 8;
const MIX_WEIGHT = 1 / 64;

export const initialShedding: SheddingState = Object.freeze({
  credit: 0,
  due: Array.from({ length: PRIORITIES }, () => 0),
  offered: Array.from({ length: PRIORITIES }, () => 0),
  shed: Array.from({ length: PRIORITIES }, () => 0),
  mix: Array.from({ length: PRIORITIES }, () => 1 / PRIORITIES),
});

/** One more request was offered; it was shed exactly if the next state's `shed` of its priority is larger. */
export function offered(state: SheddingState, { priority, share, limit }: ToShed): SheddingState {
  const counted = incremented(state.offered, priority);
  const mix = mixed(state.mix, priority);
  const credit = limit === null ? state.credit : Math.min(CREDIT_MAX, state.credit + limit);
  if (share <= 0) return { credit, due: state.due, offered: counted, shed: state.shed, mix };
  const owed = state.due[priority]! + share;
  const falls = share >= 1 || owed >= threshold(counted[priority]! * PRIORITIES + priority);
  // The higher the priority, the more credit must be left over: the limit is used up on the lower ones first.
  const affordable = limit === null || credit >= 1 + (PRIORITIES - 1 - priority);
  if (!falls || !affordable) return { credit, due: replaced(state.due, priority, Math.min(owed, 1)), offered: counted, shed: state.shed, mix };
  return {
    credit: limit === null ? credit : credit - 1,
    due: replaced(state.due, priority, Math.max(owed - 1, -1)),
    offered: counted,
    shed: incremented(state.shed, priority),
    mix,
  };
}

/** Something already let in is dropped after all; within the limit, if there is one. Null: the credit is used up. */
export function dropped(state: SheddingState, limit: number | null): SheddingState | null {
  if (limit === null) return state;
  return state.credit < 1 ? null : { ...state, credit: state.credit - 1 };
}

export function totalOf(counts: readonly number[]): number {
  return counts[0]! + counts[1]! + counts[2]! + counts[3]! + counts[4]!;
}

/** In (0, 1), from the counter: the finalizer of MurmurHash3 (Appleby), which spreads every bit of it. */
function threshold(counter: number): number {
  let bits = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 4_294_967_296;
}

function mixed(mix: readonly number[], priority: Priority): readonly number[] {
  const keep = 1 - MIX_WEIGHT;
  const next = [mix[0]! * keep, mix[1]! * keep, mix[2]! * keep, mix[3]! * keep, mix[4]! * keep];
  next[priority]! += MIX_WEIGHT;
  return next;
}

function incremented(counts: readonly number[], at: number): readonly number[] {
  return replaced(counts, at, counts[at]! + 1);
}

function replaced(values: readonly number[], at: number, value: number): readonly number[] {
  const next = [values[0]!, values[1]!, values[2]!, values[3]!, values[4]!];
  next[at] = value;
  return next;
}
