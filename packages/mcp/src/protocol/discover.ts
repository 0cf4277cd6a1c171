/** server/discover of the stateless era: versions, capabilities, identity, in one cacheable answer. */
import { cachedText, type PreparedServer } from './prepare.ts';
import { cacheHints, withTail } from './tools.ts';
import { STATELESS_VERSIONS } from './versions.ts';
import type { DiscoverResult } from './wire-types.ts';

/**
 * Lists the stateless versions alone: "the client should choose one of these for subsequent requests", and a session's
 * version cannot be chosen by a request. A client that needs a session learns so from −32022, which lists all.
 */
export function discoverResultJson(server: PreparedServer): string {
  return cachedText(server, 'server/discover', () => {
    const result: DiscoverResult = { supportedVersions: [...STATELESS_VERSIONS], capabilities: server.capabilities };
    if (server.definition.instructions !== undefined) result.instructions = server.definition.instructions;
    return withTail({ ...result, ...cacheHints(server) }, server.statelessTail);
  });
}

/** An empty result with what the stateless era requires of every result. */
export function emptyStatelessResultJson(server: PreparedServer): string {
  return withTail({}, server.statelessTail);
}
