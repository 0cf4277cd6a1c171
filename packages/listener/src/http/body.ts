// Reads a request's body, up to a limit.
import type { IncomingMessage } from 'node:http';

export type BodyOutcome = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: 'too-large' | 'aborted' };

/** Collects a body; tells its outcome once. */
export class BodyReader {
  readonly #bytesMax: number;
  readonly #done: (outcome: BodyOutcome) => void;
  #first: Buffer | undefined;
  #rest: Buffer[] | undefined;
  #bytes = 0;
  #settled = false;

  constructor(request: IncomingMessage, bytesMax: number, done: (outcome: BodyOutcome) => void) {
    this.#bytesMax = bytesMax;
    this.#done = done;
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) this.#settle({ ok: false, reason: 'too-large' });
    else {
      request.on('data', (chunk: Buffer) => this.#take(chunk));
      request.on('end', () => this.#end());
    }
  }

  /** The client went away. */
  abort(): void {
    this.#settle({ ok: false, reason: 'aborted' });
  }

  #take(chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) return this.#settle({ ok: false, reason: 'too-large' });
    if (this.#first === undefined) this.#first = chunk;
    else (this.#rest ??= [this.#first]).push(chunk);
  }

  #end(): void {
    if (this.#settled) return;
    const text = this.#rest === undefined ? (this.#first?.toString('utf8') ?? '') : Buffer.concat(this.#rest).toString('utf8');
    this.#settle({ ok: true, text });
  }

  #settle(outcome: BodyOutcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#first = undefined;
    this.#rest = undefined;
    this.#done(outcome);
  }
}
