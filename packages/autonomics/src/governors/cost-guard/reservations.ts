// Open reservations in bounded space. The caller carries a reservation's amount; kept here are the sum of each expiry
// bucket and the open ids, so a settlement counts exactly once, in time, late or never.
import { book } from './account.ts';
import type { CostPolicy } from './policy.ts';
import type { Bucket, CostState, Draft, Late } from './state.ts';

const bucketsMax = 7;
const latesMax = 4;
/** Of `open` as JSON. With it the whole state stays within 4,096 bytes (measured by a property test). */
const openBytesMax = 1_600;

/** Where an id stands: `live` is reserved, `late` was charged at its expiry, `closed` can change nothing any more. */
export type Standing = 'live' | 'late' | 'closed' | 'unknown';

export function standingOf({ open, buckets, nextId }: CostState, id: number): Standing {
  if (!Number.isSafeInteger(id) || id < 1 || id >= nextId) return 'unknown';
  if (indexOf(open, id) < 0) return 'closed';
  return id >= (buckets[0]?.from ?? nextId) ? 'live' : 'late';
}

/**
 * Whether `open` has room for one more id. Ids are written as differences; their digits are the most when they are
 * equal (the logarithm is concave), so count × (log10(span ÷ count) + 2) bytes is a bound.
 */
export function hasRoom({ reservationsMax }: CostPolicy, { open, nextId }: CostState): boolean {
  const count = open.length + 1;
  const span = nextId - (open[0] ?? nextId) + 1;
  return count <= reservationsMax && 20 + count * (Math.log10(Math.max(1, span / count)) + 2) <= openBytesMax;
}

/** Gives up the settlements that are late already: what was charged for them stays charged. */
export function closeLate(draft: Draft): void {
  draft.open = dropBefore(draft.open, draft.buckets[0]?.from ?? draft.nextId);
  draft.lates = [];
}

/** Opens the next id with `micro` reserved; returns it and when it expires. */
export function openReservation(draft: Draft, policy: CostPolicy, micro: number, nowMs: number): { id: number; expiresAtMs: number } {
  const id = draft.nextId;
  const bucket = joinBucket(draft, policy, micro, nowMs);
  const last = draft.open.length === 0 ? 0 : lastOf(draft.open);
  draft.open = [...draft.open, id - last];
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
  draft.open = without(draft.open, id);
  return true;
}

export function closeLateId(draft: Draft, id: number): void {
  draft.open = without(draft.open, id);
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
    draft.open = dropBefore(draft.open, draft.lates[0]!.before);
    draft.lates = draft.lates.slice(1);
  }
}

/** Without room the oldest two close together, at the later time. */
function addLate(draft: Draft, late: Late): void {
  const lates = draft.lates.length === latesMax ? draft.lates.slice(1) : draft.lates;
  draft.lates = [...lates, late];
}

function indexOf(open: readonly number[], id: number): number {
  let sum = 0;
  for (let at = 0; at < open.length; at += 1) {
    sum += open[at]!;
    if (sum >= id) return sum === id ? at : -1;
  }
  return -1;
}

function lastOf(open: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < open.length; at += 1) sum += open[at]!;
  return sum;
}

function without(open: readonly number[], id: number): readonly number[] {
  const at = indexOf(open, id);
  if (at < 0) return open;
  const rest = open.slice();
  const [removed] = rest.splice(at, 1);
  if (at < rest.length) rest[at]! += removed!;
  return rest;
}

function dropBefore(open: readonly number[], before: number): readonly number[] {
  let sum = 0;
  for (let at = 0; at < open.length; at += 1) {
    sum += open[at]!;
    if (sum >= before) return at === 0 ? open : [sum, ...open.slice(at + 1)];
  }
  return [];
}
