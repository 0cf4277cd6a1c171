// The official SDK v2, stateless (2026-07-28), as its page "Serve over HTTP" shows.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { announce } from './announce.ts';
import { buildEchoServer } from './sdk-echo.ts';

const handler = toNodeHandler(createMcpHandler(buildEchoServer));
// Its own type of a request is IncomingMessage less `undefined`, which exactOptionalPropertyTypes tells apart.
type HandledRequest = Parameters<typeof handler>[0];

announce(
  createServer((request, response) => {
    void handler(request as unknown as HandledRequest, response);
  }),
);
