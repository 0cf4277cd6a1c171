// A server definition as the kernel holds it: the slot of an MCP server leads to one of these,
// and calls look it up when they begin, so that each runs the code that is current then.
import type { Slot, SupervisorDefinition } from '@flyball/kernel';
import type { ServerDefinition } from '../definition.ts';
import { prepareServer, type PreparedServer } from '../protocol/prepare.ts';

export interface ServedDefinition extends SupervisorDefinition {
  readonly server: ServerDefinition;
  /** Made at first use: JSON Schemas cost milliseconds that the start of a node should not pay. */
  prepared: PreparedServer | undefined;
}

export type ServerSlot = Slot<ServedDefinition>;

export function preparedOf(slot: ServerSlot): PreparedServer {
  const { current } = slot;
  current.prepared ??= prepareServer(current.server);
  return current.prepared;
}

// Sessions keep their server's path as plain data; this leads back to its slot.
const servers = new Map<string, ServerSlot>();

export function enterServer(path: string, slot: ServerSlot): void {
  servers.set(path, slot);
}

/** Does any server of this shard have tools that run in other processes? */
export function servesIsolatedTools(): boolean {
  return [...servers.values()].some(({ current }) => Object.values(current.server.tools).some((tool) => tool.isolation === 'process'));
}

export function serverAt(path: string): ServerSlot | undefined {
  return servers.get(path);
}
