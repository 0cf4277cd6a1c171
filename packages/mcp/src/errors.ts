/**
 * The errors that `@flyball/mcp` throws, by stable code. Expected protocol outcomes (a broken body, an unknown tool) are
 * returned as values; these are for definitions that cannot work and for tools that ask what their client cannot give.
 */

export const MCP_ERRORS = {
  'mcp-bad-server': 'A server definition cannot be served: fix the field that the message names.',
  'mcp-bad-tool': 'A tool definition cannot be served: fix the field that the message names.',
  'mcp-bad-schema': 'A JSON Schema uses something Flyball cannot check: give a Standard Schema (for example zod) instead.',
  'mcp-bad-elicitation': 'A question to the user is not a flat form of primitive fields: simplify its schema.',
  'mcp-bad-result': 'A tool returned something that is no tool result: return text(…), json(…) or { content: […] }.',
  'mcp-client-cannot-elicit': 'The client did not declare form elicitation: offer the tool another way to get the value.',
  'mcp-elicitation-invalid': "The client's answer does not fit the form that was asked for.",
  'mcp-elicitation-failed': 'The client answered the question with an error.',
  'mcp-isolated': 'An isolated tool asked for what only the node has: pass it as arguments, or run the tool inline.',
  'mcp-weak-key': 'The key that signs requestState is too short: use at least 32 random bytes.',
} as const satisfies Record<string, string>;

export type McpErrorCode = keyof typeof MCP_ERRORS;

export class McpError extends Error {
  override readonly name = 'McpError';
  readonly code: McpErrorCode;

  constructor(code: McpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
