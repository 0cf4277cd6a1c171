// One tools/call, run by a task process of its own: arguments are checked, the tool runs, its
// result or its failure is answered. What a tool throws is its failure, told to the model; what
// kills the process is the node's, told as an internal error by the exchange it owned.
import { clock, describeEnd, errorInfo, exitProcess, KernelError, processOf, telemetryEvent, type Context, type IsolationEnd } from '@flyball/kernel';
import type { Exchange } from '@flyball/listener';
import { failure, type ToolResult } from '../content.ts';
import { internalError, invalidParams, type RpcErrorObject } from '../protocol/json-rpc.ts';
import { cannotElicit, inputRequiredResult, newRound, openRound, type Round } from '../protocol/input-required.ts';
import { readToolCall, type ToolCallParams } from '../protocol/params.ts';
import type { PreparedServer, PreparedTool } from '../protocol/prepare.ts';
import type { StateBinding } from '../protocol/request-state.ts';
import { toolResultJson, unknownTool } from '../protocol/tools.ts';
import { assertToolResult, outputProblem, type Validated } from '../protocol/validate-input.ts';
import type { StatelessVersion } from '../protocol/versions.ts';
import { CallContext } from './call-context.ts';
import type { CallRequest } from './call-request.ts';
import { isolatedRun } from './isolated-run.ts';
import { sendError, sendResult } from './reply-channel.ts';
import { preparedOf, type ServerSlot } from './served.ts';
import { servingSettings } from './settings.ts';
import { StatelessElicitationError } from './stateless-elicitation.ts';

export interface ToolCallEnded {
  server: string;
  tool: string;
  outcome: 'ok' | 'tool-error' | 'protocol-error' | 'input-required';
  durationMs: number;
}

export const toolCallEnded = telemetryEvent<ToolCallEnded>('mcp.tool-call.ended');
/** What a tool threw: for the log, since the client gets the message alone. */
export const toolCallFailed = telemetryEvent<{ server: string; tool: string; error: unknown }>('mcp.tool-call.failed');

/** All that one call needs while it runs. */
export class ToolCall {
  readonly slot: ServerSlot;
  readonly server: PreparedServer;
  readonly exchange: Exchange;
  readonly call: CallRequest;
  readonly process: Context;
  readonly startedMs = clock().nowMs();
  tool!: PreparedTool;
  params!: ToolCallParams;
  round: Round | undefined = undefined;

  constructor(slot: ServerSlot, exchange: Exchange, call: CallRequest, process: Context) {
    this.slot = slot;
    this.server = preparedOf(slot);
    this.exchange = exchange;
    this.call = call;
    this.process = process;
  }
}

/** The body of the call's process. */
export function runCall(slot: ServerSlot, exchange: Exchange, request: CallRequest, process: Context): void | Promise<void> {
  const call = new ToolCall(slot, exchange, request, process);
  const params = readToolCall(request.request.params);
  if (!params.ok) return refuse(call, invalidParams(params.message));
  const tool = call.server.tools.get(params.name);
  if (tool === undefined) return refuse(call, unknownTool(params.name));
  call.tool = tool;
  call.params = params;
  const problem = request.era === 'stateless' ? beginRound(call) : undefined;
  if (problem !== undefined) return refuse(call, problem);
  const validated = tool.validate(params.args);
  return validated instanceof Promise ? validated.then((checked) => runTool(call, checked)) : runTool(call, validated);
}

function beginRound(call: ToolCall): RpcErrorObject | undefined {
  const { inputResponses, requestState } = call.params;
  if (inputResponses === undefined && requestState === undefined) {
    call.round = newRound();
    return undefined;
  }
  const opened = openRound(call.params, servingSettings().stateKeys, bindingOf(call), clock().wallMs());
  if (!opened.ok) return opened.error;
  call.round = opened.round;
  return undefined;
}

function bindingOf(call: ToolCall): StateBinding {
  return { principal: '', method: 'tools/call', name: call.params.name, args: call.params.args };
}

