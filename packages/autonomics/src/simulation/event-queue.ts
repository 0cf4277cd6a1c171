// The heart of the discrete-event simulation: what happens next. Events of one moment come in the order in
// which they were added, so that a run is the same each time. Pure data structure; knows no clock.

/** `kind` and `index` say what happens to what; numbers, because a run has hundreds of thousands of events. */
export interface SimulationEvent {
  readonly atMs: number;
  readonly kind: number;
  readonly index: number;
}

interface Entry extends SimulationEvent {
  readonly order: number;
}

export class EventQueue {
  readonly #heap: Entry[] = [];
  #added = 0;

  get length(): number {
    return this.#heap.length;
  }

  add(atMs: number, kind: number, index = 0): void {
    const heap = this.#heap;
    const entry = { atMs, kind, index, order: this.#added++ };
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  next(): SimulationEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    sink(heap, last);
    return first;
  }
}

function sink(heap: Entry[], entry: Entry): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (!isBefore(heap[child]!, entry)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = entry;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
