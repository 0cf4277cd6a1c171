// The stream that a session's client keeps open to hear from its server (GET), opened again whenever it ends.
import http from 'node:http';
import { SESSION_VERSION } from './session.ts';

export class Listening {
  readonly #url: string;
  readonly #sessionId: string;
  // One connection, used again if the server leaves it open.
  readonly #agent: http.Agent;
  #request: http.ClientRequest | undefined;
  #isOver = false;
  readonly #watchers = new Set<() => void>();
  opened = 0;
  /** Whatever is not a stream that began and ended in order. */
  readonly failures: string[] = [];

  constructor(url: string, sessionId: string, agent: http.Agent = new http.Agent({ keepAlive: true, maxSockets: 1 })) {
    this.#url = url;
    this.#sessionId = sessionId;
    this.#agent = agent;
  }

  /** Resolves when the server has begun the first stream. */
  start(): Promise<void> {
    const reopened = this.reopened();
    this.#open();
    return reopened;
  }

  /** Resolves when a stream that is opened from now on has begun. */
  reopened(): Promise<void> {
    return new Promise((resolve) => {
      const watch = (): void => {
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#request?.destroy();
    this.#agent.destroy();
  }

  #open(): void {
    if (this.#isOver) return;
    const headers = { accept: 'text/event-stream', 'mcp-session-id': this.#sessionId, 'mcp-protocol-version': SESSION_VERSION };
    const request = http.get(this.#url, { headers, agent: this.#agent });
    this.#request = request;
    request.on('error', (error) => this.#failed(error.message));
    request.on('response', (response) => this.#read(response));
  }

  #read(response: http.IncomingMessage): void {
    if (response.statusCode !== 200) this.#failed(`status ${response.statusCode}`);
    let hasBegun = false;
    response.on('data', () => {
      if (hasBegun) return;
      hasBegun = true;
      this.opened += 1;
      for (const watch of this.#watchers) watch();
    });
    response.on('error', (error) => this.#failed(error.message));
    response.on('end', () => this.#open());
  }

  #failed(problem: string): void {
    if (this.#isOver) return;
    this.failures.push(problem);
    this.#isOver = true;
  }
}
