// Takes the types out of TypeScript, leaving every position where it was. At the first load in
// this thread, which is quickest; while a node runs, in a worker thread that is ended afterwards,
// unless the stripper is set up here already and the text is so short that it takes about a millisecond.
import { stripTypeScriptTypes } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { StripAnswer, StripRequest } from './strip-worker.ts';

export interface Stripper {
  /** Undefined if the text does not parse. */
  strip(text: string): Promise<string | undefined>;
  close(): void;
}

export function inlineStripper(): Stripper {
  let before: Promise<unknown> = Promise.resolve();
  return {
    strip(text) {
      // One text a turn of the event loop.
      const done = before.then(() => setImmediate()).then(() => stripped(text));
      before = done;
      return done;
    },
    close() {},
  };
}

/** The stripper's WebAssembly is set up in this thread. */
let warm = false;

/** Measured: 0.07 ms a KB. */
const shortTextLength = 16_384;

function stripped(text: string): string | undefined {
  warm = true;
  try {
    return stripTypeScriptTypes(text, { mode: 'strip' });
  } catch {
    return undefined;
  }
}

interface Waiting {
  resolve(text: string | undefined): void;
  reject(error: Error): void;
}

export function workerStripper(): Stripper {
  const inline = inlineStripper();
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;
  return {
    strip(text) {
      if (warm && text.length <= shortTextLength) return inline.strip(text);
      return new Promise((resolve, reject) => {
        worker ??= startWorker(waiting);
        const request: StripRequest = { id: ++lastId, text };
        waiting.set(request.id, { resolve, reject });
        worker.postMessage(request);
      });
    },
    close() {
      void worker?.terminate();
      worker = undefined;
    },
  };
}

function startWorker(waiting: Map<number, Waiting>): Worker {
  // Beside this file under the same ending: .ts among the sources, .js once built.
  const file = new URL(`./strip-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
  const worker = new Worker(file, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  worker.on('message', (answer: StripAnswer) => {
    waiting.get(answer.id)?.resolve('text' in answer ? answer.text : undefined);
    waiting.delete(answer.id);
  });
  worker.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error instanceof Error ? error : new Error(String(error)));
    waiting.clear();
  });
  return worker;
}