function runTool(call: ToolCall, checked: Validated): void | Promise<void> {
  if (!checked.ok) return succeed(call, checked.result);
  const { tool } = call.tool;
  const timeoutMs = tool.limits?.timeoutMs ?? servingSettings().requestTimeoutMs;
  const context = new CallContext(call, timeoutMs, expire);
  let result: ToolResult | Promise<ToolResult>;
  try {
    result = tool.isolation === 'process' ? isolatedRun(call, checked.value, context, timeoutMs) : tool.run(checked.value as never, context);
  } catch (error) {
    return fail(call, error);
  }
  if (!(result instanceof Promise)) return succeed(call, result);
  context.deadline.start();
  return result.then(
    (value) => {
      context.deadline.stop();
      // Its deadline has passed, or it was cancelled: that was its end, and has been told.
      return call.process.alive ? succeed(call, value) : undefined;
    },
    (error: unknown) => {
      context.deadline.stop();
      return call.process.alive ? fail(call, error) : undefined;
    },
  );
}

function succeed(call: ToolCall, result: ToolResult): void | Promise<void> {
  // A tool may have caught the question that was still open: the round says so all the same.
  if (call.round !== undefined && call.round.requests.size > 0) return askClient(call, call.round);
  try {
    assertToolResult(result, call.params.name);
    const { output } = call.tool.tool;
    const problem = output === undefined ? undefined : outputProblem(output, result);
    if (problem instanceof Promise) return problem.then((found) => deliverResult(call, result, found)).catch((error: unknown) => fail(call, error));
    deliverResult(call, result, problem);
  } catch (error) {
    brokenResult(call, error);
  }
}

function deliverResult(call: ToolCall, result: ToolResult, problem: string | undefined): void {
  if (problem !== undefined) return brokenResult(call, new Error(`structuredContent does not fit the declared output: ${problem}`));
  sendResult(call.exchange, call.call.request.id, toolResultJson(call.server, call.call.era, result));
  ended(call, result.isError === true ? 'tool-error' : 'ok');
}

function brokenResult(call: ToolCall, error: unknown): void {
  toolCallFailed.emit({ server: call.server.info.name, tool: call.params.name, error });
  refuse(call, internalError('Internal error: the tool returned no valid result'));
}

function fail(call: ToolCall, error: unknown): void {
  // Whatever the tool made of the question that is still open, or a process boundary of its signal.
  if (call.round !== undefined && call.round.requests.size > 0) return askClient(call, call.round);
  if (error instanceof StatelessElicitationError) return refuse(call, cannotElicit());
  toolCallFailed.emit({ server: call.server.info.name, tool: call.params.name, error });
  sendResult(call.exchange, call.call.request.id, toolResultJson(call.server, call.call.era, failure(`${call.params.name} failed: ${toldReason(error)}`)));
  ended(call, 'tool-error');
}

// How an isolated run was ended is for the client too; which file it ran is for the log alone.
function toldReason(error: unknown): string {
  const isEnded = error instanceof KernelError && (error.code === 'isolation-killed' || error.code === 'isolation-closed') && error.reason !== undefined;
  return isEnded ? describeEnd(error.reason as IsolationEnd) : errorInfo(error).message;
}

function askClient(call: ToolCall, round: Round): void {
  const { stateKeys, elicitationTimeoutMs } = servingSettings();
  const asked = inputRequiredResult(round, {
    server: call.server,
    version: call.call.version as StatelessVersion,
    keys: stateKeys,
    binding: bindingOf(call),
    expiresAtMs: clock().wallMs() + elicitationTimeoutMs,
  });
  if (!asked.ok) return refuse(call, asked.error);
  sendResult(call.exchange, call.call.request.id, asked.resultJson);
  ended(call, 'input-required');
}

function refuse(call: ToolCall, error: RpcErrorObject): void {
  sendError(call.exchange, call.call.request.id, error, call.call.era);
  ended(call, 'protocol-error');
}

// The tool may go on for ever: the client gets its answer and the process is ended under it.
function expire(call: ToolCall, timeoutMs: number): void {
  toolCallFailed.emit({ server: call.server.info.name, tool: call.params.name, error: `did not finish within ${timeoutMs} ms` });
  const late = failure(`${call.params.name} did not finish within ${timeoutMs} ms`);
  sendResult(call.exchange, call.call.request.id, toolResultJson(call.server, call.call.era, late));
  ended(call, 'tool-error');
  const process = processOf(call.process.pid);
  if (process !== undefined) exitProcess(process, { shutdown: 'deadline' });
}

function ended(call: ToolCall, outcome: ToolCallEnded['outcome']): void {
  if (!toolCallEnded.active) return;
  const tool = call.tool === undefined ? '' : call.tool.name;
  toolCallEnded.emit({ server: call.server.info.name, tool, outcome, durationMs: clock().nowMs() - call.startedMs });
}
