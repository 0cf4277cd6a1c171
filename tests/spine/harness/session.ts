// One client of the sessionful era (2025-11-25) over raw HTTP, on connections of its own.
import http from 'node:http';
import { Post, textOf, type Answer } from './post.ts';

export const SESSION_VERSION = '2025-11-25';

export const POST_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' } as const;

export interface CallOptions {
  readonly id?: string | number;
  /** Asks for progress. */
  readonly progress?: boolean;
}

export class Session {
  readonly url: string;
  readonly id: string;
  readonly #agent: http.Agent;
  #lastRequestId = 0;

  private constructor(url: string, id: string, agent: http.Agent) {
    this.url = url;
    this.id = id;
    this.#agent = agent;
  }

  static async open(url: string, capabilities: Record<string, unknown> = {}): Promise<Session> {
    const agent = new http.Agent({ keepAlive: true });
    const params = { protocolVersion: SESSION_VERSION, capabilities, clientInfo: { name: 'test', version: '1' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const { status, headers, text } = await new Post({ url, headers: POST_HEADERS, body, agent }).answer;
    const id = headers['mcp-session-id'];
    if (status !== 200 || typeof id !== 'string') throw new Error(`initialize answered ${status}: ${text}`);
    const session = new Session(url, id, agent);
    await session.notify('notifications/initialized');
    return session;
  }

  /** A request whose answer is read as it comes. */
  start(method: string, params: Record<string, unknown> | undefined = undefined, id: string | number = this.nextId()): Post {
    return this.post({ jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) });
  }

  startTool(name: string, args: Record<string, unknown> = {}, { id = this.nextId(), progress = false }: CallOptions = {}): Post {
    return this.start('tools/call', { name, arguments: args, ...(progress && { _meta: { progressToken: `p-${id}` } }) }, id);
  }

  /** Resolves to the text of the result; rejects unless that is a success. */
  async callTool(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.startTool(name, args).answer;
    const { status, final } = answer;
    if (status !== 200 || final?.result === undefined || final.result.isError === true) throw new Error(`${name} answered ${status}: ${answer.text}`);
    return textOf(answer);
  }

  async ping(): Promise<Answer> {
    return await this.start('ping').answer;
  }

  async notify(method: string, params: Record<string, unknown> = {}): Promise<Answer> {
    return await this.post({ jsonrpc: '2.0', method, params }).answer;
  }

  /** Answers a question of the server. */
  async respond(id: string | number, result: Record<string, unknown>): Promise<Answer> {
    return await this.post({ jsonrpc: '2.0', id, result }).answer;
  }

  post(message: Record<string, unknown>): Post {
    return new Post({ url: this.url, headers: this.headers(), body: JSON.stringify(message), agent: this.#agent });
  }

  headers(): Record<string, string> {
    return { ...POST_HEADERS, 'mcp-session-id': this.id, 'mcp-protocol-version': SESSION_VERSION };
  }

  nextId(): number {
    this.#lastRequestId += 1;
    return this.#lastRequestId;
  }

  /** Closes its connections. */
  close(): void {
    this.#agent.destroy();
  }
}
