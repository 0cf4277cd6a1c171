// A verifier's thread: checks one stretch after another for `segment-lanes.ts`, which alone starts it.
import { parentPort, workerData } from 'node:worker_threads';

import { LedgerError } from '../errors.ts';
import { checkSegment, segmentScratch, type SegmentJob, type SegmentResult } from './segment.ts';
import { openReader, type SourceDescription } from './source.ts';

export type WorkerAnswer = { readonly ok: true; readonly result: SegmentResult } | { readonly ok: false; readonly code: LedgerError['code'] | undefined; readonly message: string };

const reader = openReader(workerData as SourceDescription);
const scratch = segmentScratch();

parentPort!.on('message', async (job: SegmentJob) => {
  const given = await answer(job);
  // Handed over, not copied: with many tenants they are a megabyte.
  const { keys, counts, hashes } = given.ok ? given.result.pieces : {};
  parentPort!.postMessage(given, [keys, counts, hashes].flatMap((bytes) => bytes?.buffer ?? []));
});

async function answer(job: SegmentJob): Promise<WorkerAnswer> {
  try {
    return { ok: true, result: await checkSegment(job, reader, scratch) };
  } catch (error) {
    return { ok: false, code: error instanceof LedgerError ? error.code : undefined, message: (error as Error).message };
  }
}
