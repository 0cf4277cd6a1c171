/**
 * To which era a message belongs, decided from the message alone, as every transport must (2026-07-28 versioning,
 * "Backward Compatibility": a request with modern `_meta` is served statelessly, `initialize` selects legacy semantics).
 * HTTP compares its headers with this decision afterwards; they never make it for a request.
 */
import { clip, isObject, type Params, RPC_CODES, type RpcErrorObject } from './json-rpc.ts';
import { type ClientInfo, isClientInfo } from './params.ts';
import { isSessionVersion, isStatelessVersion, looksStateless, STATELESS_VERSIONS, type StatelessVersion, SUPPORTED_VERSIONS } from './versions.ts';

export const META_PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const META_CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const META_CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';
export const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
export const META_SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

/** What a stateless request says about its sender, for this request only. */
export interface Envelope {
  readonly kind: 'stateless';
  readonly version: StatelessVersion;
  readonly capabilities: Params;
  readonly clientInfo: ClientInfo | undefined;
}

export type EraDecision =
  | Envelope
  /** No claim of a version: sessionful, or nonsense if there is no session. */
  | { readonly kind: 'sessionful' }
  | { readonly kind: 'refused'; readonly claimed: string | undefined; readonly error: RpcErrorObject };

const SESSIONFUL: EraDecision = { kind: 'sessionful' };

const LOG_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];

function refused(claimed: string | undefined, error: RpcErrorObject): EraDecision {
  return { kind: 'refused', claimed, error };
}

function malformed(claimed: string | undefined, key: string, problem: string): EraDecision {
  const error = { code: RPC_CODES.invalidParams, message: `Invalid params: _meta["${key}"] ${problem}`, data: { key } };
  return refused(claimed, error);
}

/** −32022. `supported` names the version kind that would have worked: a session version cannot be had by `_meta`. */
export function unsupportedVersion(requested: string): RpcErrorObject {
  const supported = isSessionVersion(requested) ? STATELESS_VERSIONS : SUPPORTED_VERSIONS;
  return {
    code: RPC_CODES.unsupportedVersion,
    message: 'Unsupported protocol version',
    data: { supported: [...supported], requested: clip(requested) },
  };
}

/** Decides for a request or a notification. An envelope that is claimed is checked: it never falls back silently. */
export function eraOf(method: string, params: Params | undefined): EraDecision {
  const meta = params?.['_meta'];
  if (!isObject(meta)) return SESSIONFUL;
  const version = meta[META_PROTOCOL_VERSION];
  if (version === undefined) return SESSIONFUL;
  if (typeof version !== 'string') return malformed(undefined, META_PROTOCOL_VERSION, 'must be a string');
  // A handshake that quotes an old version in _meta is still a handshake.
  if (method === 'initialize' && !looksStateless(version)) return SESSIONFUL;
  const capabilities = meta[META_CLIENT_CAPABILITIES];
  if (!isObject(capabilities)) {
    return malformed(version, META_CLIENT_CAPABILITIES, capabilities === undefined ? 'is missing' : 'must be an object');
  }
  const clientInfo = meta[META_CLIENT_INFO];
  if (clientInfo !== undefined && !isClientInfo(clientInfo)) return malformed(version, META_CLIENT_INFO, 'must have a name and a version');
  const logLevel = meta[META_LOG_LEVEL];
  if (logLevel !== undefined && !LOG_LEVELS.includes(logLevel as string)) return malformed(version, META_LOG_LEVEL, 'is no log level');
  if (!isStatelessVersion(version)) return refused(version, unsupportedVersion(version));
  return { kind: 'stateless', version, capabilities, clientInfo };
}

/** What a request lacks whose header names a stateless version while its body claims none. */
export function missingEnvelope(headerVersion: string): RpcErrorObject {
  return {
    code: RPC_CODES.invalidParams,
    message: `Invalid params: protocol version ${clip(headerVersion)} needs _meta["${META_PROTOCOL_VERSION}"] and _meta["${META_CLIENT_CAPABILITIES}"]`,
    data: { missing: [META_PROTOCOL_VERSION] },
  };
}

/** −32021: the work needs something the client did not declare (2026-07-28 basic, "Per-request protocol fields"). */
export function missingCapability(requiredCapabilities: Params): RpcErrorObject {
  const names = Object.keys(requiredCapabilities).join(', ');
  return {
    code: RPC_CODES.missingClientCapability,
    message: `The client did not declare a capability that this request needs: ${names}`,
    data: { requiredCapabilities },
  };
}
