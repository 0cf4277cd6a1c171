/** `notifications/cancelled`: which request a client gives up, and how the server withdraws a question of its own. */
import { clip, encodeNotification, isRequestId, type Params, type RequestId } from './json-rpc.ts';

export interface CancelTarget {
  readonly requestId: RequestId;
  readonly reason: string | undefined;
}

/** Undefined for malformed ones: invalid cancellations are ignored, not answered (2025-11-25 cancellation, "Error Handling"). */
export function cancelTarget(params: Params | undefined): CancelTarget | undefined {
  if (params === undefined) return undefined;
  const { requestId, reason } = params;
  if (!isRequestId(requestId)) return undefined;
  return { requestId, reason: typeof reason === 'string' ? clip(reason, 500) : undefined };
}

/**
 * Sessionful only, for a request that the server itself sent: 2026-07-28 has no such requests, and forbids servers to
 * send this for anything but a subscription.
 */
export function cancelledNotification(requestId: RequestId, reason?: string): string {
  return encodeNotification('notifications/cancelled', JSON.stringify({ requestId, reason }));
}
