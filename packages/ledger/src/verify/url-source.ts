// Reads a log's files over HTTP, as any C2SP tlog-tiles server serves them. Retries what may pass; a 404 is an answer.
// The server may be hostile: it is followed nowhere else, and neither its length nor its patience is trusted.
import { setTimeout as delay } from 'node:timers/promises';

import { clock } from '@flyball/kernel';

import { LedgerError } from '../errors.ts';
import { fileBytesMax, type LogReader } from './log-reader.ts';

export const requestTimeoutMs = 30_000;
const attempts = 3;
const retryDelayMs = 200;
/** A reader gives up on a server that was slow so often, unless it was fast ten times as often: one that drips could hold it for days. */
const slowRequestsMax = 10;
const slowRequestsForgiven = 0.1;

type Patience = { readonly timeoutMs: number; slowRequests: number };

export function urlReader({ url, requestTimeoutMs: timeoutMs = requestTimeoutMs }: { readonly url: string; readonly requestTimeoutMs?: number }): LogReader {
  const patience: Patience = { timeoutMs, slowRequests: 0 };
  return {
    read: async (path) => {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await ask(`${url}/${path}`, patience);
        if (answer.kind === 'bytes') return answer.bytes;
        if (answer.kind === 'absent') return undefined;
        if (!answer.mayPass || attempt === attempts) throw new LedgerError('bad-source', `${url}/${path}: ${answer.why}`, { cause: answer.cause });
        await delay(retryDelayMs * attempt);
      }
    },
    close: () => {},
  };
}

type Answer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string; readonly mayPass: boolean; readonly cause?: unknown };

async function ask(address: string, patience: Patience): Promise<Answer> {
  const startedMs = clock().nowMs();
  const answer = await tryToAsk(address, patience);
  const isSlow = clock().nowMs() - startedMs > patience.timeoutMs / 3;
  patience.slowRequests = isSlow ? patience.slowRequests + 1 : Math.max(0, patience.slowRequests - slowRequestsForgiven);
  return patience.slowRequests < slowRequestsMax ? answer : { kind: 'failed', why: 'the server is too slow', mayPass: false };
}

async function tryToAsk(address: string, { timeoutMs }: Patience): Promise<Answer> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual', headers: { 'accept-encoding': 'gzip, identity' } });
    if (response.status === 200) return await body(response);
    await response.body?.cancel();
    if (response.status === 404 || response.status === 410) return { kind: 'absent' };
    const to = response.headers.get('location');
    // Another place is another log, as far as a verifier knows: who is sent there decides whether to go.
    const elsewhere = to === null ? '' : ` and sends to ${to.slice(0, 200)}: give the address of the log itself`;
    return { kind: 'failed', why: `the server answers ${response.status}${elsewhere}`, mayPass: response.status >= 500 || response.status === 429 };
  } catch (cause) {
    return { kind: 'failed', why: `the server cannot be reached: ${whyNot(cause as Error)}`, mayPass: true, cause };
  }
}

function whyNot({ cause, message }: Error): string {
  const why = (cause as Error | undefined)?.message ?? message;
  // OpenSSL's words, and Node's advice behind them, which is none for a command.
  return /certificate/i.test(why) ? `${why.split(';')[0]}; if its authority is your own, name that by NODE_EXTRA_CA_CERTS=FILE` : why;
}

async function body(response: Response): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    // Counted while it comes: a hostile server may say nothing of the length, or send a bomb.
    if (length > fileBytesMax) return { kind: 'failed', why: 'the answer is longer than any file of a log', mayPass: false };
    chunks.push(chunk as Uint8Array);
  }
  return { kind: 'bytes', bytes: Buffer.concat(chunks) };
}
