/**
 * Checks a call's arguments with the tool's own schema. Wrong arguments are the tool's error, not the protocol's: a
 * result with isError, so that a model sees what to correct (tools, "Error Handling", both eras).
 */
import { McpError } from '../errors.ts';
import { failure, type ToolResult } from '../content.ts';
import { issuesText, type JsonSchema, type StandardResult, type StandardSchema } from '../standard-schema.ts';
import { compileSchema } from './json-schema.ts';
import type { Params } from './json-rpc.ts';

export type Validated = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly result: ToolResult };
/** A promise only where the schema itself is asynchronous: the usual call waits for nothing. */
export type Validator = (args: Params) => Validated | Promise<Validated>;

export function validatorOf(tool: { readonly input?: StandardSchema | undefined; readonly inputSchema?: JsonSchema | undefined }, where: string): Validator {
  if (tool.input !== undefined) return standardValidator(tool.input);
  const check = compileSchema(tool.inputSchema ?? NO_INPUT_SCHEMA, where);
  return (args) => {
    const issues = check(args);
    return issues.length === 0 ? { ok: true, value: args } : { ok: false, result: invalidArguments(issuesText(issues)) };
  };
}

/** What a tool without declared input accepts: nothing (tools, "Tool", recommended form). */
export const NO_INPUT_SCHEMA: JsonSchema = Object.freeze({ type: 'object', additionalProperties: false });

function standardValidator(schema: StandardSchema): Validator {
  const standard = schema['~standard'];
  return (args) => {
    const result = standard.validate(args);
    return result instanceof Promise ? result.then(judge) : judge(result);
  };
}

function judge(result: StandardResult<unknown>): Validated {
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, result: invalidArguments(issuesText(result.issues)) };
}

function invalidArguments(problems: string): ToolResult {
  return failure(`Invalid arguments: ${problems}`);
}

/**
 * A server MUST keep to the output schema it declares. Returns what is wrong, for the log; the client gets an internal
 * error. A result with isError needs no structured content.
 */
export function outputProblem(schema: StandardSchema, result: ToolResult): string | undefined | Promise<string | undefined> {
  if (result.isError === true) return undefined;
  if (result.structuredContent === undefined) return 'structuredContent is missing';
  const judged = schema['~standard'].validate(result.structuredContent);
  const problem = (done: StandardResult<unknown>) => (done.issues === undefined ? undefined : issuesText(done.issues));
  return judged instanceof Promise ? judged.then(problem) : problem(judged);
}

/** What `run` returned may be anything in plain JavaScript: throws `mcp-bad-result` unless it is a tool result. */
export function assertToolResult(value: unknown, toolName: string): asserts value is ToolResult {
  const content = typeof value === 'object' && value !== null ? (value as { content?: unknown }).content : undefined;
  const good = Array.isArray(content) && content.every((block) => typeof block === 'object' && block !== null && typeof block.type === 'string');
  if (!good) throw new McpError('mcp-bad-result', `Tool ${toolName} returned no tool result: return text(…), json(…) or { content: […] }`);
}
