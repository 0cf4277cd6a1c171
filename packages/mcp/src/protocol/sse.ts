/** Server-sent events as text (WHATWG HTML, "Server-sent events"). Pure: who writes them, and when, is the transport's affair. */

export const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Asks reverse proxies not to hold events back (2026-07-28 streamable-http, "Receiving Messages").
  'x-accel-buffering': 'no',
} as const;

export interface SseEvent {
  readonly event?: string;
  readonly id?: string;
  readonly retryMs?: number;
  /** Any line ends are kept as separate data lines; readers join them with \n. */
  readonly data: string;
}

const LINE_END = /\r\n|\r|\n/;

/** A field's value ends at its line; NUL in an id makes readers ignore the whole id. */
function oneLine(value: string): string {
  return value.replace(/[\r\n\0]/g, '');
}

export function sseEvent(event: SseEvent): string {
  let text = '';
  if (event.event !== undefined) text += `event: ${oneLine(event.event)}\n`;
  if (event.id !== undefined) text += `id: ${oneLine(event.id)}\n`;
  if (event.retryMs !== undefined) text += `retry: ${Math.max(0, Math.trunc(event.retryMs))}\n`;
  for (const line of event.data.split(LINE_END)) text += `data: ${line}\n`;
  return `${text}\n`;
}

/** One JSON-RPC message. JSON text of ours has no line ends, so one data line is enough. */
export function sseMessage(json: string, id?: string): string {
  return id === undefined ? `event: message\ndata: ${json}\n\n` : `event: message\nid: ${oneLine(id)}\ndata: ${json}\n\n`;
}

/** The first event of a resumable stream: an id to come back with, and no data (2025-11-25 transports). */
export function ssePriming(id: string, retryMs?: number): string {
  return sseEvent(retryMs === undefined ? { id, data: '' } : { id, retryMs, data: '' });
}

/** Sent before a connection is closed on purpose while its stream goes on. */
export function sseRetry(retryMs: number): string {
  return `retry: ${Math.max(0, Math.trunc(retryMs))}\n\n`;
}

/** Keeps a quiet connection open; readers drop it. */
export function sseComment(text = ''): string {
  return `: ${oneLine(text)}\n\n`;
}
