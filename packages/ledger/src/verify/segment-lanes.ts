// Shares the stretches of a log out among lanes: threads for what is on this machine, plain concurrency for what
// comes over the network. Results arrive in the log's order, whoever is done first.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { LedgerError } from '../errors.ts';
import { tileAt, tileWidth } from '../format/layout.ts';
import { absentMax, nextPresent } from './hash-row.ts';
import type { LogReader } from './log-reader.ts';
import type { WorkerAnswer } from './segment-worker.ts';
import { checkSegment, readTile, segmentScratch, type SegmentJob, type SegmentResult } from './segment.ts';
import { openReader, type SourceDescription } from './source.ts';

/** 8,192 receipts: enough to make handing over cheap, few enough to keep all lanes busy to the end. */
const segmentBundles = 32;
/** Fewer stretches than this are done before a thread has started. */
const threadsFromSegments = 4;
/** A thread costs some 25 MB: two keep a million receipts below 200 MB in all; who has more may ask for more. */
const threadsMax = 2;
const requestsAtOnce = 8;

/** A stretch needs a few megabytes, whatever is in it; without a limit garbage would be kept for later. */
const threadLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 24 };

type Lane = { readonly check: (job: SegmentJob) => Promise<SegmentResult>; readonly close: () => Promise<void> };

export type LanesOptions = { readonly source: SourceDescription; readonly size: number; readonly threads?: number };

type Running = { readonly lane: Lane; readonly result: Promise<SegmentResult> };

/**
 * The stretches from the first on, but for long ones that are not there; throws `bad-source` when the log cannot be read
 * to the end.
 */
export async function* checkedSegments({ source, size, threads }: LanesOptions, reader: LogReader): AsyncGenerator<SegmentResult> {
  const bundles = Math.ceil(size / tileWidth);
  const lanes = openLanes({ source, jobs: Math.ceil(bundles / segmentBundles), ...(threads === undefined ? {} : { threads }) });
  const salt = randomBytes(16).toString('hex');
  let [next, absent] = [0, 0];
  // As many jobs as there are lanes: a slow one holds the others back rather than filling memory.
  const running: Running[] = [];
  const begin = (lane: Lane): void => {
    if (next >= bundles) return;
    const job = { firstBundle: next, endBundle: Math.min(bundles, next + segmentBundles), size, salt };
    next = job.endBundle;
    running.push({ lane, result: started(lane, job) });
  };
  try {
    lanes.forEach(begin);
    for (let one = running.shift(); one !== undefined; one = running.shift()) {
      const result = await one.result;
      absent = result.bundles.some(({ isThere }) => isThere) ? 0 : absent + result.bundles.length;
      if (absent >= absentMax) {
        next = await nextPresent({ from: next, end: bundles }, (bundle) => isThere(reader, bundle, size));
        absent = 0;
      }
      begin(one.lane);
      yield result;
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

async function isThere(reader: LogReader, bundle: number, size: number): Promise<boolean> {
  const id = tileAt({ level: 'entries', at: bundle * tileWidth, size });
  return (await readTile(reader, id)) !== undefined || (await readTile(reader, { ...id, level: 0 })) !== undefined;
}

/** Its failure is seen when its turn comes, or not at all when another failed before. */
function started(lane: Lane, job: SegmentJob): Promise<SegmentResult> {
  const result = lane.check(job);
  result.catch(() => {});
  return result;
}

function openLanes({ source, jobs, threads }: { readonly source: SourceDescription; readonly jobs: number; readonly threads?: number }): Lane[] {
  if (source.kind === 'url') return Array.from({ length: Math.min(jobs, requestsAtOnce) }, () => plainLane(source));
  const wanted = threads ?? (jobs < threadsFromSegments ? 0 : Math.min(availableParallelism(), threadsMax));
  return wanted === 0 ? [plainLane(source)] : Array.from({ length: Math.min(jobs, wanted) }, () => threadLane(source));
}

function plainLane(source: SourceDescription): Lane {
  const [reader, scratch] = [openReader(source), segmentScratch()];
  return { check: (job) => checkSegment(job, reader, scratch), close: async () => reader.close() };
}

function threadLane(source: SourceDescription): Lane {
  const file = new URL(`./segment-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const worker = new Worker(file, { workerData: source, name: 'verify', resourceLimits: threadLimits });
  const ended = new Promise<never>((_, reject) => {
    const end = (why: string, cause?: unknown) => reject(new LedgerError('bad-source', `a thread of the verifier ended: ${why}`, { cause }));
    worker.once('error', (error: Error) => end(error.message, error)).once('exit', (code) => end(`exit code ${code}`));
  });
  ended.catch(() => {});
  return {
    check: async (job) => {
      worker.postMessage(job);
      const [answer] = (await Promise.race([once(worker, 'message'), ended])) as [WorkerAnswer];
      if (answer.ok) return answer.result;
      if (answer.code === undefined) throw new Error(answer.message);
      throw new LedgerError(answer.code, answer.message);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
