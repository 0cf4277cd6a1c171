/** What a server is: plain data, checked once. Serving it is the business of the transports and sessions. */
import { McpError } from './errors.ts';
import type { Icon } from './protocol/wire-types.ts';
import type { Tool } from './tool.ts';

export interface ServerOptions {
  readonly name: string;
  /** Default: 0.0.0. */
  readonly version?: string;
  readonly title?: string;
  readonly description?: string;
  readonly websiteUrl?: string;
  readonly icons?: readonly Icon[];
  /** For the model: how to use this server well. */
  readonly instructions?: string;
  /** Listed in the order of definition. */
  readonly tools?: { readonly [name: string]: Tool };
  /** How long, and by whom, lists may be cached (2026-07-28). Default: 0 ms, private. */
  readonly cache?: { readonly ttlMs: number; readonly scope: 'public' | 'private' };
  /** Tools on one page of tools/list. Default: 1,000. */
  readonly pageSize?: number;
}

export interface ServerDefinition extends ServerOptions {
  readonly version: string;
  readonly tools: { readonly [name: string]: Tool };
  readonly cache: { readonly ttlMs: number; readonly scope: 'public' | 'private' };
  readonly pageSize: number;
}

/** The names that clients and headers can carry as they are (tools, "Tool Names"). */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** Errors: `mcp-bad-server`, `mcp-bad-tool`. */
export function defineServer(options: ServerOptions): ServerDefinition {
  const { name, version = '0.0.0', tools = {}, cache = { ttlMs: 0, scope: 'private' }, pageSize = 1_000 } = options;
  if (typeof name !== 'string' || name === '') throw new McpError('mcp-bad-server', 'mcpServer: name must be a text that is not empty');
  if (typeof version !== 'string' || version === '') throw new McpError('mcp-bad-server', `mcpServer ${name}: version must be a text`);
  if (!Number.isSafeInteger(cache.ttlMs) || cache.ttlMs < 0) {
    throw new McpError('mcp-bad-server', `mcpServer ${name}: cache.ttlMs must be an integer of at least 0`);
  }
  if (!Number.isSafeInteger(pageSize) || pageSize < 1) {
    throw new McpError('mcp-bad-server', `mcpServer ${name}: pageSize must be an integer of at least 1`);
  }
  for (const [toolName, tool] of Object.entries(tools)) checkTool(name, toolName, tool);
  return { ...options, name, version, tools, cache, pageSize };
}

function checkTool(server: string, name: string, tool: Tool): void {
  const where = `mcpServer ${server}: tool ${name}`;
  if (!TOOL_NAME.test(name)) {
    throw new McpError('mcp-bad-tool', `${where}: a name is 1 to 128 of the characters A-Z a-z 0-9 _ - .`);
  }
  if (typeof tool?.run !== 'function') throw new McpError('mcp-bad-tool', `${where}: run must be a function`);
  for (const side of ['input', 'output'] as const) {
    const schema = tool[side];
    if (schema !== undefined && typeof schema['~standard']?.validate !== 'function') {
      throw new McpError('mcp-bad-tool', `${where}: ${side} must be a Standard Schema (zod 4, valibot, arktype, …)`);
    }
  }
  if (tool.isolation !== undefined && tool.isolation !== 'inline' && tool.isolation !== 'process') {
    throw new McpError('mcp-bad-tool', `${where}: isolation must be 'inline' or 'process'`);
  }
  for (const limit of ['timeoutMs', 'ratePerMinute', 'memoryMb', 'cpuMs'] as const) {
    const value = tool.limits?.[limit];
    if (value !== undefined && !(value > 0)) throw new McpError('mcp-bad-tool', `${where}: limits.${limit} must be above 0`);
  }
}
