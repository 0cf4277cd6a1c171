// Runs a tool with `isolation: 'process'` in a pooled OS process.
import { KernelError } from '@flyball/kernel';
import type { ToolResult } from '../content.ts';
import type { CallContext } from './call-context.ts';
import type { ToolCall } from './call.ts';

export function isolatedRun(call: ToolCall, _input: unknown, _context: CallContext, _timeoutMs: number): Promise<ToolResult> {
  return Promise.reject(new KernelError('isolation-closed', `${call.params.name}: no pool`));
}
