// The official SDK v2, sessionful: one transport a session, kept in a Map and routed by Mcp-Session-Id, as
// its page "Sessions, state and scaling" shows, on plain node:http.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { buildEchoServer } from './sdk-echo.ts';
import { announce } from './announce.ts';

const sessions = new Map<string, NodeStreamableHTTPServerTransport>();

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sessionId = request.headers['mcp-session-id'];
  if (typeof sessionId === 'string') {
    const known = sessions.get(sessionId);
    if (known !== undefined) return known.handleRequest(request, response);
    response.writeHead(404).end();
    return;
  }
  const transport = await openSession();
  await transport.handleRequest(request, response);
}

async function openSession(): Promise<NodeStreamableHTTPServerTransport> {
  const transport = new NodeStreamableHTTPServerTransport({
    enableJsonResponse: true,
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => {
      sessions.set(id, transport);
    },
  });
  // The SDK's transports have this one callback, no events.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  transport.onclose = () => {
    if (transport.sessionId !== undefined) sessions.delete(transport.sessionId);
  };
  await buildEchoServer().connect(transport);
  return transport;
}

announce(
  createServer((request, response) => {
    void route(request, response);
  }),
);
