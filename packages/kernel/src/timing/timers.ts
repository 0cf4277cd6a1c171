// All timers of the kernel, on one timer of the host. Timers of the same millisecond share a
// bucket (a doubly linked ring), so that setting and cancelling one, which each call with a
// timeout does, costs no heap operation while its bucket exists.
import { clock } from './clock.ts';

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

/** Calls `fire` once `delayMs` from now, never early, on the millisecond grid. */
export function startTimer(delayMs: number, fire: () => void): Timer {
  // At least 1 ms: a timer that sets itself again with 0 would otherwise never leave `fireDue`.
  const due = Math.ceil(clock().nowMs() + Math.max(1, delayMs));
  const timer = new Timer(fire);
  let bucket = buckets.get(due);
  if (bucket === undefined) {
    bucket = new Timer(undefined);
    buckets.set(due, bucket);
    pushDue(due);
    if (due < wakeAtMs) armWake(due);
  }
  timer.previous = bucket.previous;
  timer.next = bucket;
  bucket.previous.next = timer;
  bucket.previous = timer;
  return timer;
}

/** True if the timer had not fired. Cancelling twice, or late, is harmless. */
export function cancelTimer(timer: Timer): boolean {
  if (timer.fire === undefined) return false;
  timer.fire = undefined;
  timer.previous.next = timer.next;
  timer.next.previous = timer.previous;
  return true;
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
      fire?.();
    }
  }
  dropEmptyBuckets();
  if (dueTimes.length > 0 && dueTimes[0]! < wakeAtMs) armWake(dueTimes[0]!);
}

// Without this, a node whose calls all answer in time would wake for each empty bucket.
function dropEmptyBuckets(): void {
  while (dueTimes.length > 0) {
    const bucket = buckets.get(dueTimes[0]!)!;
    if (bucket.next !== bucket) return;
    buckets.delete(popDue());
  }
}

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
