// The MCP server: its two tools ask the index server.
import { named } from '@flyball/kernel';
import { mcpServer, tool, type ToolResult } from '@flyball/mcp';
import { z } from 'zod';
import type { Formatted } from './format.ts';
import type { indexServer } from './index-server.ts';
import { readLinesMax } from './read.ts';
import { queryCharactersMax, searchLimitDefault, searchLimitMax } from './search.ts';

const index = named<typeof indexServer>('documents_index');

export default mcpServer({
  name: 'documents',
  version: '0.1.0',
  title: 'Documents',
  instructions: 'Search first; then read the lines around a result. Paths are those that a search names.',
  tools: {
    search_documents: tool({
      title: 'Search documents',
      description: 'Finds passages in the documents: ranked, with headings, line numbers and the lines that match. Words, "quoted phrases", and -excluded words.',
      annotations: { readOnlyHint: true, openWorldHint: false },
      input: z.object({
        query: z.string().min(1).max(queryCharactersMax).describe('words, "quoted phrases", -excluded words'),
        limit: z.int().min(1).max(searchLimitMax).default(searchLimitDefault).describe('results at most'),
        path: z.string().optional().describe('only this document, or the documents in this folder'),
      }),
      run: async ({ query, limit, path }, { self }) => result(await self.call(index, 'search', { query, limit, ...(path !== undefined && { path }) })),
    }),
    read_document: tool({
      title: 'Read a document',
      description: `Lines of one document, numbered; at most ${readLinesMax} an answer, which says where to go on.`,
      annotations: { readOnlyHint: true, openWorldHint: false },
      input: z.object({
        path: z.string().min(1).describe('as a search names it'),
        startLine: z.int().min(1).optional().describe('from 1'),
        endLine: z.int().min(1).optional().describe('belongs to what is read'),
      }),
      run: async ({ path, startLine, endLine }, { self }) =>
        result(await self.call(index, 'read', { path, ...(startLine !== undefined && { startLine }), ...(endLine !== undefined && { endLine }) })),
    }),
  },
});

function result({ text, structured, isError }: Formatted): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent: structured, ...(isError && { isError }) };
}
