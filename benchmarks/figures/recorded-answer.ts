// One tools/call to a sessionful server, with the whole answer: the sample that bare-http.ts imitates.
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface RecordedAnswer {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly id: number;
  readonly text: string;
}

/** Those that node:http writes by itself. */
const AUTOMATIC = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']);
const ID = 1_000_000;
const TEXT = 'hello';

interface Answer {
  readonly response: IncomingMessage;
  readonly body: string;
}

export async function recordAnswer(port: number): Promise<RecordedAnswer> {
  const clientInfo = { name: 'flyball-bench', version: '1.0.0' };
  const initialized = await post(port, {}, {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
    jsonrpc: '2.0',
    id: 0,
  });
  const session = {
    'mcp-session-id': String(initialized.response.headers['mcp-session-id']),
    'mcp-protocol-version': '2025-11-25',
  };
  await post(port, session, { jsonrpc: '2.0', method: 'notifications/initialized' });
  const params = { name: 'echo', arguments: { text: TEXT } };
  const { response, body } = await post(port, session, { method: 'tools/call', params, jsonrpc: '2.0', id: ID });
  const headers = pairsOf(response.rawHeaders).filter(([name]) => !AUTOMATIC.has(name.toLowerCase()));
  return { headers, body, id: ID, text: TEXT };
}

function post(port: number, headers: Record<string, string>, message: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      path: '/mcp',
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(message));
  });
}

function pairsOf(rawHeaders: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) pairs.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '']);
  return pairs;
}
