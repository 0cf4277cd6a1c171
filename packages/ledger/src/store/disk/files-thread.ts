// The thread behind background-files.ts. Changes go first, in their order: somebody waits for a publication. Syncs have
// time; between two of them it looks for changes, so that these, and the disk's other users, wait for one file at most.
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';

import { applyChange, codeOf, systemFiles, type FileChange } from './files.ts';

/** `end`: the thread ends when all that was asked for before is done. */
export type FileRequest = { readonly id: number; readonly change: readonly FileChange[] } | { readonly id: number; readonly sync: readonly string[] } | 'end';
export type FileOutcome = { readonly id: number; readonly failure?: { readonly code: string | undefined; readonly message: string } };

type Job = { readonly id: number; readonly steps: readonly (() => void)[]; done: number };

const port = parentPort!;
const changes: Job[] = [];
const syncs: Job[] = [];
let isEnding = false;

port.on('message', (first: FileRequest) => {
  take(first);
  while (changes.length > 0 || syncs.length > 0) {
    work(changes.length > 0 ? changes : syncs);
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) take(next.message as FileRequest);
  }
  if (isEnding) port.close();
});

function take(request: FileRequest): void {
  if (request === 'end') isEnding = true;
  else if ('change' in request) changes.push({ id: request.id, steps: request.change.map((change) => () => applyChange(systemFiles, change)), done: 0 });
  else syncs.push({ id: request.id, steps: request.sync.map((path) => () => systemFiles.syncPath(path)), done: 0 });
}

/** One step of the first job. */
function work(jobs: Job[]): void {
  const job = jobs[0]!;
  try {
    job.steps[job.done]?.();
    job.done += 1;
    if (job.done < job.steps.length) return;
    port.postMessage({ id: job.id } satisfies FileOutcome);
  } catch (error) {
    port.postMessage({ id: job.id, failure: { code: codeOf(error), message: (error as Error).message } } satisfies FileOutcome);
  }
  jobs.shift();
}
