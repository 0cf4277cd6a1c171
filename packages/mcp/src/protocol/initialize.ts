/** The handshake of the sessionful era: which version a session speaks, and what its client can do. */
import type { InitializeParams } from './params.ts';
import { cachedText, type PreparedServer } from './prepare.ts';
import { negotiateVersion, type SessionVersion } from './versions.ts';
import type { InitializeResult } from './wire-types.ts';

export function initializeVersion(params: InitializeParams): SessionVersion {
  return negotiateVersion(params.protocolVersion);
}

export function initializeResultJson(server: PreparedServer, version: SessionVersion): string {
  return cachedText(server, `initialize ${version}`, () => {
    const result: InitializeResult = { protocolVersion: version, capabilities: server.capabilities, serverInfo: server.info };
    if (server.definition.instructions !== undefined) result.instructions = server.definition.instructions;
    return JSON.stringify(result);
  });
}
