/** The definition of an MCP server, as a user writes it. */
import { defineServer, type ServerDefinition, type ServerOptions } from './definition.ts';

export function mcpServer(options: ServerOptions): ServerDefinition {
  return defineServer(options);
}
