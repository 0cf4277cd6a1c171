/** Makers of tool results: what `run` returns. Plain data, so that it can cross a process boundary. */
import type { CallToolResult, ContentBlock } from './protocol/wire-types.ts';

/** The official result of tools/call, before an era's envelope is put around it. */
export type ToolResult = CallToolResult & { content: ContentBlock[] };

export function text(value: string): ToolResult {
  return { content: [{ type: 'text', text: value }] };
}

/**
 * A structured result. Its JSON is given as text too, for clients that read only text (tools, "Structured Content").
 * `value` must be JSON: no cycles, no BigInt.
 */
export function json(value: unknown): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) ?? 'null' }], structuredContent: value };
}

/** The tool ran and failed, in words the model can act on. Not for bugs: throw those. */
export function failure(message: string): ToolResult {
  return { content: [{ type: 'text', text: message }], isError: true };
}

/** `data` is Base64. */
export function image(data: string, mimeType: string): ToolResult {
  return { content: [{ type: 'image', data, mimeType }] };
}

export function audio(data: string, mimeType: string): ToolResult {
  return { content: [{ type: 'audio', data, mimeType }] };
}

/** Several blocks in one result. */
export function content(...blocks: ContentBlock[]): ToolResult {
  return { content: blocks };
}
