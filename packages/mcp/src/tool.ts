/** What a tool is: plain typed data. `tool` infers the type of `run`'s arguments from the declared input. */
import type { Context } from '@flyball/kernel';
import type { ToolResult } from './content.ts';
import type { Answer, Ask } from './protocol/elicitation.ts';
import type { ClientInfo } from './protocol/params.ts';
import type { ProgressUpdate } from './protocol/progress.ts';
import type { ProtocolVersion } from './protocol/versions.ts';
import type { Icon, ToolAnnotations } from './protocol/wire-types.ts';
import type { JsonSchema, OutputOf, StandardSchema } from './standard-schema.ts';

/** What `run` may use while it runs. */
export interface ToolContext {
  /** Aborts when the client cancels, the deadline passes or the call's process dies. */
  readonly signal: AbortSignal;
  /** Sent only if the client asked for progress; dropped if the value does not grow, or while the client does not read. */
  progress(update: ProgressUpdate): void;
  /**
   * Asks the user through the client. In the stateless era the tool is run again from its start once the answer is
   * there, so ask before side effects, or give each question a `key`. Throws `mcp-client-cannot-elicit`,
   * `mcp-elicitation-invalid` and `mcp-elicitation-failed`.
   */
  elicit<S extends StandardSchema>(ask: { readonly message: string; readonly schema: S; readonly key?: string }): Promise<Answer<OutputOf<S>>>;
  elicit(ask: Ask): Promise<Answer<FormContent>>;
  readonly client: ClientInfo | undefined;
  readonly protocolVersion: ProtocolVersion;
  /** The call's own process: call, cast and monitor other processes with it. Isolated tools have none. */
  readonly self: Context;
  /** Undefined in the stateless era. */
  readonly sessionId: string | undefined;
}

export type FormContent = { readonly [field: string]: string | number | boolean | readonly string[] };

export interface ToolLimits {
  /** Deadline of a call, in ms; the node's request timeout unless given. */
  readonly timeoutMs?: number;
  /** Isolated tools: resident memory of its process, MB; more ends it. */
  readonly memoryMb?: number;
  /** Isolated tools: CPU time of a call, ms; more ends it. */
  readonly cpuMs?: number;
  readonly ratePerMinute?: number;
}

/** `inline` shares the node's event loop; `process` runs in a pooled OS process that can be killed. */
export type Isolation = 'inline' | 'process';

export interface ToolOptions<Input extends StandardSchema | undefined, Output extends StandardSchema | undefined> {
  readonly title?: string;
  readonly description?: string;
  /** Checks the arguments. Without it and without `inputSchema`, the tool takes no arguments. */
  readonly input?: Input;
  /** What tools/list shows. Default: the input's own JSON Schema. Alone, it also checks (a bounded part of 2020-12). */
  readonly inputSchema?: JsonSchema;
  /** Checks `structuredContent` of what `run` returns. */
  readonly output?: Output;
  readonly outputSchema?: JsonSchema;
  readonly annotations?: ToolAnnotations;
  readonly icons?: readonly Icon[];
  readonly limits?: ToolLimits;
  /** Default: inline. */
  readonly isolation?: Isolation;
  readonly run: (args: ArgumentsOf<Input>, context: ToolContext) => ToolResult | Promise<ToolResult>;
}

export type ArgumentsOf<Input> = Input extends StandardSchema ? OutputOf<Input> : { readonly [name: string]: unknown };

/** A tool with its input type forgotten: what a server holds. Whoever runs it hands on what the tool's own schema has validated. */
export type Tool = Omit<ToolOptions<StandardSchema | undefined, StandardSchema | undefined>, 'run'> & {
  readonly run: (args: never, context: ToolContext) => ToolResult | Promise<ToolResult>;
};

export function tool<Input extends StandardSchema | undefined = undefined, Output extends StandardSchema | undefined = undefined>(
  options: ToolOptions<Input, Output>,
): ToolOptions<Input, Output> {
  return options;
}
