// How servers are served in this node: set once at boot by who composes the node (cli).
import { type OriginPolicy, originPolicy } from '../protocol/origin-rules.ts';
import type { StateKeys } from '../protocol/request-state.ts';
import { randomKey } from './state-key.ts';

export interface ServingSettings {
  /** Deadline of a tool call in ms, where the tool sets none. */
  requestTimeoutMs: number;
  /** A session unused for so long ends. */
  sessionIdleTimeoutMs: number;
  /** Larger bodies are refused with 413. */
  bodyBytesMax: number;
  /** Live sessions of this shard; initialize is refused beyond. */
  sessionsMax: number;
  /** Time a client has to answer a question, in ms. */
  elicitationTimeoutMs: number;
  /** Who may send requests through a browser. */
  origins: OriginPolicy;
  /** Sign `requestState`; all shards of a node share them. */
  stateKeys: StateKeys;
  /** Where a module of an application lies, for those who load it in another process. */
  locateModule: (module: string) => ModulePlace | undefined;
  /** Prefix of session ids: tells every shard where a session lives. */
  shard: number;
}

export interface ModulePlace {
  /** Absolute path. */
  readonly module: string;
  readonly application: string;
  readonly version: string;
}

const settings: ServingSettings = {
  requestTimeoutMs: 5_000,
  sessionIdleTimeoutMs: 1_800_000,
  bodyBytesMax: 4 * 1_048_576,
  sessionsMax: 100_000,
  elicitationTimeoutMs: 600_000,
  origins: originPolicy(),
  stateKeys: [randomKey()],
  locateModule: () => undefined,
  shard: 0,
};

export function servingSettings(): Readonly<ServingSettings> {
  return settings;
}

export function configureServing(changes: Partial<ServingSettings>): void {
  Object.assign(settings, changes);
}
