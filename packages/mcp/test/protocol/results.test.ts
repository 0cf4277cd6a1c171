import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallToolResultSchema, DiscoverResultSchema, InitializeResultSchema, ListToolsResultSchema } from '@modelcontextprotocol/core';
import type { CallToolResult as OfficialResult } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { audio, content, failure, image, json, text, type ToolResult } from '../../src/content.ts';
import type { McpErrorCode } from '../../src/errors.ts';
import { discoverResultJson, emptyStatelessResultJson } from '../../src/protocol/discover.ts';
import { initializeResultJson, initializeVersion } from '../../src/protocol/initialize.ts';
import { readEmpty, readInitialize, readList, readToolCall } from '../../src/protocol/params.ts';
import { prepareServer } from '../../src/protocol/prepare.ts';
import { toolResultJson, toolsListJson, unknownTool } from '../../src/protocol/tools.ts';
import { assertToolResult, outputProblem } from '../../src/protocol/validate-input.ts';
import { SESSION_VERSIONS } from '../../src/protocol/versions.ts';
import { defineServer } from '../../src/definition.ts';
import type { StandardSchema } from '../../src/standard-schema.ts';
import { tool } from '../../src/tool.ts';

text('typed') satisfies OfficialResult;

const forecast = tool({
  title: 'Forecast',
  description: 'Forecast for a city',
  input: z.object({ city: z.string(), days: z.number().int().min(1).max(7).default(3) }),
  output: z.object({ celsius: z.number() }),
  annotations: { readOnlyHint: true },
  run: ({ city, days }) => {
    city satisfies string;
    days satisfies number;
    return json({ celsius: days });
  },
});
const noArguments = tool({ description: 'Takes nothing', run: () => text('now') });
const listing = tool({ output: z.array(z.string()), run: () => json(['a']) });

const definition = defineServer({ name: 'weather', version: '1.2.0', title: 'Weather', instructions: 'Ask for a city.', tools: { forecast, 'b-now': noArguments, 'a.list': listing } });
const server = prepareServer(definition);
const SERVER_INFO = { name: 'weather', version: '1.2.0', title: 'Weather' };

function listed(era: 'sessionful' | 'stateless', from = server, cursor?: string) {
  const encoded = toolsListJson(from, era, cursor);
  assert.ok(encoded.ok);
  return JSON.parse(encoded.json) as { tools: { name: string; inputSchema: { type: string }; outputSchema?: object }[]; nextCursor?: string; [key: string]: unknown };
}

function throwsCode(code: McpErrorCode, run: () => unknown): void {
  assert.throws(run, (error: { code?: string; message: string }) => error.code === code && error.message.length > 20);
}

test('mcp.2025-11-25.initialize: the result names version, capabilities, server and instructions', () => {
  const result = JSON.parse(initializeResultJson(server, '2025-11-25'));
  InitializeResultSchema.parse(result);
  assert.deepEqual(result, { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: SERVER_INFO, instructions: 'Ask for a city.' });
  assert.deepEqual(JSON.parse(initializeResultJson(prepareServer(defineServer({ name: 'bare' })), '2024-11-05')), {
    protocolVersion: '2024-11-05',
    capabilities: {},
    serverInfo: { name: 'bare', version: '0.0.0' },
  });
});

test('mcp.2025-11-25.negotiation: the same version where it is known, else the latest', () => {
  const asked = (protocolVersion: unknown) => readInitialize({ protocolVersion, capabilities: {}, clientInfo: { name: 'c', version: '1' } });
  for (const version of SESSION_VERSIONS) {
    const params = asked(version);
    assert.ok(params.ok);
    assert.equal(initializeVersion(params), version);
  }
  const unknown = asked('1.0.0');
  assert.ok(unknown.ok);
  assert.equal(initializeVersion(unknown), '2025-11-25');
  for (const params of [undefined, {}, { protocolVersion: 1 }, { protocolVersion: '2025-11-25' }, { protocolVersion: '2025-11-25', capabilities: {} }]) {
    assert.equal(readInitialize(params).ok, false);
  }
});

test('mcp.2026-07-28.discover mcp.2026-07-28.result-type mcp.2026-07-28.server-info: what discover says', () => {
  const result = JSON.parse(discoverResultJson(server));
  DiscoverResultSchema.parse(result);
  assert.deepEqual(result, {
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    instructions: 'Ask for a city.',
    ttlMs: 0,
    cacheScope: 'private',
    resultType: 'complete',
    _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
  });
  assert.deepEqual(JSON.parse(emptyStatelessResultJson(server)), { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO } });
});

