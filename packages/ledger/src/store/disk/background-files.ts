// Changing and syncing files while the writer goes on. One thread does it, with synchronous calls and one file after
// the other: promises would cost the writer's thread several turns a file, and more threads than one would keep its
// commits waiting, for a core and for the disk.
import { Worker, type Transferable } from 'node:worker_threads';

import type { FileOutcome, FileRequest } from './files-thread.ts';
import { systemFiles, type BackgroundFiles, type FileChange } from './files.ts';

type Waiting = { readonly resolve: () => void; readonly reject: (error: Error) => void };

export class SystemBackground {
  readonly files: BackgroundFiles = {
    ...systemFiles,
    syncLater: (paths) => this.#ask((id) => ({ id, sync: paths })),
    changeLater: (changes) => {
      const change = changes.map(withOwnBytes);
      return this.#ask((id) => ({ id, change }), change.flatMap((one) => ('write' in one ? [one.bytes.buffer as ArrayBuffer] : [])));
    },
  };
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #worker: Worker | undefined;
  #exited: Promise<void> | undefined;

  /** Resolves when all that was asked for is done and the thread has ended. */
  async close(): Promise<void> {
    this.#worker?.postMessage('end' satisfies FileRequest);
    await this.#exited;
  }

  #ask(requestOf: (id: number) => FileRequest, transfer: readonly Transferable[] = []): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    // Started by the first request: opening a ledger does not wait for it.
    this.#worker ??= this.#start();
    this.#worker.postMessage(requestOf(id), transfer);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./files-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), { name: 'ledger-files', trackUnmanagedFds: false });
    let reason = new Error('the thread that changes files has ended');
    worker.on('message', (outcome: FileOutcome) => this.#settle(outcome)).on('error', (error: Error) => (reason = error));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#end(reason);
        resolve();
      });
    });
    return worker;
  }

  #settle({ id, failure }: FileOutcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve();
    else waiting?.reject(Object.assign(new Error(failure.message), { code: failure.code }));
  }

  #end(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    // The next request starts another one.
    this.#worker = undefined;
  }
}

/** With a copy of the bytes, in a buffer of its own, which another thread may have. */
function withOwnBytes(change: FileChange): FileChange {
  return 'write' in change ? { write: change.write, bytes: new Uint8Array(change.bytes) } : change;
}
