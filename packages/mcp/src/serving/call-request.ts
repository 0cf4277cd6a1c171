// What a call knows of who sent it: the same for both eras, filled in by the session or, where
// there is none, from the request's own envelope.
import type { Pid } from '@flyball/kernel';
import type { ClientInfo } from '../protocol/params.ts';
import type { Params, RpcRequest } from '../protocol/json-rpc.ts';
import type { Era, ProtocolVersion } from '../protocol/versions.ts';

export interface CallRequest {
  readonly request: RpcRequest;
  readonly era: Era;
  readonly version: ProtocolVersion;
  readonly capabilities: Params;
  readonly client: ClientInfo | undefined;
  /** Only in the sessionful era. */
  readonly session: { readonly id: string; readonly pid: Pid } | undefined;
}
