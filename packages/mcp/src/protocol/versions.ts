/**
 * Which protocol versions exist here, and what each can do. Two eras: *sessionful* (an `initialize` handshake opens a
 * session) and *stateless* (each request carries its own version and capabilities in `_meta`).
 */

export const STATELESS_VERSIONS = ['2026-07-28'] as const;
/** Newest first: the first is offered to a client whose version is unknown. */
export const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export const SUPPORTED_VERSIONS = [...STATELESS_VERSIONS, ...SESSION_VERSIONS] as const;

export type StatelessVersion = (typeof STATELESS_VERSIONS)[number];
export type SessionVersion = (typeof SESSION_VERSIONS)[number];
export type ProtocolVersion = StatelessVersion | SessionVersion;
export type Era = 'sessionful' | 'stateless';

const FIRST_STATELESS_VERSION: StatelessVersion = '2026-07-28';

export function isSessionVersion(version: string): version is SessionVersion {
  return (SESSION_VERSIONS as readonly string[]).includes(version);
}

export function isStatelessVersion(version: string): version is StatelessVersion {
  return version === '2026-07-28';
}

/** True for versions of the stateless kind, known to us or not: versions are dates and sort as text. */
export function looksStateless(version: string): boolean {
  return version >= FIRST_STATELESS_VERSION && /^\d{4}-\d{2}-\d{2}$/.test(version);
}

/** The version to answer an `initialize` with (2025-11-25 lifecycle, "Version Negotiation"). */
export function negotiateVersion(requested: string): SessionVersion {
  return isSessionVersion(requested) ? requested : SESSION_VERSIONS[0];
}

/** JSON-RPC batches exist in 2025-03-26 alone: receivers of that version must take them. */
export function takesBatches(version: SessionVersion): boolean {
  return version === '2025-03-26';
}

/** Whether SSE streams start with an event of id and empty data; older clients parse the empty data and fail. */
export function primesStreams(version: SessionVersion): boolean {
  return version >= '2025-11-25';
}

/** Elicitation came with 2025-06-18, its `mode` with 2025-11-25. */
export function knowsElicitation(version: ProtocolVersion): boolean {
  return version >= '2025-06-18';
}

export function knowsElicitationMode(version: ProtocolVersion): boolean {
  return version >= '2025-11-25';
}

/** Progress notifications carry a `message` since 2025-03-26. */
export function knowsProgressMessage(version: ProtocolVersion): boolean {
  return version >= '2025-03-26';
}

/** Before the stateless era, `structuredContent` and `outputSchema` had to be objects, and exist since 2025-06-18. */
export function allowsAnyStructuredContent(version: ProtocolVersion): boolean {
  return version >= FIRST_STATELESS_VERSION;
}
