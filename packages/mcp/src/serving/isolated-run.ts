// Runs a tool with `isolation: 'process'` in a pooled OS process, where it can be stopped whatever
// it does. Arguments are checked here, the result is answered here; only `run` is there.
import { KernelError, runIsolated, type IsolatedJob } from '@flyball/kernel';
import type { ToolResult } from '../content.ts';
import type { ProgressUpdate } from '../protocol/progress.ts';
import type { CallContext } from './call-context.ts';
import type { ToolCall } from './call.ts';
import type { IsolatedAsk, IsolatedInput } from './isolated-invoker.ts';
import { servingSettings } from './settings.ts';

const runsFromSource = import.meta.url.endsWith('.ts');
const INVOKER = new URL(runsFromSource ? './isolated-invoker.ts' : './isolated-invoker.js', import.meta.url).href;

/** Rejects with what the tool threw, or with a KernelError that says how it was ended. */
export async function isolatedRun(call: ToolCall, args: unknown, context: CallContext, timeoutMs: number): Promise<ToolResult> {
  const { client, protocolVersion, sessionId } = context;
  const input: IsolatedInput = { args, client, protocolVersion, sessionId };
  const result = await runIsolated(jobOf(call, input, timeoutMs), {
    caller: call.process,
    onNotify: (update) => context.progress(update as ProgressUpdate),
    onAsk: async (ask) => await context.elicit(ask as IsolatedAsk),
  });
  return result as ToolResult;
}

function jobOf(call: ToolCall, input: IsolatedInput, timeoutMs: number): IsolatedJob {
  const { ref } = call.slot;
  const place = ref === undefined ? undefined : servingSettings().locateModule(ref.module);
  if (ref === undefined || place === undefined) {
    throw new KernelError('isolation-closed', `tool ${call.params.name}: isolation 'process' needs the server to be exported by an application's module, so that another process can load it`);
  }
  const { elicitationTimeoutMs } = servingSettings();
  return {
    invoker: INVOKER,
    ...place,
    export: ref.export,
    path: ['server', 'tools', call.params.name],
    input,
    // The call's own deadline stands still while a user is asked; this one bounds all of it.
    deadlineMs: timeoutMs + elicitationTimeoutMs,
    ...(call.tool.tool.limits?.memoryMb !== undefined && { memoryMbMax: call.tool.tool.limits.memoryMb }),
    ...(call.tool.tool.limits?.cpuMs !== undefined && { cpuMsMax: call.tool.tool.limits.cpuMs }),
  };
}
