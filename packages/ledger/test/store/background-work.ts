// What the thread of background-files.ts does, on a disk in memory: changes in their order, and syncs, which a change may
// overtake, one call at a time. When the next one comes is chance: between two turns of the writer's thread, and between
// any two calls that it makes itself, in the midst of a commit.
import type { Random } from '@flyball/kernel';

import { applyChange, type FileChange, type Files } from '../../src/store/disk/files.ts';

type Steps = Generator<void, void>;
type Job = { readonly steps: Steps; readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** The disk's pace: one call of the writer in so many finds that the background has done a step meanwhile, or several. */
const paces = [2, 4, 16, 1_000];

export class BackgroundWork {
  readonly #random: Random;
  readonly #oneIn: number;
  #queues: Record<'change' | 'sync', Job[]> = { change: [], sync: [] };
  /** Syncs take for ever. */
  holdsSyncs = false;
  #isStepping = false;
  #isPumping = false;

  constructor(random: Random) {
    this.#random = random;
    this.#oneIn = random.pick(paces);
  }

  ask(kind: 'change' | 'sync', steps: Steps): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queues[kind].push({ steps, resolve, reject });
      void this.#pump();
    });
  }

  interleave(): void {
    if (this.#isStepping) return;
    while (this.#hasWork() && this.#random.below(this.#oneIn) === 0) this.#step();
  }

  end(reason: Error): void {
    const jobs = [...this.#queues.change, ...this.#queues.sync];
    this.#queues = { change: [], sync: [] };
    for (const { reject } of jobs) reject(reason);
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (await undefined; this.#hasWork(); await undefined) this.#step();
    this.#isPumping = false;
  }

  #hasWork(): boolean {
    return this.#queues.change.length + (this.holdsSyncs ? 0 : this.#queues.sync.length) > 0;
  }

  #step(): void {
    const { change, sync } = this.#queues;
    const jobs = this.holdsSyncs || sync.length === 0 || (change.length > 0 && this.#random.below(2) === 0) ? change : sync;
    const job = jobs[0]!;
    this.#isStepping = true;
    try {
      if (!job.steps.next().done) return;
      job.resolve();
    } catch (error) {
      job.reject(error);
    } finally {
      this.#isStepping = false;
    }
    jobs.shift();
  }
}

export function* syncing(files: Files, paths: readonly string[]): Steps {
  for (const path of paths) {
    files.syncPath(path);
    yield;
  }
}

export function* changing(files: Files, changes: readonly FileChange[]): Steps {
  for (const change of changes) {
    if ('write' in change) yield* writing(files, change.write, change.bytes);
    else applyChange(files, change);
    yield;
  }
}

/** As writeWhole, with the writer's thread between making the file and each piece. */
function* writing(files: Files, path: string, bytes: Uint8Array): Steps {
  const file = files.open(path, 'write');
  yield;
  try {
    for (let at = 0; at < bytes.length; ) {
      at += files.writeAt(file, bytes.subarray(at), at);
      yield;
    }
  } finally {
    files.close(file);
  }
}
