/**
 * The options of `flyball start`: one table makes the parser, the help text, the errors and the node's
 * configuration. Nothing here reads the environment or the disk; start.ts does.
 */

/** What every shard gets as `config` of its boot message. Paths are absolute. */
export interface NodeConfiguration {
  readonly name: string;
  /** Address that the HTTP port is bound to. */
  readonly host: string;
  /** Offset applied; 0 lets the system choose. */
  readonly httpPort: number;
  /** Directories of the applications to start, in order. */
  readonly applications: readonly string[];
  /** Files and folders that the example application `documents` serves; empty: its own default. */
  readonly documents: readonly string[];
  readonly mode: 'production' | 'development';
  readonly processLimit: number;
  readonly maxConnections: number;
  readonly requestTimeoutMs: number;
  readonly sessionIdleTimeoutMs: number;
  readonly bodyBytesMax: number;
  readonly drainDeadlineMs: number;
  readonly beatTimeoutMs: number;
  /** Serve MCP without authentication on addresses other than loopback. */
  readonly allowPublic: boolean;
  /** Browser origins allowed besides the loopback ones. */
  readonly allowOrigins: readonly string[];
  /** Where the node keeps its receipts; without it there is no `recorder()`. */
  readonly ledger?: LedgerConfiguration;
}

export interface LedgerConfiguration {
  readonly folder: string;
  /** As given; a ledger that is there must have it. */
  readonly origin?: string;
  /** Refuse to begin one. */
  readonly mustExist: boolean;
  readonly witnesses: readonly string[];
  readonly publishEveryMs: number;
  /** Serve the log to anyone who reaches the HTTP port. */
  readonly isPublic: boolean;
}

interface OptionCommon {
  /** As typed, without the dashes; `+S` and `+P` as in erl. */
  readonly name: string;
  readonly effect: string;
  readonly unit?: 'ms' | 's' | '%' | 'bytes';
}

export type OptionSchema = OptionCommon &
  (
    | { readonly type: 'integer'; readonly fallback: number; readonly min: number; readonly max: number }
    /** With decimals; without a fallback it is left out of the values. */
    | { readonly type: 'number'; readonly min: number; readonly max: number }
    | { readonly type: 'text'; readonly fallback: string; readonly pattern: RegExp; readonly allowed: string; readonly placeholder?: string }
    | { readonly type: 'choice'; readonly fallback: string; readonly choices: readonly string[]; readonly placeholder?: string }
    | { readonly type: 'list'; readonly placeholder: string; readonly allowed: string; readonly pattern: RegExp }
    | { readonly type: 'flag' }
    | { readonly type: 'schedulers'; readonly fallback: number; readonly min: number; readonly max: number }
  );

const DAY_MS = 86_400_000;
const MIB = 1_048_576;
const ANY = /./;

