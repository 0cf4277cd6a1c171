// What the load generator is told and what it reports: the messages between it and the process that
// started it.
import type { LatencySummary } from '../harness/statistics.ts';

/** Sessionful is 2025-11-25 over Streamable HTTP, stateless 2026-07-28. */
export type Dialect = 'sessionful' | 'stateless';

/** One kind of client. Each has at most one request under way. */
export interface Crowd {
  readonly clients: number;
  readonly dialect: Dialect;
  readonly connection: 'keep-alive' | 'per-request';
  /** False sends a session id that nobody gave: for peers that know no sessions. */
  readonly handshake: boolean;
}

/** Saturating: the next request with each answer. Fixed: at its time, whether the server keeps up or not. */
export type Pacing =
  | { readonly kind: 'saturate' }
  | { readonly kind: 'fixed'; readonly requestsPerSecond: number };

export interface LoadPlan {
  readonly port: number;
  readonly crowds: readonly Crowd[];
  readonly pacing: Pacing;
  /** A tool that takes `text`, of five bytes, and answers with it. */
  readonly tool: string;
  readonly answerTimeoutMs: number;
}

/** Times are those of harness/clock.ts. */
export interface Window {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export type FailureKind =
  | 'refused' // no connection
  | 'reset' // connection reset, or closed before the answer was whole
  | 'timeout'
  | 'malformed' // no HTTP, or a body that no answer can be read from
  | 'status' // not 2xx
  | 'rpc-error'
  | 'wrong-answer'; // another id, another text, a tool's error

export interface WindowReport {
  readonly name: string;
  /** Answered rightly within the window. */
  readonly completed: number;
  /** Of those that were to be sent within the window: from the intended time to the whole answer. */
  readonly latency: LatencySummary;
}

export interface LoadReport {
  readonly completed: number;
  readonly failed: number;
  readonly failures: Partial<Record<FailureKind, number>>;
  /** The first few, for people. */
  readonly examples: readonly string[];
  readonly windows: readonly WindowReport[];
  /** How late the generator itself sent, over all of a fixed-rate run. */
  readonly lateness: LatencySummary;
}

export type ToGenerator =
  | { readonly kind: 'prepare'; readonly plan: LoadPlan }
  | { readonly kind: 'start' }
  | { readonly kind: 'stop'; readonly windows: readonly Window[] };

export type FromGenerator =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'report'; readonly report: LoadReport };
