import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MCP_ERRORS, McpError } from '../src/errors.ts';

test('the codes are pinned: callers match on them', () => {
  assert.deepEqual(Object.keys(MCP_ERRORS).sort(), [
    'mcp-bad-elicitation',
    'mcp-bad-result',
    'mcp-bad-schema',
    'mcp-bad-server',
    'mcp-bad-tool',
    'mcp-client-cannot-elicit',
    'mcp-elicitation-failed',
    'mcp-elicitation-invalid',
    'mcp-isolated',
    'mcp-weak-key',
  ]);
});

test('an error carries code, message and cause', () => {
  const cause = new Error('below');
  const error = new McpError('mcp-bad-tool', 'tool x: run must be a function', { cause });
  assert.equal(error.code, 'mcp-bad-tool');
  assert.equal(error.cause, cause);
  assert.equal(error.name, 'McpError');
});