test('mcp.2026-07-28.caching: lists carry ttlMs and cacheScope in this era alone', () => {
  const cached = prepareServer(defineServer({ name: 'c', tools: { forecast }, cache: { ttlMs: 60_000, scope: 'public' } }));
  const list = listed('stateless', cached);
  assert.equal(list['ttlMs'], 60_000);
  assert.equal(list['cacheScope'], 'public');
  assert.equal(list['resultType'], 'complete');
  assert.deepEqual(Object.keys(listed('sessionful', cached)), ['tools']);
});

test('mcp.tools.order: the order of definition, in both eras', () => {
  for (const era of ['sessionful', 'stateless'] as const) {
    const list = listed(era);
    ListToolsResultSchema.parse(list);
    assert.deepEqual(list.tools.map((entry) => entry.name), ['forecast', 'b-now', 'a.list']);
  }
});

test('mcp.tools.schema: inputs are 2020-12 objects, from the Standard Schema or as given', () => {
  const [first, second, third] = listed('stateless').tools;
  assert.deepEqual(first!.inputSchema, {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { city: { type: 'string' }, days: { default: 3, type: 'integer', minimum: 1, maximum: 7 } },
    required: ['city'],
  });
  assert.deepEqual(second!.inputSchema, { type: 'object', additionalProperties: false });
  assert.equal((third!.outputSchema as { type: string }).type, 'array');
  assert.equal(listed('sessionful').tools[2]!.outputSchema, undefined);
  const given = { type: 'object', properties: { q: { type: 'string' } } };
  const direct = prepareServer(defineServer({ name: 'd', tools: { find: tool({ inputSchema: given, run: () => text('') }) } }));
  assert.deepEqual(listed('sessionful', direct).tools[0]!.inputSchema, given);
});

test('mcp.tools.pagination: pages follow each other, a wrong cursor is -32602', () => {
  const tools = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`tool-${index}`, noArguments]));
  const paged = prepareServer(defineServer({ name: 'p', tools, pageSize: 2 }));
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = listed('stateless', paged, cursor);
    names.push(...page.tools.map((entry) => entry.name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(names, Object.keys(tools));
  for (const wrong of ['', 'nonsense', Buffer.from('after:5').toString('base64url'), Buffer.from('after:-1').toString('base64url')]) {
    const encoded = toolsListJson(paged, 'stateless', wrong);
    assert.ok(!encoded.ok);
    assert.equal(encoded.error.code, -32602);
  }
  assert.equal(readList({ cursor: 5 }).ok, false);
  assert.deepEqual(readList(undefined), { ok: true, cursor: undefined });
});

test('mcp.tools.unknown: -32602 with the name', () => {
  assert.deepEqual(unknownTool('nope'), { code: -32602, message: 'Unknown tool: nope' });
});

test('mcp.tools.malformed-call: params that are no call are refused with the field', () => {
  for (const [params, field] of [
    [undefined, 'name'],
    [{}, 'name'],
    [{ name: 5 }, 'name'],
    [{ name: 'a', arguments: [] }, 'arguments'],
    [{ name: 'a', arguments: null }, 'arguments'],
    [{ name: 'a', _meta: 5 }, '_meta'],
    [{ name: 'a', _meta: { progressToken: {} } }, 'progressToken'],
  ] as const) {
    const read = readToolCall(params);
    assert.ok(!read.ok, JSON.stringify(params));
    assert.match(read.message, new RegExp(field));
  }
  const good = readToolCall({ name: 'a', _meta: { progressToken: 0 } });
  assert.ok(good.ok);
  assert.deepEqual(good.args, {});
  assert.equal(good.progressToken, 0);
  assert.equal(readEmpty({ _meta: 'x' }).ok, false);
});

test('mcp.tools.invalid-arguments: a result with isError that names field and expectation', async () => {
  const validated = await server.tools.get('forecast')!.validate({ days: 9 });
  assert.ok(!validated.ok);
  assert.equal(validated.result.isError, true);
  const words = (validated.result.content[0] as { text: string }).text;
  assert.match(words, /city: .*expected string/i);
  assert.match(words, /days: .*7/);
  assert.deepEqual(await server.tools.get('forecast')!.validate({ city: 'Ulm' }), { ok: true, value: { city: 'Ulm', days: 3 } });
  const none = await server.tools.get('b-now')!.validate({ extra: 1 });
  assert.ok(!none.ok);
  assert.match((none.result.content[0] as { text: string }).text, /extra/);
});

test('asynchronous schemas are awaited, synchronous ones are not', async () => {
  assert.ok(!(server.tools.get('forecast')!.validate({ city: 'x' }) instanceof Promise));
  const slow = z.object({ id: z.string().refine(async (id) => id === 'known', { message: 'is not known' }) });
  const asynchronous = prepareServer(defineServer({ name: 's', tools: { find: tool({ input: slow, run: () => text('') }) } }));
  const validated = await asynchronous.tools.get('find')!.validate({ id: 'other' });
  assert.ok(!validated.ok);
  assert.match((validated.result.content[0] as { text: string }).text, /id: is not known/);
});

