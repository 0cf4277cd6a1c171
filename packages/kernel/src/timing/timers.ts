// All timers of the kernel, on one timer of the host. Timers of the same millisecond share a
// bucket (a doubly linked ring), so that setting and cancelling one, which each call with a
// timeout does, costs no heap operation while its bucket exists.
import { clock, onClockReplaced, type Clock } from './clock.ts';

export class Timer {
  previous: Timer = this;
  next: Timer = this;
  /** Called when due; undefined once fired or cancelled. */
  fire: (() => void) | undefined;

  constructor(fire: (() => void) | undefined) {
    this.fire = fire;
  }
}

const buckets = new Map<number, Timer>();
/** Binary min-heap of the milliseconds that have a bucket. */
const dueTimes: number[] = [];
let cancelWake: (() => void) | undefined;
let wakeAtMs = Infinity;
/** Timers neither fired nor cancelled. */
let live = 0;
let restScheduled = false;

/** Calls `fire` once `delayMs` from now, never early, on the millisecond grid. */
export function startTimer(delayMs: number, fire: () => void): Timer {
  // At least 1 ms: a timer that sets itself again with 0 would otherwise never leave `fireDue`.
  const due = Math.ceil(clock().nowMs() + (delayMs > 1 ? delayMs : 1));
  const timer = new Timer(fire);
  let bucket = buckets.get(due);
  if (bucket === undefined) {
    if (dueTimes.length > 2 * live + sweepSlack) dropAllEmptyBuckets();
    bucket = new Timer(undefined);
    buckets.set(due, bucket);
    pushDue(due);
    if (due < wakeAtMs) armWake(due);
  }
  timer.previous = bucket.previous;
  timer.next = bucket;
  bucket.previous.next = timer;
  bucket.previous = timer;
  live += 1;
  return timer;
}

/** True if the timer had not fired. Cancelling twice, or late, is harmless. */
export function cancelTimer(timer: Timer): boolean {
  if (timer.fire === undefined) return false;
  timer.fire = undefined;
  timer.previous.next = timer.next;
  timer.next.previous = timer.previous;
  live -= 1;
  if (live === 0 && !restScheduled) {
    restScheduled = true;
    setImmediate(restIfIdle);
  }
  return true;
}

// Without timers nothing is armed on the host, else a program that is done would linger until the
// timeouts of its answered calls. Looked at once an iteration of the event loop, not at each call.
function restIfIdle(): void {
  restScheduled = false;
  if (live > 0) return;
  disarm();
  buckets.clear();
  dueTimes.length = 0;
}

function disarm(): void {
  cancelWake?.();
  cancelWake = undefined;
  wakeAtMs = Infinity;
}

function armWake(atMs: number): void {
  cancelWake?.();
  wakeAtMs = atMs;
  cancelWake = clock().wakeAt(atMs, fireDue);
}

function fireDue(): void {
  wakeAtMs = Infinity;
  cancelWake = undefined;
  const now = clock().nowMs();
  while (dueTimes.length > 0 && dueTimes[0]! <= now) {
    const due = popDue();
    const bucket = buckets.get(due)!;
    buckets.delete(due);
    for (let timer = bucket.next; timer !== bucket; timer = bucket.next) {
      const { fire } = timer;
      cancelTimer(timer);
      fireSafely(fire!);
    }
  }
  dropEmptyBuckets();
  if (dueTimes.length > 0 && dueTimes[0]! < wakeAtMs) armWake(dueTimes[0]!);
}

// What it throws is its owner's bug; it must not take the other timers along.
function fireSafely(fire: () => void): void {
  try {
    fire();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

// Without this, a node whose calls all answer in time would wake for each empty bucket.
function dropEmptyBuckets(): void {
  while (dueTimes.length > 0) {
    const bucket = buckets.get(dueTimes[0]!)!;
    if (bucket.next !== bucket) return;
    buckets.delete(popDue());
  }
}

/** Buckets that may stand empty before they are swept, besides one for each live timer. */
const sweepSlack = 8_192;

// Long timeouts that are set and cancelled at a high rate (idle sessions) leave a bucket each millisecond.
function dropAllEmptyBuckets(): void {
  const kept = dueTimes.filter((due) => {
    const bucket = buckets.get(due)!;
    if (bucket.next === bucket) buckets.delete(due);
    return bucket.next !== bucket;
  });
  dueTimes.length = 0;
  // Sorted is a heap.
  for (const due of kept.sort((a, b) => a - b)) dueTimes.push(due);
}

/** Timers keep their remaining time under another clock. */
function moveTimers(before: Clock, after: Clock): void {
  disarm();
  const shiftMs = Math.ceil(after.nowMs() - before.nowMs());
  const moved = [...buckets];
  buckets.clear();
  for (const [due, bucket] of moved) buckets.set(due + shiftMs, bucket);
  for (let at = 0; at < dueTimes.length; at += 1) dueTimes[at]! += shiftMs;
  dropEmptyBuckets();
  if (dueTimes.length > 0) armWake(dueTimes[0]!);
}

onClockReplaced(moveTimers);

function pushDue(value: number): void {
  let at = dueTimes.push(value) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (dueTimes[parent]! <= value) break;
    dueTimes[at] = dueTimes[parent]!;
    at = parent;
  }
  dueTimes[at] = value;
}

function popDue(): number {
  const first = dueTimes[0]!;
  const last = dueTimes.pop()!;
  const size = dueTimes.length;
  if (size === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && dueTimes[child + 1]! < dueTimes[child]!) child += 1;
    if (dueTimes[child]! >= last) break;
    dueTimes[at] = dueTimes[child]!;
    at = child;
  }
  dueTimes[at] = last;
  return first;
}

/** Points in time for which something is kept, empty ones included. */
export function timerBuckets(): number {
  return dueTimes.length;
}

/** For tests: nothing that was set before fires any more. */
export function cancelAllTimers(): void {
  for (const bucket of buckets.values()) while (bucket.next !== bucket) cancelTimer(bucket.next);
}
