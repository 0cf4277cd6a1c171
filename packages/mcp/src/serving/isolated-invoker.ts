// The other side of `isolated-run.ts`, in the pooled process: gives the tool its context there.
import type { Context, IsolatedContext } from '@flyball/kernel';
import { McpError } from '../errors.ts';
import { judgeAnswer, prepareAsk, type Ask, type FormSchema } from '../protocol/elicitation.ts';
import type { ClientInfo } from '../protocol/params.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { Tool, ToolContext } from '../tool.ts';

export interface IsolatedInput {
  readonly args: unknown;
  readonly client: ClientInfo | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly sessionId: string | undefined;
}

/** A question as it crosses the process boundary: its form in place of the schema. */
export interface IsolatedAsk {
  readonly message: string;
  readonly schema: FormSchema;
  readonly key?: string;
}

/** An `Invoker` of the kernel's isolation. */
export async function run(tool: Tool, { args, ...about }: IsolatedInput, isolated: IsolatedContext): Promise<unknown> {
  const context: ToolContext = {
    ...about,
    signal: isolated.signal,
    progress: (update) => isolated.notify(update),
    elicit: (async (ask: Ask<unknown>) => await elicit(ask, isolated)) as ToolContext['elicit'],
    get self(): Context {
      throw new McpError('mcp-isolated', 'A tool with isolation "process" runs outside the node and has no process there: give it what it needs as arguments, or run it inline');
    },
  };
  return await tool.run(args as never, context);
}

async function elicit(ask: Ask<unknown>, isolated: IsolatedContext): Promise<unknown> {
  const prepared = prepareAsk(ask);
  const { message, requestedSchema } = prepared.params;
  const crossing: IsolatedAsk = { message, schema: requestedSchema as unknown as FormSchema, ...(prepared.key !== undefined && { key: prepared.key }) };
  const judged = await judgeAnswer(prepared, await isolated.ask(crossing));
  if (!judged.ok) throw new McpError('mcp-elicitation-invalid', `The client's answer does not fit the form: ${judged.problem}`);
  return judged.answer;
}
