// Open reservations in bounded space. The caller carries a reservation's amount; kept here are the sum of each expiry
// bucket and the open ids, so a settlement counts exactly once, in time, late or never.
import { book } from './account.ts';
import { bytesBound, from, hasId, withNext, withoutId } from './open-ids.ts';
import type { CostPolicy } from './policy.ts';
import type { Bucket, CostState, Draft, Late } from './state.ts';

const bucketsMax = 7;
const latesMax = 4;
/** Of `open` as JSON: what 4,096 bytes leave when every other number has its most digits. */
export const openBytesMax = 1_550;

/** Where an id stands: `live` is reserved, `late` was charged at its expiry, `closed` can change nothing any more. */
export type Standing = 'live' | 'late' | 'closed' | 'unknown';

export function standingOf({ open, buckets, nextId }: CostState, id: number): Standing {
  if (!Number.isSafeInteger(id) || id < 1 || id >= nextId) return 'unknown';
  if (!hasId(open, id)) return 'closed';
  return id >= (buckets[0]?.from ?? nextId) ? 'live' : 'late';
}

/** How many are reserved and not settled. */
export function liveCount({ buckets }: CostState): number {
  let count = 0;
  for (const bucket of buckets) count += bucket.count;
  return count;
}

export function hasRoom({ reservationsMax }: CostPolicy, state: CostState): boolean {
  return bytesBound(state.open, state.nextId) <= openBytesMax && liveCount(state) < reservationsMax;
}

/** Gives up the settlements that are late already: what was charged for them stays charged. */
export function closeLate(draft: Draft): void {
  draft.open = from(draft.open, draft.buckets[0]?.from ?? draft.nextId);
  draft.lates = [];
}

/** Opens the next id with `micro` reserved; returns it and when it expires. */
export function openReservation(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): { id: number; expiresAtMs: number } {
  const id = draft.nextId;
  const bucket = joinBucket(draft, policy, micro, nowMs);
  draft.open = withNext(draft.open, id);
  draft.nextId = id + 1;
  draft.reserved += micro;
  return { id, expiresAtMs: bucket.expiresAtMs };
}

function joinBucket(draft: Draft, { reservationTtlMs }: CostPolicy, micro: number, nowMs: number): Bucket {
  const last = draft.buckets.at(-1);
  const step = Math.ceil(reservationTtlMs / (bucketsMax - 2));
  const expiresAtMs = Math.max(last?.expiresAtMs ?? 0, Math.ceil((nowMs + reservationTtlMs) / step) * step);
  const joins = last !== undefined && (last.expiresAtMs === expiresAtMs || draft.buckets.length === bucketsMax);
  const bucket = joins
    ? { from: last.from, expiresAtMs, micro: last.micro + micro, count: last.count + 1 }
    : { from: draft.nextId, expiresAtMs, micro, count: 1 };
  draft.buckets = joins ? [...draft.buckets.slice(0, -1), bucket] : [...draft.buckets, bucket];
  return bucket;
}

/** Closes a live id; false if its bucket never held so much: whatever the caller carries, it is not what he was given. */
export function closeReservation(draft: Draft, id: number, micro: number): boolean {
  const at = draft.buckets.findLastIndex(({ from }) => from <= id);
  const bucket = draft.buckets[at];
  if (bucket === undefined || bucket.micro < micro || (bucket.count === 1 && bucket.micro !== micro)) return false;
  const rest = { ...bucket, micro: bucket.micro - micro, count: bucket.count - 1 };
  draft.buckets = rest.count === 0 ? draft.buckets.toSpliced(at, 1) : draft.buckets.with(at, rest);
  draft.reserved -= micro;
  draft.open = withoutId(draft.open, id);
  return true;
}

export function closeLateId(draft: Draft, id: number): void {
  draft.open = withoutId(draft.open, id);
}

/** Charges what has expired, in full: the money may be spent. Then forgets what is too late even for a correction. */
export function expire(draft: Draft, policy: CostPolicy, nowMs: number): void {
  while (draft.buckets.length > 0 && nowMs >= draft.buckets[0]!.expiresAtMs) {
    const [bucket, ...rest] = draft.buckets as [Bucket, ...Bucket[]];
    draft.buckets = rest;
    draft.reserved -= bucket.micro;
    book(draft, policy, bucket.micro, nowMs);
    addLate(draft, { before: rest[0]?.from ?? draft.nextId, closesAtMs: bucket.expiresAtMs + policy.lateSettlementMs });
  }
  while (draft.lates.length > 0 && nowMs >= draft.lates[0]!.closesAtMs) {
    draft.open = from(draft.open, draft.lates[0]!.before);
    draft.lates = draft.lates.slice(1);
  }
}

/** Without room the oldest two close together, at the later time. */
function addLate(draft: Draft, late: Late): void {
  const lates = draft.lates.length === latesMax ? draft.lates.slice(1) : draft.lates;
  draft.lates = [...lates, late];
}
