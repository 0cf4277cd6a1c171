/** Progress of a request, the same message in both eras. Sent only for a token that the request brought. */
import { encodeNotification, isObject, type Params } from './json-rpc.ts';
import { knowsProgressMessage, type ProtocolVersion } from './versions.ts';

export type ProgressToken = string | number;

export interface ProgressUpdate {
  /** Grows with each update, even where the total is unknown. */
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** The token of a request's `_meta`; anything but a string or an integer counts as none. */
export function progressTokenOf(params: Params | undefined): ProgressToken | undefined {
  const meta = params === undefined ? undefined : params['_meta'];
  if (!isObject(meta)) return undefined;
  const token = meta['progressToken'];
  return typeof token === 'string' || Number.isSafeInteger(token) ? (token as ProgressToken) : undefined;
}

/** "The progress value MUST increase with each notification": an update that does not is left out, not sent. */
export function progressGrows(last: number | undefined, update: ProgressUpdate): boolean {
  return Number.isFinite(update.progress) && (last === undefined || update.progress > last);
}

export function progressNotification(token: ProgressToken, update: ProgressUpdate, version: ProtocolVersion): string {
  const params = {
    progressToken: token,
    progress: update.progress,
    total: update.total !== undefined && Number.isFinite(update.total) ? update.total : undefined,
    message: knowsProgressMessage(version) ? update.message : undefined,
  };
  return encodeNotification('notifications/progress', JSON.stringify(params));
}
