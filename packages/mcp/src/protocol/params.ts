/**
 * Checks of the params of the methods served here, shaped by hand: on the path of each request, and a general validator
 * costs microseconds. Everything a client may send beyond these fields is let through, as the official schemas do.
 */
import { fitsBounds } from './json-bounds.ts';
import { clip, isObject, type Params } from './json-rpc.ts';
import type { ProgressToken } from './progress.ts';

export interface BadParams {
  readonly ok: false;
  /** Becomes the message of a −32602. */
  readonly message: string;
}

const badParams = (message: string): BadParams => ({ ok: false, message: `Invalid params: ${message}` });

/** `_meta` and its progressToken, which any request may carry. Undefined when they are as they should be. */
function metaProblem(params: Params | undefined): string | undefined {
  const meta = params?.['_meta'];
  if (meta === undefined) return undefined;
  if (!isObject(meta)) return '_meta must be an object';
  const token = meta['progressToken'];
  if (token === undefined || typeof token === 'string' || Number.isSafeInteger(token)) return undefined;
  return '_meta.progressToken must be a string or an integer';
}

export interface ToolCallParams {
  readonly ok: true;
  readonly name: string;
  /** Absent arguments are an empty object: tools need not tell the difference. */
  readonly args: Params;
  readonly progressToken: ProgressToken | undefined;
  readonly meta: Params | undefined;
  /** 2026-07-28 retries only; checked when they are used. */
  readonly inputResponses: unknown;
  readonly requestState: unknown;
}

const NO_ARGUMENTS: Params = Object.freeze({});

export function readToolCall(params: Params | undefined): ToolCallParams | BadParams {
  if (params === undefined) return badParams('name is missing');
  const { name, arguments: args, _meta: meta, inputResponses, requestState } = params;
  if (typeof name !== 'string') return badParams(name === undefined ? 'name is missing' : 'name must be a string');
  if (args !== undefined && !isObject(args)) return badParams('arguments must be an object');
  const problem = meta === undefined ? undefined : metaProblem(params);
  if (problem !== undefined) return badParams(problem);
  const progressToken = meta === undefined ? undefined : ((meta as Params)['progressToken'] as ProgressToken | undefined);
  return {
    ok: true,
    name,
    args: args ?? NO_ARGUMENTS,
    progressToken,
    meta: meta as Params | undefined,
    inputResponses,
    requestState,
  };
}

export interface ListParams {
  readonly ok: true;
  readonly cursor: string | undefined;
}

export function readList(params: Params | undefined): ListParams | BadParams {
  const problem = metaProblem(params);
  if (problem !== undefined) return badParams(problem);
  const cursor = params?.['cursor'];
  if (cursor !== undefined && typeof cursor !== 'string') return badParams('cursor must be a string');
  return { ok: true, cursor };
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

export interface InitializeParams {
  readonly ok: true;
  readonly protocolVersion: string;
  readonly capabilities: Params;
  readonly clientInfo: ClientInfo;
}

export function isClientInfo(value: unknown): value is ClientInfo {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['version'] === 'string';
}

/** What a session keeps of its client: 100,000 of them must fit into memory, and their hand-over into its limit. */
const KEPT_BOUNDS = { depthMax: 16, charactersMax: 16_384 };

export function readInitialize(params: Params | undefined): InitializeParams | BadParams {
  if (params === undefined) return badParams('protocolVersion is missing');
  const problem = metaProblem(params);
  if (problem !== undefined) return badParams(problem);
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== 'string') return badParams('protocolVersion must be a string');
  if (!isObject(capabilities)) return badParams('capabilities must be an object');
  if (!isClientInfo(clientInfo)) return badParams('clientInfo must have a name and a version');
  for (const [name, kept] of Object.entries({ capabilities, clientInfo })) {
    if (!fitsBounds(kept, KEPT_BOUNDS)) return badParams(`${name} must have at most ${KEPT_BOUNDS.charactersMax} characters and ${KEPT_BOUNDS.depthMax} levels`);
  }
  return { ok: true, protocolVersion: clip(protocolVersion), capabilities, clientInfo };
}

/** For requests without params of their own (ping, server/discover): only `_meta` can be wrong. */
export function readEmpty(params: Params | undefined): { readonly ok: true } | BadParams {
  const problem = metaProblem(params);
  return problem === undefined ? { ok: true } : badParams(problem);
}
