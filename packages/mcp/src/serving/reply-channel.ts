// How a request of one client is answered over HTTP: with one JSON body, unless something must be
// sent before the result (progress, a question); then with a stream of events that ends with it.
import type { ExitReason } from '@flyball/kernel';
import type { Exchange } from '@flyball/listener';
import { encodeError, encodeResult, httpStatusOf, internalError, type RequestId, type RpcErrorObject } from '../protocol/json-rpc.ts';
import { sseMessage, sseRetry } from '../protocol/sse.ts';
import type { Era } from '../protocol/versions.ts';

export const JSON_HEADERS: readonly string[] = ['Content-Type', 'application/json'];
export const EVENT_STREAM_HEADERS: readonly string[] = ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-cache, no-transform', 'X-Accel-Buffering', 'no'];

export function sendResult(exchange: Exchange, id: RequestId, resultJson: string): void {
  finish(exchange, 200, encodeResult(id, resultJson));
}

export function sendError(exchange: Exchange, id: RequestId | undefined, error: RpcErrorObject, era: Era): void {
  finish(exchange, httpStatusOf(error.code, era), encodeError(id, error));
}

/** A message before the result: turns the answer into a stream of events. */
export function sendEvent(exchange: Exchange, json: string): boolean {
  if (!exchange.streaming) exchange.openStream(200, EVENT_STREAM_HEADERS);
  return exchange.write(sseMessage(json));
}

/** How soon a client comes back whose stream was ended because its session lives on elsewhere. */
const RECONNECT_DELAY_MS = 100;

/** Ends the stream of a GET that is to be opened again: the session is, or will be, in another process. */
export function endForReconnect(exchange: Exchange): void {
  if (!exchange.streaming) exchange.openStream(200, EVENT_STREAM_HEADERS);
  exchange.end(sseRetry(RECONNECT_DELAY_MS));
}

/** What the client gets if the process that had to answer died. */
export function answerWhenAbandoned(exchange: Exchange, id: RequestId, era: Era): void {
  exchange.abandoned = (abandoned, reason) => {
    if (isCancelled(reason)) endSilently(abandoned);
    else sendError(abandoned, id, internalError(endedText(reason)), era);
  };
}

/** Exit reason of a call that its client gave up. */
export const CANCELLED: ExitReason = { shutdown: 'cancelled' };

function isCancelled(reason: ExitReason): boolean {
  return typeof reason === 'object' && 'shutdown' in reason && reason.shutdown === 'cancelled';
}

// A cancelled request gets no response (2025-11-25 cancellation, "Behavior Requirements"): its stream ends.
function endSilently(exchange: Exchange): void {
  if (!exchange.streaming) exchange.openStream(200, EVENT_STREAM_HEADERS);
  exchange.end();
}

// The cause stays in the log: what a client sees must not carry internals.
function endedText(reason: ExitReason): string {
  return reason === 'timeout' ? 'Internal error: the call did not finish in time' : 'Internal error: the call ended before it had a result';
}

function finish(exchange: Exchange, status: number, json: string): void {
  if (exchange.streaming) exchange.end(sseMessage(json));
  else exchange.answer(status, JSON_HEADERS, json);
}
