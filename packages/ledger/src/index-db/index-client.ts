// The index as the main thread has it: questions with answers, all of them promises.
import { Worker } from 'node:worker_threads';

import { LedgerError } from '../errors.ts';
import type { PlainError } from '../store/protocol.ts';
import type { FromIndex, IndexData, IndexRequests, ToIndex } from './index-protocol.ts';
import { receiptIndexPath } from './receipt-index.ts';

type Question = { readonly resolve: (value: unknown) => void; readonly reject: (error: LedgerError) => void };

/** Rejects with `bad-source`, `index-unusable`; then nothing is left running. `file` is state/receipts.sqlite unless given. */
export async function openIndex({ folder, file = receiptIndexPath(folder) }: { readonly folder: string; readonly file?: string }): Promise<IndexClient> {
  const data: IndexData = { folder, file };
  const worker = new Worker(new URL(`./index-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url), { workerData: data, name: 'ledger-index' });
  const first = await new Promise<FromIndex>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  if (first.kind !== 'ready') {
    await worker.terminate();
    throw first.kind === 'not-opened' ? asError(first.error) : new LedgerError('index-unusable', 'the index ended while it started');
  }
  return new IndexClient(worker, first.rebuiltBecause);
}

export class IndexClient {
  /** Why the index on disk was thrown away; undefined if it was good or none was there. */
  readonly rebuiltBecause: string | undefined;
  readonly #worker: Worker;
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  #end: LedgerError | undefined;
  readonly #ended = Promise.withResolvers<LedgerError>();

  constructor(worker: Worker, rebuiltBecause: string | undefined) {
    this.#worker = worker;
    this.rebuiltBecause = rebuiltBecause;
    worker.on('message', (message: FromIndex) => this.#take(message));
    worker.on('error', (cause) => this.#finish(new LedgerError('index-unusable', 'the index of receipts crashed: open it again', { cause })));
    worker.on('exit', () => this.#finish(new LedgerError('ledger-closed', 'the index of receipts is closed')));
  }

  /** Rejects with the code that the thread had, or `ledger-closed`. */
  ask<What extends keyof IndexRequests>(what: What, argument: IndexRequests[What]['ask']): Promise<IndexRequests[What]['answer']> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastQuestion += 1;
    const id = this.#lastQuestion;
    this.#worker.postMessage({ id, what, argument } satisfies ToIndex);
    return new Promise((resolve, reject) => this.#questions.set(id, { resolve: resolve as (value: unknown) => void, reject }));
  }

  /** Resolves when the thread has ended, whether closed or crashed. */
  get ended(): Promise<LedgerError> {
    return this.#ended.promise;
  }

  async close(): Promise<void> {
    if (this.#end !== undefined) return;
    // Rejected only when the thread ends before, which is what was wanted.
    await this.ask('close', undefined).catch(() => {});
    await this.#ended.promise;
  }

  #take(message: FromIndex): void {
    if (message.kind !== 'answer' && message.kind !== 'refusal') return;
    const question = this.#questions.get(message.id);
    this.#questions.delete(message.id);
    if (message.kind === 'answer') question?.resolve(message.value);
    else question?.reject(asError(message.error));
  }

  #finish(end: LedgerError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const { reject } of this.#questions.values()) reject(end);
    this.#questions.clear();
    this.#ended.resolve(end);
  }
}

function asError({ code, message }: PlainError): LedgerError {
  return new LedgerError(code, message);
}