export const START_OPTIONS = {
  documents: { name: 'documents', type: 'list', placeholder: 'DIR', pattern: ANY, allowed: 'a folder or file that exists', effect: 'what the documents server searches; may be repeated' },
  application: { name: 'application', type: 'list', placeholder: 'DIR', pattern: ANY, allowed: 'a folder with an application', effect: 'an application to start; may be repeated (default examples/01-documents)' },
  name: { name: 'name', type: 'text', fallback: 'flyball', pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, allowed: 'letters, digits, "-", "_", "."; at most 64', effect: 'the node\'s name, by which flyball ctl finds it' },
  host: { name: 'host', type: 'text', fallback: '127.0.0.1', pattern: /^[A-Za-z0-9.:_%-]{1,255}$/, allowed: 'an address or a host name', effect: 'address to listen on; others than loopback serve strangers the probes only' },
  port: { name: 'port', type: 'integer', fallback: 8080, min: 0, max: 65_535, effect: 'HTTP port; 0 lets the system choose' },
  portOffset: { name: 'port-offset', type: 'integer', fallback: 0, min: 0, max: 56_000, effect: 'added to each port, for several nodes on one host' },
  shards: { name: '+S', type: 'schedulers', fallback: 1, min: 1, max: 256, effect: 'number of shards, as erl\'s +S: OS processes that share the ports' },
  processLimit: { name: '+P', type: 'integer', fallback: 262_144, min: 1_024, max: 1_000_000, effect: 'most processes of the node' },
  mode: { name: 'mode', type: 'choice', fallback: 'production', choices: ['production', 'development'], effect: 'development checks and freezes messages' },
  maxConnections: { name: 'max-connections', type: 'integer', fallback: 50_000, min: 1, max: 1_000_000, effect: 'open connections of a shard; more are closed at once' },
  requestTimeout: { name: 'request-timeout-ms', type: 'integer', unit: 'ms', fallback: 5_000, min: 1, max: DAY_MS, effect: 'deadline of a tool call' },
  sessionIdleTimeout: { name: 'session-idle-timeout-ms', type: 'integer', unit: 'ms', fallback: 1_800_000, min: 1_000, max: 7 * DAY_MS, effect: 'a session unused for this long ends' },
  bodyMax: { name: 'body-bytes-max', type: 'integer', unit: 'bytes', fallback: 4 * MIB, min: 1_024, max: 1_024 * MIB, effect: 'largest request body; larger ones get 413' },
  startTimeout: { name: 'start-timeout-ms', type: 'integer', unit: 'ms', fallback: 30_000, min: 100, max: DAY_MS, effect: 'a shard not ready by then is killed' },
  beatTimeout: { name: 'beat-timeout-ms', type: 'integer', unit: 'ms', fallback: 60_000, min: 100, max: DAY_MS, effect: 'a shard without a sign of life for this long is restarted' },
  drainDeadline: { name: 'drain-deadline-ms', type: 'integer', unit: 'ms', fallback: 30_000, min: 10, max: DAY_MS, effect: 'time a hand-over leaves the old process' },
  stopDeadline: { name: 'stop-deadline-ms', type: 'integer', unit: 'ms', fallback: 10_000, min: 10, max: DAY_MS, effect: 'time a stop leaves the applications' },
  restarts: { name: 'restarts', type: 'integer', fallback: 10, min: 0, max: 1_000_000, effect: 'shard restarts allowed within the period; then heart gives up' },
  restartPeriod: { name: 'restart-period-ms', type: 'integer', unit: 'ms', fallback: 60_000, min: 1, max: DAY_MS, effect: 'the period of --restarts' },
  allowPublic: { name: 'allow-public', type: 'flag', effect: 'serve MCP without authentication on any address' },
  allowOrigin: { name: 'allow-origin', type: 'list', placeholder: 'ORIGIN', pattern: /^https?:\/\/[^/]+$/, allowed: 'an origin such as https://example.com', effect: 'a browser origin to accept; may be repeated' },
  ledger: { name: 'ledger', type: 'text', fallback: '', placeholder: 'FOLDER', pattern: ANY, allowed: 'a folder; it is made', effect: 'keep receipts there, begin a ledger if there is none; what an operator changes is recorded too' },
  ledgerExisting: { name: 'ledger-existing', type: 'flag', effect: 'the ledger must be there: refuse to begin one, so that a disk that is not mounted begins no second log' },
  ledgerOrigin: { name: 'ledger-origin', type: 'text', fallback: '', placeholder: 'NAME', pattern: /^[^\s+]{1,255}$/, allowed: 'a name such as ledger.example.org/node-1, without spaces and "+"', effect: 'the log\'s name in its checkpoints, for ever (default at the first start: host name/node name)' },
  ledgerWitness: { name: 'ledger-witness', type: 'list', placeholder: 'VKEY', pattern: /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/, allowed: 'a verifier key of a signed note: name+hash+key', effect: 'a witness whose cosignatures are taken; may be repeated' },
  ledgerPublishEvery: { name: 'ledger-publish-every-ms', type: 'integer', unit: 'ms', fallback: 100, min: 10, max: 60_000, effect: 'time from a receipt to the checkpoint that covers it' },
  ledgerPublic: { name: 'ledger-public', type: 'flag', effect: 'serve the log under /ledger/ to anyone, not to this host only' },
} as const satisfies Record<string, OptionSchema>;

export type StartOptionKey = keyof typeof START_OPTIONS;

type ValueOf<S> = S extends { type: 'integer' | 'schedulers' }
  ? number
  : S extends { type: 'list' }
    ? readonly string[]
    : S extends { type: 'flag' }
      ? boolean
      : string;

/** The parsed options, defaults filled in. */
export type StartValues = { readonly [K in StartOptionKey]: ValueOf<(typeof START_OPTIONS)[K]> };

/** The node's configuration; `values` must hold absolute paths already. */
export function nodeConfiguration(values: StartValues): NodeConfiguration {
  return {
    name: values.name,
    host: values.host,
    httpPort: values.port === 0 ? 0 : values.port + values.portOffset,
    applications: values.application,
    documents: values.documents,
    mode: values.mode === 'development' ? 'development' : 'production',
    processLimit: values.processLimit,
    maxConnections: values.maxConnections,
    requestTimeoutMs: values.requestTimeout,
    sessionIdleTimeoutMs: values.sessionIdleTimeout,
    bodyBytesMax: values.bodyMax,
    drainDeadlineMs: values.drainDeadline,
    beatTimeoutMs: values.beatTimeout,
    allowPublic: values.allowPublic,
    allowOrigins: values.allowOrigin,
    ...(values.ledger !== '' && { ledger: ledgerConfiguration(values) }),
  };
}

function ledgerConfiguration(values: StartValues): LedgerConfiguration {
  const { ledger: folder, ledgerOrigin: origin, ledgerExisting: mustExist, ledgerWitness: witnesses, ledgerPublishEvery: publishEveryMs, ledgerPublic: isPublic } = values;
  return { folder, ...(origin !== '' && { origin }), mustExist, witnesses, publishEveryMs, isPublic };
}

/** What says something of a ledger needs one. One sentence each. */
export function ledgerProblems(values: StartValues): string[] {
  if (values.ledger !== '') return [];
  const { ledgerExisting, ledgerOrigin, ledgerWitness, ledgerPublic, ledgerPublishEvery } = START_OPTIONS;
  const given = [
    values.ledgerExisting && ledgerExisting,
    values.ledgerOrigin !== '' && ledgerOrigin,
    values.ledgerWitness.length > 0 && ledgerWitness,
    values.ledgerPublishEvery !== ledgerPublishEvery.fallback && ledgerPublishEvery,
    values.ledgerPublic && ledgerPublic,
  ].filter((option) => option !== false);
  return given.map(({ name }) => `--${name} needs --ledger FOLDER: without it the node keeps no receipts.`);
}
