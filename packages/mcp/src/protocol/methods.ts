/** Which methods each era has here. The rest of MCP adds rows. */
import type { Era } from './versions.ts';

const SESSIONFUL_REQUESTS: ReadonlySet<string> = new Set(['initialize', 'ping', 'tools/list', 'tools/call']);
/** 2026-07-28 has no ping: a request of its own takes its place. */
const STATELESS_REQUESTS: ReadonlySet<string> = new Set(['server/discover', 'tools/list', 'tools/call']);

export function isRequestMethod(method: string, era: Era): boolean {
  return (era === 'sessionful' ? SESSIONFUL_REQUESTS : STATELESS_REQUESTS).has(method);
}
