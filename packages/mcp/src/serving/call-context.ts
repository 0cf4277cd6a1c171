// What a tool's `run` gets: progress, questions, cancellation, each done as the call's era does it.
import type { Context } from '@flyball/kernel';
import { McpError } from '../errors.ts';
import { canElicitForm, elicitationRequest, judgeAnswer, prepareAsk, type Answer, type Ask } from '../protocol/elicitation.ts';
import { elicitInRound } from '../protocol/input-required.ts';
import type { RpcResponse } from '../protocol/json-rpc.ts';
import { progressGrows, progressNotification, type ProgressUpdate } from '../protocol/progress.ts';
import type { ClientInfo } from '../protocol/params.ts';
import type { ProtocolVersion } from '../protocol/versions.ts';
import type { ToolContext } from '../tool.ts';
import type { ToolCall } from './call.ts';
import { Deadline } from './deadline.ts';
import { sendEvent } from './reply-channel.ts';
import type { sessionServer } from './session-server.ts';
import { servingSettings } from './settings.ts';
import { StatelessElicitationError } from './stateless-elicitation.ts';

export class CallContext implements ToolContext {
  readonly #call: ToolCall;
  readonly #timeoutMs: number;
  readonly #expire: (call: ToolCall, timeoutMs: number) => void;
  #deadline: Deadline | undefined;
  #lastProgress: number | undefined;
  #asks = 0;

  constructor(call: ToolCall, timeoutMs: number, expire: (call: ToolCall, timeoutMs: number) => void) {
    this.#call = call;
    this.#timeoutMs = timeoutMs;
    this.#expire = expire;
  }

  /** Made when something has to wait: most calls end in the turn that they began in. */
  get deadline(): Deadline {
    this.#deadline ??= new Deadline(this.#timeoutMs, () => this.#expire(this.#call, this.#timeoutMs));
    return this.#deadline;
  }

  get signal(): AbortSignal {
    return this.#call.process.signal;
  }

  get self(): Context {
    return this.#call.process;
  }

  get client(): ClientInfo | undefined {
    return this.#call.call.client;
  }

  get protocolVersion(): ProtocolVersion {
    return this.#call.call.version;
  }

  get sessionId(): string | undefined {
    return this.#call.call.session?.id;
  }

  // Getters, because tools take them out of the context: `run: (args, { progress, elicit }) => …`.
  get progress(): ToolContext['progress'] {
    return (update) => this.#progress(update);
  }

  get elicit(): ToolContext['elicit'] {
    return ((ask: Ask<unknown>) => this.#elicit(ask)) as ToolContext['elicit'];
  }

  #progress(update: ProgressUpdate): void {
    const { progressToken } = this.#call.params;
    // A client that does not read loses some of it, and must not cost the node its memory.
    if (progressToken === undefined || this.#call.exchange.congested || !progressGrows(this.#lastProgress, update)) return;
    this.#lastProgress = update.progress;
    sendEvent(this.#call.exchange, progressNotification(progressToken, update, this.protocolVersion));
  }

  async #elicit(ask: Ask<unknown>): Promise<Answer<unknown>> {
    const { version, capabilities, era } = this.#call.call;
    if (!canElicitForm(capabilities, version)) {
      if (era === 'stateless') throw new StatelessElicitationError();
      throw new McpError('mcp-client-cannot-elicit', 'The client did not declare form elicitation');
    }
    if (this.#call.round !== undefined) return await elicitInRound(this.#call.round, ask);
    return await this.#elicitInSession(ask);
  }

  async #elicitInSession(ask: Ask<unknown>): Promise<Answer<unknown>> {
    const prepared = prepareAsk(ask);
    const { session, version } = this.#call.call;
    this.#asks += 1;
    const id = `ask-${this.#call.process.pid.serial}-${this.#asks}`;
    this.deadline.hold();
    const { elicitationTimeoutMs } = servingSettings();
    // Registered with the session before it is sent: the answer could come at once.
    const answered = this.#call.process.call<SessionProtocol, 'awaitAnswer'>(session!.pid as never, 'awaitAnswer', { id, serial: this.#call.process.pid.serial }, { timeoutMs: elicitationTimeoutMs });
    sendEvent(this.#call.exchange, elicitationRequest(id, prepared, version));
    const response: RpcResponse = await answered.finally(() => this.deadline.release());
    if (response.error !== undefined) throw new McpError('mcp-elicitation-failed', `The client answered the question with an error: ${response.error.message}`);
    const judged = await judgeAnswer(prepared, response.result);
    if (!judged.ok) throw new McpError('mcp-elicitation-invalid', `The client's answer does not fit the form: ${judged.problem}`);
    return judged.answer;
  }
}

type SessionProtocol = NonNullable<(typeof sessionServer)['protocol']>;

