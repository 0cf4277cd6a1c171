// One strict client of an MCP server over raw HTTP, in either era, on one connection that it keeps or on a new
// one for each request. It repeats nothing: whatever is not the answer that was asked for is thrown.
import http from 'node:http';
import { Post, type Answer } from './post.ts';
import { POST_HEADERS, SESSION_VERSION } from './session.ts';

export type Dialect = 'sessionful' | 'stateless';

export interface ClientKind {
  readonly dialect: Dialect;
  readonly connection: 'keep-alive' | 'per-request';
}

const STATELESS_VERSION = '2026-07-28';
const CLIENT_INFO = { name: 'spine', version: '1' };
const STATELESS_META = {
  'io.modelcontextprotocol/protocolVersion': STATELESS_VERSION,
  'io.modelcontextprotocol/clientInfo': CLIENT_INFO,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Of all clients: two of them may share a session. */
let lastId = 0;

export class Client {
  readonly url: string;
  readonly kind: ClientKind;
  /** Holds the one connection of a client that keeps it. */
  readonly agent: http.Agent | undefined;
  sessionId: string | undefined;

  constructor(url: string, kind: ClientKind, sessionId: string | undefined = undefined, agent: http.Agent | undefined = undefined) {
    this.url = url;
    this.kind = kind;
    this.sessionId = sessionId;
    this.agent = kind.connection === 'keep-alive' ? (agent ?? new http.Agent({ keepAlive: true, maxSockets: 1 })) : undefined;
  }

  /** A client that is ready to call: a sessionful one has its session. */
  static async open(url: string, kind: ClientKind): Promise<Client> {
    const client = new Client(url, kind);
    if (kind.dialect === 'sessionful') await client.initialize();
    return client;
  }

  /** Opens a session, another one if it has one, and returns its id. */
  async initialize(): Promise<string> {
    this.sessionId = undefined;
    const params = { protocolVersion: SESSION_VERSION, capabilities: {}, clientInfo: CLIENT_INFO };
    const answer = await this.#request('initialize', params).answer;
    const id = answer.headers['mcp-session-id'];
    if (answer.status !== 200 || typeof id !== 'string') throw new Error(`initialize answered ${answer.status}: ${answer.text}`);
    this.sessionId = id;
    const accepted = await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' }).answer;
    if (accepted.status !== 202) throw new Error(`notifications/initialized answered ${accepted.status}: ${accepted.text}`);
    return id;
  }

  /** The structured result of a tool. Throws for a broken connection, any status but 200, an error of any kind, another's answer. */
  async call<T>(tool: string, args: Record<string, unknown> = {}): Promise<T> {
    const { answer } = this.start(tool, args);
    const id = lastId;
    return resultOf<T>(tool, await answer, id);
  }

  /** The same, read as it comes; `progress` asks for it. */
  start(tool: string, args: Record<string, unknown> = {}, { progress = false }: { readonly progress?: boolean } = {}): Post {
    const token = progress ? { progressToken: `p${lastId + 1}` } : undefined;
    const meta = this.kind.dialect === 'stateless' ? { ...STATELESS_META, ...token } : token;
    return this.#request('tools/call', { name: tool, arguments: args, ...(meta !== undefined && { _meta: meta }) }, tool);
  }

  async ping(): Promise<void> {
    const answer = await this.#request('ping').answer;
    if (answer.status !== 200 || answer.final?.result === undefined) throw new Error(`ping answered ${answer.status}: ${answer.text}`);
  }

  /** Closes its connection. */
  close(): void {
    this.agent?.destroy();
  }

  #request(method: string, params: Record<string, unknown> | undefined = undefined, name: string | undefined = undefined): Post {
    lastId += 1;
    return this.#post({ jsonrpc: '2.0', id: lastId, method, ...(params !== undefined && { params }) }, name);
  }

  #post(message: Record<string, unknown>, name: string | undefined = undefined): Post {
    const agent = this.agent ?? new http.Agent({ keepAlive: false });
    return new Post({ url: this.url, headers: { ...POST_HEADERS, ...this.#eraHeaders(String(message['method']), name) }, body: JSON.stringify(message), agent });
  }

  #eraHeaders(method: string, name: string | undefined): Record<string, string> {
    if (this.kind.dialect === 'stateless') return { 'mcp-protocol-version': STATELESS_VERSION, 'mcp-method': method, ...(name !== undefined && { 'mcp-name': name }) };
    return this.sessionId === undefined ? {} : { 'mcp-session-id': this.sessionId, 'mcp-protocol-version': SESSION_VERSION };
  }
}

/** The structured result of a tool's answer; throws where there is none. */
export function resultOf<T>(tool: string, { status, text, final }: Answer, id: number | undefined = undefined): T {
  const result = final?.result;
  if (status !== 200 || result === undefined || result.isError === true) throw new Error(`${tool} answered ${status}: ${text}`);
  if (id !== undefined && final!.id !== id) throw new Error(`${tool} got the answer of another request: ${text}`);
  return result['structuredContent'] as T;
}
