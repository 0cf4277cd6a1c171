// Shares the stretches of a log out among lanes: threads for what is on this machine, plain concurrency for what
// comes over the network. Results arrive in the log's order, whoever is done first.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

import { LedgerError } from '../errors.ts';
import { tileWidth } from '../format/layout.ts';
import { checkSegment, segmentScratch, type SegmentJob, type SegmentResult } from './segment.ts';
import type { WorkerAnswer } from './segment-worker.ts';
import { openReader, type SourceDescription } from './source.ts';

/** 8,192 receipts: enough to make handing over cheap, few enough to keep all lanes busy to the end. */
const segmentBundles = 32;
/** Fewer stretches than this are done before a thread has started. */
const threadsFromSegments = 4;
/** A thread costs some 25 MB: two keep a million receipts below 200 MB in all; who has more may ask for more. */
const threadsMax = 2;
const requestsAtOnce = 8;

type Lane = { readonly check: (job: SegmentJob) => Promise<SegmentResult>; readonly close: () => Promise<void> };

export type LanesOptions = { readonly source: SourceDescription; readonly size: number; readonly threads?: number };

/** The stretches from the first on; throws `bad-source` when the log cannot be read to the end. */
export async function* checkedSegments({ source, size, threads }: LanesOptions): AsyncGenerator<SegmentResult> {
  const jobs = segmentJobs(size);
  const lanes = openLanes({ source, jobs: jobs.length, ...(threads === undefined ? {} : { threads }) });
  try {
    // A window of as many jobs as there are lanes: a slow one holds the others back rather than filling memory.
    const window = jobs.slice(0, lanes.length).map((job, at) => started(lanes[at]!, job));
    for (let at = 0; at < jobs.length; at += 1) {
      const slot = at % lanes.length;
      const result = await window[slot]!;
      const next = jobs[at + lanes.length];
      if (next) window[slot] = started(lanes[slot]!, next);
      yield result;
    }
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
}

/** Its failure is seen when its turn comes, or not at all when another failed before. */
function started(lane: Lane, job: SegmentJob): Promise<SegmentResult> {
  const result = lane.check(job);
  result.catch(() => {});
  return result;
}

function segmentJobs(size: number): SegmentJob[] {
  const bundles = Math.ceil(size / tileWidth);
  const count = Math.ceil(bundles / segmentBundles);
  return Array.from({ length: count }, (_, at) => ({ firstBundle: at * segmentBundles, endBundle: Math.min(bundles, (at + 1) * segmentBundles), size }));
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
  const worker = new Worker(file, { workerData: source, name: 'verify', resourceLimits: { maxYoungGenerationSizeMb: 4 } });
  return {
    check: async (job) => {
      worker.postMessage(job);
      const [answer] = (await once(worker, 'message')) as [WorkerAnswer];
      if (answer.ok) return answer.result;
      if (answer.code === undefined) throw new Error(answer.message);
      throw new LedgerError(answer.code, answer.message);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
