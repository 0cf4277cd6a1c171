// Reads a log's files over HTTP, as any C2SP tlog-tiles server serves them. Retries what may pass; a 404 is an answer.
import { LedgerError } from '../errors.ts';
import { fileBytesMax, type LogReader } from './source.ts';

export const requestTimeoutMs = 30_000;
const attempts = 3;

export function urlReader(url: string): LogReader {
  return {
    read: async (path) => {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await ask(`${url}/${path}`);
        if (answer.kind === 'bytes') return answer.bytes;
        if (answer.kind === 'absent') return undefined;
        if (!answer.mayPass || attempt === attempts) throw new LedgerError('bad-source', `${url}/${path}: ${answer.why}`, { cause: answer.cause });
      }
    },
    close: () => {},
  };
}

type Answer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly why: string; readonly mayPass: boolean; readonly cause?: unknown };

async function ask(address: string): Promise<Answer> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(requestTimeoutMs), headers: { 'accept-encoding': 'gzip, identity' } });
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel();
      return { kind: 'absent' };
    }
    if (!response.ok) {
      await response.body?.cancel();
      return { kind: 'failed', why: `the server answers ${response.status}`, mayPass: response.status >= 500 || response.status === 429 };
    }
    return await body(response);
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
