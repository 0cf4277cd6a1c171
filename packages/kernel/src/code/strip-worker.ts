// Runs in a worker thread: strips types there, because the stripper's WebAssembly takes 30 ms to
// set up and milliseconds a module, during which the event loop of a running node would stand still.
import { stripTypeScriptTypes } from 'node:module';
import { parentPort } from 'node:worker_threads';

export interface StripRequest {
  readonly id: number;
  readonly text: string;
}

export type StripAnswer = { readonly id: number; readonly text: string } | { readonly id: number; readonly failed: true };

parentPort?.on('message', ({ id, text }: StripRequest) => {
  let answer: StripAnswer;
  try {
    answer = { id, text: stripTypeScriptTypes(text, { mode: 'strip' }) };
  } catch {
    // The asking thread strips once more for the position: an error would lose it on the way.
    answer = { id, failed: true };
  }
  parentPort?.postMessage(answer);
});
