// Whether an answer is the right one. Every answer is checked: by meaning the first time, and from then on
// by comparing all its bytes, head included, with the last right one in which only the id is another. What
// differs, be it only the second in its Date header, is read by meaning again.
import type { Response } from './response.ts';
import type { FailureKind } from './plan.ts';
import { writeId } from './requests.ts';

export interface Verdict {
  readonly failure: FailureKind;
  readonly detail: string;
}

interface Expected {
  readonly id: number;
  readonly text: string;
}

/** Undefined when the answer is right. */
export function judge(response: Response, expected: Expected): Verdict | undefined {
  const { status } = response;
  if (status < 200 || status > 299) return failure('status', `${status} ${response.body.toString().slice(0, 200)}`);
  let message: unknown;
  try {
    message = messageOf(response, expected.id);
  } catch (error) {
    return failure('malformed', `${String(error)}: ${response.body.toString().slice(0, 200)}`);
  }
  return judgeMessage(message, expected);
}

/** The JSON body, or the message with the awaited id (else the last) of an event stream. */
function messageOf(response: Response, id: number): unknown {
  const text = response.body.toString();
  if (!response.contentType.startsWith('text/event-stream')) return JSON.parse(text);
  const messages = text
    .split('\n')
    .filter((line) => line.startsWith('data:') && line.length > 'data: '.length)
    .map((line): unknown => JSON.parse(line.slice('data:'.length)));
  return messages.find((message) => isRecord(message) && message['id'] === id) ?? messages.at(-1);
}

function judgeMessage(message: unknown, { id, text }: Expected): Verdict | undefined {
  if (!isRecord(message)) return failure('malformed', 'no JSON-RPC message');
  if (message['error'] !== undefined) return failure('rpc-error', JSON.stringify(message['error']));
  if (message['id'] !== id) return failure('wrong-answer', `id ${String(message['id'])}, awaited ${id}`);
  const result = message['result'];
  const content = isRecord(result) && Array.isArray(result['content']) ? (result['content'] as unknown[]) : [];
  const [first] = content;
  const isRight = isRecord(first) && first['type'] === 'text' && first['text'] === text;
  if (isRight && isRecord(result) && result['isError'] !== true) return undefined;
  return failure('wrong-answer', `awaited "${text}", got ${JSON.stringify(result)}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function failure(kind: FailureKind, detail: string): Verdict {
  return { failure: kind, detail };
}

/** The bytes of the last right answer, to compare the next one with. */
export class KnownAnswer {
  #bytes = Buffer.alloc(0);
  #idAt = -1;

  /** Only for an answer that `judge` found right. */
  learn(raw: Buffer, id: number): void {
    const marker = `"id":${id}`;
    const at = raw.indexOf(marker);
    this.#idAt = at >= 0 && raw.indexOf(marker, at + 1) < 0 ? at + '"id":'.length : -1;
    this.#bytes = Buffer.from(raw);
  }

  isSame(received: Buffer, length: number, id: number): boolean {
    if (this.#idAt < 0 || length !== this.#bytes.length) return false;
    writeId(this.#bytes, this.#idAt, id);
    return this.#bytes.compare(received, 0, length) === 0;
  }
}
