// Starts the thread that watches this one. It only diagnoses: a blocked node is ended by heart,
// from outside (terminating execution from a thread crashed the node when it was measured).
import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '../isolation/compile-cache.ts';
import { telemetryEvent } from '../telemetry.ts';
import type { BlockReport } from './block-report.ts';

export type { BlockReport } from './block-report.ts';

export interface WatchdogOptions {
  /** Silence of the main thread in ms that counts as blocked; 1,000 unless given. */
  blockedAfterMs?: number;
  /** Called in the main thread, once it runs again; stderr has the line by then. */
  report?: (block: BlockReport) => void;
}

export const blockedAfterMsDefault = 1_000;

/** Emitted when the main thread runs again; for counting, the line on stderr came before. */
export const eventLoopBlocked = telemetryEvent<BlockReport>('watchdog.blocked');
/** The thread ended by itself; nothing is watched any more. */
export const watchdogFailed = telemetryEvent<{ error: unknown }>('watchdog.failed');

export interface WatchdogData {
  /** One cell, counted up by the main thread. */
  beats: Int32Array<SharedArrayBuffer>;
  blockedAfterMs: number;
}

/**
 * Watches the main thread from now on; returns the function that ends it. Costs a thread
 * (about 20 MB resident with Node's own in it, twice that where its types must be stripped) and
 * its start beside the main thread: call it after boot. Keeps no process alive.
 */
export function startWatchdog(options: WatchdogOptions = {}): () => Promise<void> {
  const { blockedAfterMs = blockedAfterMsDefault, report } = options;
  const data: WatchdogData = { beats: new Int32Array(new SharedArrayBuffer(4)), blockedAfterMs };
  const worker = new Worker(new URL(`./watchdog-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), {
    workerData: data,
    name: 'watchdog',
    env: compileCacheEnvironment(),
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.on('message', function takeBeat(message: 'ping' | BlockReport): void {
    if (message === 'ping') Atomics.add(data.beats, 0, 1);
    else {
      eventLoopBlocked.emit(message);
      report?.(message);
    }
  });
  worker.on('error', (error) => watchdogFailed.emit({ error }));
  // After the listeners: adding one takes the reference back.
  worker.unref();
  return async () => {
    await worker.terminate();
  };
}
