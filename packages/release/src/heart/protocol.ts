/**
 * The messages between heart and its shards, over Node's IPC channel (serialization 'advanced').
 *
 * Heart is the parent process: it binds listening descriptors, starts one OS process a shard, listens for
 * their beats and hands work over to new ones. It never serves a request. A shard that loses the channel
 * ('disconnect') must exit: nobody would restart or stop it any more.
 */

/** Where one generation of one shard is reached by the others: two Unix sockets under the runtime directory. */
export interface Peer {
  readonly shard: number;
  /** The creation of its pids: counts up over heart's life, never reused. */
  readonly generation: number;
  /** Socket path of the local `Distribution`. */
  readonly distribution: string;
  /** Socket path for HTTP requests that landed at the wrong shard. */
  readonly http: string;
}

/** `starting` is not ready yet; `draining` has a successor that is ready and takes no new work. */
export type PeerRole = 'starting' | 'current' | 'draining';

export interface LivePeer extends Peer {
  readonly role: PeerRole;
}

/** What listens where, for the banner and for `flyball ctl status`. */
export interface Listening {
  readonly name: string;
  readonly url: string;
}

/** An application version that every shard took; a shard started later must boot with it. */
export interface LoadedApplication {
  readonly application: string;
  readonly directory: string;
  readonly version?: string | number;
}

export interface RemoteError {
  readonly code: string;
  readonly message: string;
}

// ---- heart to shard ----------------------------------------------------------------------------

/** The first message a shard gets. `config` is opaque to heart: cli wrote it, cli's shard reads it. */
export interface BootMessage<Config = unknown> {
  readonly type: 'boot';
  readonly node: string;
  readonly shard: number;
  readonly shards: number;
  readonly generation: number;
  readonly config: Config;
  readonly runtimeDirectory: string;
  /** The sockets that this process must listen on. */
  readonly self: Peer;
  /** Send `beat` this often; heart kills a shard whose beats stop. */
  readonly beatIntervalMs: number;
  /** Present in a hand-over: the process whose sessions and work this one takes over. */
  readonly predecessor?: Peer;
  /** What was loaded since heart started, the last of each application: it replaces what `config` names. */
  readonly loaded: readonly LoadedApplication[];
  /** Who else lives now; kept up to date by `peers`. */
  readonly peers: readonly LivePeer[];
}

/** Sent to every shard whenever the set of live shards, or a role, changes. Includes the receiver itself. */
export interface PeersMessage {
  readonly type: 'peers';
  readonly peers: readonly LivePeer[];
}

/** To the old process, once its successor is ready: stop accepting, move the sessions, finish, say `drained`, exit 0. */
export interface HandOverMessage {
  readonly type: 'hand-over';
  readonly successor: Peer;
  readonly deadlineMs: number;
}

/** Stop all applications in reverse order and exit 0 within the deadline; SIGKILL follows. */
export interface StopMessage {
  readonly type: 'stop';
  readonly deadlineMs: number;
}

export interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

/** The answer to `descriptor`. The message carries the handle (net.Native); with `error` it carries none. */
export interface DescriptorReply {
  readonly type: 'descriptor';
  readonly id: number;
  readonly name: string;
  /** The port bound, also when 0 was asked for. */
  readonly port: number;
  readonly error?: RemoteError;
}

export type HeartMessage<Config = unknown> =
  | BootMessage<Config>
  | PeersMessage
  | HandOverMessage
  | StopMessage
  | RequestMessage
  | DescriptorReply;

// ---- shard to heart ----------------------------------------------------------------------------

/** Asks for a fresh descriptor of the socket bound under `name`; bound at the first ask, shared by all after it. */
export interface DescriptorRequest {
  readonly type: 'descriptor';
  readonly id: number;
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** It serves: its applications run and `/readyz` says 200. */
export interface ReadyMessage {
  readonly type: 'ready';
  readonly listening: readonly Listening[];
}

/**
 * It cannot start and will exit; `error` is shown to the operator. Before the node served for the first time
 * that ends the node, as OTP's does when an application does not start, unless `fatal` is false.
 */
export interface FailedMessage {
  readonly type: 'failed';
  readonly error: RemoteError;
  readonly fatal?: boolean;
}

export interface BeatMessage {
  readonly type: 'beat';
}

/** The old process has no work left; it exits by itself right after. */
export interface DrainedMessage {
  readonly type: 'drained';
}

export interface ResponseMessage {
  readonly type: 'response';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: RemoteError;
}

export type ShardMessage =
  | DescriptorRequest
  | ReadyMessage
  | FailedMessage
  | BeatMessage
  | DrainedMessage
  | ResponseMessage;

// ---- requests that heart forwards --------------------------------------------------------------

/**
 * Methods a shard answers to a `request`. `kill` and `call` answer the error code `noproc` for a target that
 * does not live there: heart then asks the next shard.
 * Heart merges or routes them; see control/control-methods.ts.
 */
export const SHARD_METHODS = [
  'status',
  'tree',
  'kill',
  'call',
  'load-prepare',
  'load-commit',
  'load-abort',
  /** Leaves a receipt of a change; `params` is a ChangeToRecord, the result a ChangeRecorded. */
  'record',
  /** Asks the node's ledger, wherever it is: `{ what, argument }`. */
  'ledger',
] as const;

/** What an operator does, as the receipt of it says. Plain data. */
export interface ChangeToRecord {
  /** Counts the changes of this heart: asked twice, it is one receipt. Its outcome has the same. */
  readonly number: number;
  readonly kind: 'upgrade' | 'deployment' | 'override' | 'system';
  /** The method of the control socket; of an outcome, with `-result` behind it. */
  readonly event: string;
  readonly action?: Readonly<Record<string, unknown>>;
  /** Of an outcome. */
  readonly decision?: 'done' | 'failed';
  readonly reason?: RemoteError;
}

export interface ChangeRecorded {
  /** The receipt's. */
  readonly id: string;
}

export type ShardMethod = (typeof SHARD_METHODS)[number];