test('mcp.tools.output-schema: structured content is held to the schema', async () => {
  const { output } = forecast;
  assert.equal(await outputProblem(output!, json({ celsius: 3 })), undefined);
  assert.match((await outputProblem(output!, json({ celsius: 'warm' })))!, /celsius/);
  assert.match((await outputProblem(output!, text('warm')))!, /missing/);
  assert.equal(await outputProblem(output!, failure('no data')), undefined);
});

const RESULTS: readonly ToolResult[] = [
  text(''),
  text('quote " back \\ line\n \u2028 🎈 \ud800'),
  failure('no such city'),
  json({ a: [1, 2] }),
  image('AAAA', 'image/png'),
  audio('AAAA', 'audio/wav'),
  content({ type: 'text', text: 'a', annotations: { priority: 1 } }, { type: 'text', text: 'b' }),
  { content: [] },
  { ...text('x'), _meta: { 'com.example/trace': 'y' } },
];

test('tool results keep their content in both eras and satisfy the official schema', () => {
  for (const result of RESULTS) {
    const sessionful = JSON.parse(toolResultJson(server, 'sessionful', result));
    CallToolResultSchema.parse(sessionful);
    assert.deepEqual(sessionful, JSON.parse(JSON.stringify(result)));
    const { resultType, _meta, ...rest } = JSON.parse(toolResultJson(server, 'stateless', result));
    CallToolResultSchema.parse({ ...rest, _meta });
    assert.equal(resultType, 'complete');
    assert.deepEqual(_meta['io.modelcontextprotocol/serverInfo'], SERVER_INFO);
    const { 'io.modelcontextprotocol/serverInfo': _info, ...ownMeta } = _meta;
    assert.deepEqual({ ...rest, _meta: ownMeta }, { ...JSON.parse(JSON.stringify(result)), _meta: { ...result._meta } });
  }
});

test('mcp.tools.structured: text says the same; before 2026-07-28 only objects are structured', () => {
  const list = json(['a', 'b']);
  assert.deepEqual(list.content, [{ type: 'text', text: '["a","b"]' }]);
  assert.equal(JSON.parse(toolResultJson(server, 'sessionful', list)).structuredContent, undefined);
  assert.deepEqual(JSON.parse(toolResultJson(server, 'stateless', list)).structuredContent, ['a', 'b']);
  assert.deepEqual(JSON.parse(toolResultJson(server, 'sessionful', json({ a: 1 }))).structuredContent, { a: 1 });
});

test('results that are none are coded errors', () => {
  for (const value of [undefined, null, 'text', {}, { content: 'x' }, { content: [null] }, { content: [{}] }]) {
    throwsCode('mcp-bad-result', () => assertToolResult(value, 'forecast'));
  }
  assertToolResult(text('x'), 'forecast');
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  throwsCode('mcp-bad-result', () => toolResultJson(server, 'stateless', { content: [], structuredContent: cycle }));
});

test('definitions that cannot be served are refused with the place', () => {
  const run = () => text('');
  throwsCode('mcp-bad-server', () => defineServer({ name: '' }));
  throwsCode('mcp-bad-server', () => defineServer({ name: 'x', cache: { ttlMs: -1, scope: 'public' } }));
  throwsCode('mcp-bad-server', () => defineServer({ name: 'x', pageSize: 0 }));
  throwsCode('mcp-bad-tool', () => defineServer({ name: 'x', tools: { 'with space': tool({ run }) } }));
  throwsCode('mcp-bad-tool', () => defineServer({ name: 'x', tools: { a: {} as never } }));
  throwsCode('mcp-bad-tool', () => defineServer({ name: 'x', tools: { a: tool({ input: {} as StandardSchema, run }) } }));
  throwsCode('mcp-bad-tool', () => defineServer({ name: 'x', tools: { a: tool({ isolation: 'thread' as never, run }) } }));
  throwsCode('mcp-bad-tool', () => defineServer({ name: 'x', tools: { a: tool({ limits: { timeoutMs: 0 }, run }) } }));
  throwsCode('mcp-bad-tool', () => prepareServer(defineServer({ name: 'x', tools: { a: tool({ input: z.string(), run }) } })));
  throwsCode('mcp-bad-tool', () => prepareServer(defineServer({ name: 'x', tools: { a: tool({ input: z.object({ at: z.date() }), run }) } })));
  throwsCode('mcp-bad-schema', () => prepareServer(defineServer({ name: 'x', tools: { a: tool({ inputSchema: { type: 'object', $ref: 'http://x' }, run }) } })));
});
