// The tool that every server here offers, on the official SDK.
import { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod/v4';

export function buildEchoServer(): McpServer {
  const server = new McpServer({ name: 'echo', version: '1.0.0' });
  server.registerTool(
    'echo',
    { description: 'Answers with the text it was given', inputSchema: z.object({ text: z.string() }) },
    async ({ text }) => ({ content: [{ type: 'text', text }] }),
  );
  return server;
}
