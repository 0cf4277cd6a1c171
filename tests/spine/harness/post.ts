// One HTTP POST of a JSON-RPC message, read as it comes: what it answers, in one body or as a stream
// of events, and each message before the last as soon as it is there.
import http, { type IncomingHttpHeaders } from 'node:http';

export interface RpcMessage {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: ToolResult & Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export interface ToolResult {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As received. */
  readonly text: string;
  readonly messages: readonly RpcMessage[];
  /** The last message: the result or the error. Undefined where a stream ended without one. */
  readonly final: RpcMessage | undefined;
  /** From the request to the end of the answer. */
  readonly durationMs: number;
}

export interface PostOptions {
  readonly url: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: string;
  readonly agent?: http.Agent | undefined;
  readonly method?: string;
}

export class Post {
  /** Rejects when the connection breaks before the answer is complete. */
  readonly answer: Promise<Answer>;
  readonly #request: http.ClientRequest;
  readonly #messages: RpcMessage[] = [];
  readonly #waiting = new Set<() => void>();
  #text = '';
  #readTo = 0;
  #over: unknown;

  constructor({ url, headers, body, agent, method = 'POST' }: PostOptions) {
    const startedMs = performance.now();
    this.#request = http.request(url, { method, headers: { 'content-length': Buffer.byteLength(body), ...headers }, ...(agent !== undefined && { agent }) });
    this.answer = this.#read(startedMs);
    this.answer.then(() => this.#end(new Error('the answer ended')), (error: unknown) => this.#end(error));
    this.#request.end(body);
  }

  /** The first message, past or to come, that fits; rejects when the answer ends without it. */
  next(fits: (message: RpcMessage) => boolean): Promise<RpcMessage> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#messages.find(fits);
        if (found === undefined && this.#over === undefined) return;
        this.#waiting.delete(look);
        if (found === undefined) reject(new Error(`no such message came: ${this.#text}`, { cause: this.#over }));
        else resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The next progress notification: the tool runs. */
  async running(): Promise<void> {
    await this.next(({ method }) => method === 'notifications/progress');
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#request.destroy();
  }

  #read(startedMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#request.on('error', reject);
      this.#request.on('response', (response) => {
        const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true;
        response.setEncoding('utf8');
        response.on('error', reject);
        response.on('data', (chunk: string) => this.#take(chunk, isStream));
        response.on('end', () => {
          if (!isStream && this.#text.startsWith('{')) this.#messages.push(JSON.parse(this.#text) as RpcMessage);
          const final = this.#messages.findLast(({ result, error }) => result !== undefined || error !== undefined);
          const durationMs = performance.now() - startedMs;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: this.#text, messages: this.#messages, final, durationMs });
        });
      });
    });
  }

  #take(chunk: string, isStream: boolean): void {
    this.#text += chunk;
    if (!isStream) return;
    const events = this.#text.slice(this.#readTo).split('\n\n');
    // What follows the last blank line is an event that is not complete.
    this.#readTo = this.#text.length - events.pop()!.length;
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim()).join('\n');
      if (data !== '') this.#messages.push(JSON.parse(data) as RpcMessage);
    }
    for (const look of this.#waiting) look();
  }

  #end(why: unknown): void {
    this.#over = why;
    for (const look of this.#waiting) look();
  }
}

/** Text of a tool's result. */
export function textOf(answer: Answer | RpcMessage): string {
  const message = 'status' in answer ? answer.final : answer;
  return message?.result?.content?.map(({ text }) => text ?? '').join('') ?? '';
}
