// mcpServer: what a user's module exports. It is a behaviour, so it stands in a supervision tree like any other, and
// upgradable: its sessions and calls find the current definition through its slot.
import { slotKey, supervisorDriver, upgradable, type Behaviour, type Slot } from '@flyball/kernel';
import { defineServer, type ServerOptions } from './definition.ts';
import { enterServer, type ServedDefinition, type ServerSlot } from './serving/served.ts';
import { prepareServer } from './protocol/prepare.ts';
import { serverFlags } from './serving/server-tree.ts';

export interface McpServer extends Behaviour<McpServerStart | undefined> {
  readonly name: string;
}

/** What its child spec may add: `start: [weather, { path: '/weather' }]`. */
export interface McpServerStart {
  /** HTTP path that it is served at; `/mcp` unless given. */
  readonly path?: string;
}

/** Errors: `mcp-bad-server`, `mcp-bad-tool`. Schemas are checked when the server starts or is upgraded. */
export function mcpServer(options: ServerOptions): McpServer {
  const server = defineServer(options);
  const value = { name: server.name };
  const definition: ServedDefinition = {
    driver: supervisorDriver,
    version: 1,
    server,
    prepared: undefined,
    flags: (start) => {
      const path = (start as McpServerStart | undefined)?.path ?? '/mcp';
      enterServer(path, (value as unknown as McpServer)[slotKey] as Slot as ServerSlot);
      definition.prepared ??= prepareServer(server);
      return serverFlags(path);
    },
  };
  return upgradable(value, definition) as unknown as McpServer;
}

