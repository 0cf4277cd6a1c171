/** tools/list and the results of tools/call, as JSON text for both eras. */
import type { ToolResult } from '../content.ts';
import { McpError } from '../errors.ts';
import { META_SERVER_INFO } from './eras.ts';
import { clip, invalidParams, isObject, type RpcErrorObject } from './json-rpc.ts';
import { cachedText, type PreparedServer, type PreparedTool } from './prepare.ts';
import type { Era } from './versions.ts';
import type { WireTool } from './wire-types.ts';

export type Encoded = { readonly ok: true; readonly json: string } | { readonly ok: false; readonly error: RpcErrorObject };

/** A cursor is the position of the next tool; opaque to clients, so its form may change. */
const CURSOR = /^after:(\d{1,9})$/;

export function toolsListJson(server: PreparedServer, era: Era, cursor: string | undefined): Encoded {
  const start = cursor === undefined ? 0 : positionOf(cursor);
  if (start === undefined || (cursor !== undefined && start >= server.tools.size)) {
    return { ok: false, error: invalidParams(`Invalid params: unknown cursor ${clip(cursor ?? '')}`) };
  }
  return { ok: true, json: cachedText(server, `tools/list ${era} ${start}`, () => encodePage(server, era, start)) };
}

function positionOf(cursor: string): number | undefined {
  const position = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1];
  return position === undefined ? undefined : Number(position);
}

function encodePage(server: PreparedServer, era: Era, start: number): string {
  const end = start + server.definition.pageSize;
  const page = [...server.tools.values()].slice(start, end).map((tool) => toolFor(tool, era));
  const result: { [key: string]: unknown } = { tools: page };
  if (end < server.tools.size) result['nextCursor'] = Buffer.from(`after:${end}`).toString('base64url');
  if (era === 'sessionful') return JSON.stringify(result);
  return withTail({ ...result, ...cacheHints(server) }, server.statelessTail);
}

/** Sessionful schemas allow only objects as structured output. */
function toolFor(tool: PreparedTool, era: Era): WireTool {
  const { outputSchema, ...rest } = tool.wire;
  if (outputSchema === undefined || era === 'stateless' || outputSchema['type'] === 'object') return tool.wire;
  return rest;
}

/** Which results may be cached, and how long (2026-07-28 caching): required on discover and on lists. */
export function cacheHints(server: PreparedServer): { ttlMs: number; cacheScope: 'public' | 'private' } {
  return { ttlMs: server.definition.cache.ttlMs, cacheScope: server.definition.cache.scope };
}

/** Puts a prepared ending, which brings the closing brace, behind an object's members. */
export function withTail(value: { readonly [key: string]: unknown }, tail: string): string {
  const body = JSON.stringify(value);
  return body === '{}' ? `{${tail.slice(1)}` : body.slice(0, -1) + tail;
}

export function unknownTool(name: string): RpcErrorObject {
  return invalidParams(`Unknown tool: ${clip(name)}`);
}

/** Error: `mcp-bad-result` where the result is not JSON (a cycle, a BigInt). */
export function toolResultJson(server: PreparedServer, era: Era, result: ToolResult): string {
  try {
    return era === 'sessionful' ? sessionfulResult(result) : statelessResult(result, server);
  } catch (cause) {
    throw new McpError('mcp-bad-result', 'The tool returned a result that has no JSON form', { cause });
  }
}

/** The result of nearly every call, one block of text, without a general walk. Undefined for any other. */
function plainText(result: ToolResult): string | undefined {
  if (result.content.length !== 1) return undefined;
  const block = result.content[0]!;
  if (block.type !== 'text') return undefined;
  for (const key in result) if (key !== 'content') return undefined;
  for (const key in block) if (key !== 'type' && key !== 'text') return undefined;
  return `{"content":[{"type":"text","text":${JSON.stringify(block.text)}}]`;
}

function sessionfulResult(result: ToolResult): string {
  const plain = plainText(result);
  if (plain !== undefined) return `${plain}}`;
  const structured = result.structuredContent;
  // Older clients take objects alone; the text beside it says the same.
  if (structured === undefined || isObject(structured)) return JSON.stringify(result);
  const { structuredContent: _left, ...rest } = result;
  return JSON.stringify(rest);
}

function statelessResult(result: ToolResult, server: PreparedServer): string {
  const plain = plainText(result);
  if (plain !== undefined) return plain + server.statelessTail;
  if (result._meta === undefined && result['resultType'] === undefined) return withTail(result, server.statelessTail);
  return JSON.stringify({ ...result, resultType: 'complete', _meta: { ...result._meta, [META_SERVER_INFO]: server.info } });
}
