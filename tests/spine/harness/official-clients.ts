// The official clients behind one shape: v1's, and v2's in each era.
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as AnyTransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (update: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
}

export interface CallOutcome {
  readonly text: string;
  readonly isError: boolean;
  readonly structured: unknown;
}

export interface Form {
  readonly message: string;
  readonly fields: readonly string[];
}

export type FormAnswer = { readonly action: 'accept'; readonly content: Record<string, string> } | { readonly action: 'decline' | 'cancel' };

export interface OfficialClient {
  readonly serverName: string | undefined;
  /** Undefined in the stateless era. */
  readonly sessionId: () => string | undefined;
  readonly listTools: () => Promise<string[]>;
  readonly callTool: (name: string, args: Record<string, unknown>, options?: CallOptions) => Promise<CallOutcome>;
  readonly ping: () => Promise<unknown>;
  /** Ends the session where there is one, and closes. */
  readonly end: () => Promise<void>;
}

export type Connect = (url: string, answerForm: (form: Form) => FormAnswer | Promise<FormAnswer>) => Promise<OfficialClient>;

const ABOUT = { name: 'acceptance', version: '1.0.0' };
const CAPABILITIES = { elicitation: { form: {} } };

function outcomeOf(result: object): CallOutcome {
  const { content, isError, structuredContent } = result as { content?: unknown; isError?: unknown; structuredContent?: unknown };
  const blocks = (content ?? []) as readonly { readonly text?: string }[];
  return { text: blocks.map(({ text }) => text ?? '').join(''), isError: isError === true, structured: structuredContent };
}

function formOf(params: object): Form {
  const { message, requestedSchema } = params as { message: string; requestedSchema: { properties: Record<string, unknown> } };
  return { message, fields: Object.keys(requestedSchema.properties) };
}

const connectV1: Connect = async (url, answerForm) => {
  const client = new ClientV1(ABOUT, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => await answerForm(formOf(params)));
  const transport = new TransportV1(new URL(url));
  // Its `sessionId?: string` and the interface's differ under exactOptionalPropertyTypes.
  await client.connect(transport as AnyTransportV1);
  return {
    serverName: client.getServerVersion()?.name,
    sessionId: () => transport.sessionId,
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name, args, options) => outcomeOf(await client.callTool({ name, arguments: args }, undefined, options)),
    ping: async () => await client.ping(),
    end: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
};

function connectV2(mode: 'legacy' | { pin: string }): Connect {
  return async (url, answerForm) => {
    const client = new ClientV2(ABOUT, { capabilities: CAPABILITIES, versionNegotiation: { mode } });
    client.setRequestHandler('elicitation/create', async ({ params }) => await answerForm(formOf(params)));
    const transport = new TransportV2(new URL(url));
    await client.connect(transport);
    return {
      serverName: client.getServerVersion()?.name,
      sessionId: () => transport.sessionId,
      listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
      callTool: async (name, args, options) => outcomeOf(await client.callTool({ name, arguments: args }, options)),
      ping: async () => await client.ping(),
      end: async () => {
        await transport.terminateSession();
        await client.close();
      },
    };
  };
}

export const OFFICIAL_CLIENTS: readonly { readonly name: string; readonly era: 'sessionful' | 'stateless'; readonly connect: Connect }[] = [
  { name: '@modelcontextprotocol/sdk v1', era: 'sessionful', connect: connectV1 },
  { name: '@modelcontextprotocol/client v2, 2025-11-25', era: 'sessionful', connect: connectV2('legacy') },
  { name: '@modelcontextprotocol/client v2, 2026-07-28', era: 'stateless', connect: connectV2({ pin: '2026-07-28' }) },
];
