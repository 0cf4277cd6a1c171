// The newest ids becoming a run, a few at a time: hashed, put into buckets by the first bits of their hashes, sorted
// within these, written. So no append waits for all of it; ids are looked up meanwhile as before.
import { hashLimit, idHash } from './id-hash.ts';
import type { NewRun } from './id-run.ts';

/** Four ids a bucket, of as many as there are recent by default: sorting them then moves each a few places. */
const bucketCount = 4096;

export class Flush {
  readonly recent: ReadonlyMap<string, number>;
  readonly run: NewRun;
  readonly #steps: Iterator<undefined>;

  constructor(recent: ReadonlyMap<string, number>, salt: number, run: NewRun) {
    this.recent = recent;
    this.run = run;
    this.#steps = stepsOf(recent, salt, run);
  }

  /** True once all is written. */
  step(idsMax: number): boolean {
    for (let step = 0; step < idsMax; step += 1) if (this.#steps.next().done) return true;
    return false;
  }
}

function bucketOf(hash: number): number {
  return Math.floor(hash / (hashLimit / bucketCount));
}

/** A step is an id that is hashed, or put in its place, or written. */
function* stepsOf(recent: ReadonlyMap<string, number>, salt: number, run: NewRun): Generator<undefined, void> {
  const unsorted = new Float64Array(recent.size);
  const places = new Uint32Array(bucketCount + 1);
  let count = 0;
  for (const key of recent.keys()) {
    const hash = idHash(key, salt);
    unsorted[count] = hash;
    places[bucketOf(hash) + 1]! += 1;
    count += 1;
    yield;
  }
  for (let bucket = 1; bucket <= bucketCount; bucket += 1) places[bucket]! += places[bucket - 1]!;
  const [hashes, indexes] = [new Float64Array(count), new Float64Array(count)];
  let from = 0;
  for (const index of recent.values()) {
    const hash = unsorted[from]!;
    let to = places[bucketOf(hash)]!;
    places[bucketOf(hash)] = to + 1;
    // What is left of the bucket is less, or nothing yet.
    for (; to > 0 && hashes[to - 1]! > hash; to -= 1) {
      hashes[to] = hashes[to - 1]!;
      indexes[to] = indexes[to - 1]!;
    }
    hashes[to] = hash;
    indexes[to] = index;
    from += 1;
    yield;
  }
  for (let at = 0; at < count; at += 1) {
    run.writer.add(hashes[at]!, indexes[at]!);
    yield;
  }
  run.writer.finish();
}
