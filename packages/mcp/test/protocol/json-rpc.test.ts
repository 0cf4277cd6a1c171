import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSONRPCErrorResponseSchema, JSONRPCNotificationSchema, JSONRPCRequestSchema, JSONRPCResultResponseSchema } from '@modelcontextprotocol/core';
import { BATCH_LENGTH_MAX, classify, classifyBatch, clip, encodeError, encodeNotification, encodeRequest, encodeResult, httpStatusOf, internalError, invalidParams, methodNotFound, parseJson, RPC_CODES } from '../../src/protocol/json-rpc.ts';
import { isRequestMethod } from '../../src/protocol/methods.ts';

test('mcp.rpc.parse-error: text that is no JSON is a -32700 without an id', () => {
  const parsed = parseJson('{"jsonrpc":');
  assert.ok(!parsed.ok);
  assert.equal(parsed.invalid.error.code, -32700);
  assert.equal(parsed.invalid.id, undefined);
  assert.deepEqual(parseJson('[1]'), { ok: true, value: [1] });
});

test('requests, notifications and responses are told apart', () => {
  const request = classify({ jsonrpc: '2.0', id: 0, method: 'ping' });
  assert.deepEqual(request, { kind: 'request', id: 0, method: 'ping', params: undefined });
  const notification = classify({ jsonrpc: '2.0', method: 'notifications/initialized', params: {} });
  assert.deepEqual(notification, { kind: 'notification', method: 'notifications/initialized', params: {} });
  const result = classify({ jsonrpc: '2.0', id: 'a', result: { x: 1 } });
  assert.deepEqual(result, { kind: 'response', id: 'a', result: { x: 1 }, error: undefined });
  const error = classify({ jsonrpc: '2.0', id: 'a', error: { code: -1, message: 'no' } });
  assert.deepEqual(error, { kind: 'response', id: 'a', result: undefined, error: { code: -1, message: 'no' } });
});

const INVALID: ReadonlyArray<readonly [unknown, number | string | undefined, number?]> = [
  [null, undefined],
  ['text', undefined],
  [7, undefined],
  [[], undefined],
  [[{ jsonrpc: '2.0', id: 1, method: 'ping' }], undefined],
  [{}, undefined],
  [{ id: 1, method: 'ping' }, 1],
  [{ jsonrpc: '1.0', id: 'q', method: 'ping' }, 'q'],
  [{ jsonrpc: '2.0', id: 1 }, 1],
  [{ jsonrpc: '2.0', id: 1, method: 5 }, 1],
  [{ jsonrpc: '2.0', id: 1.5, method: 'ping' }, undefined],
  [{ jsonrpc: '2.0', id: {}, method: 'ping' }, undefined],
  [{ jsonrpc: '2.0', id: 1, method: 'ping', params: 'x' }, 1],
  [{ jsonrpc: '2.0', id: 1, method: 'ping', params: null }, 1],
  [{ jsonrpc: '2.0', id: 1, method: 'ping', params: [1] }, 1, RPC_CODES.invalidParams],
  [{ jsonrpc: '2.0', id: 1, result: 5 }, 1],
  [{ jsonrpc: '2.0', result: {} }, undefined],
  [{ jsonrpc: '2.0', id: 1, result: {}, error: { code: 1, message: '' } }, 1],
  [{ jsonrpc: '2.0', id: 1, error: { code: 'x', message: '' } }, 1],
];

test('mcp.rpc.invalid-request mcp.rpc.id-kept: what is no message gets an error with the id it had', () => {
  for (const [body, id, code = RPC_CODES.invalidRequest] of INVALID) {
    const message = classify(body);
    assert.equal(message.kind, 'invalid', JSON.stringify(body));
    assert.ok(message.kind === 'invalid');
    assert.equal(message.error.code, code, JSON.stringify(body));
    assert.equal(message.id, id, JSON.stringify(body));
    JSONRPCErrorResponseSchema.parse(JSON.parse(encodeError(message.id, message.error)));
  }
});

test('mcp.rpc.id-not-null: a null id makes neither a request nor a notification', () => {
  assert.equal(classify({ jsonrpc: '2.0', id: null, method: 'ping' }).kind, 'invalid');
});

test('a batch keeps the places of its invalid elements, and is bounded', () => {
  const messages = classifyBatch([{ jsonrpc: '2.0', id: 1, method: 'ping' }, 5]);
  assert.ok(Array.isArray(messages));
  assert.deepEqual(messages.map((message) => message.kind), ['request', 'invalid']);
  assert.equal((classifyBatch([]) as { kind: string }).kind, 'invalid');
  assert.equal((classifyBatch(Array(BATCH_LENGTH_MAX + 1).fill(0)) as { kind: string }).kind, 'invalid');
});

test('built messages satisfy the official schemas, odd ids included', () => {
  for (const id of [0, -7, 42, '', 'a"b\\c\u2028', '\ud800']) {
    assert.equal(JSONRPCResultResponseSchema.parse(JSON.parse(encodeResult(id, '{}'))).id, id);
    assert.equal(JSONRPCErrorResponseSchema.parse(JSON.parse(encodeError(id, internalError()))).id, id);
    assert.equal(JSONRPCRequestSchema.parse(JSON.parse(encodeRequest(id, 'elicitation/create', '{}'))).id, id);
  }
  JSONRPCErrorResponseSchema.parse(JSON.parse(encodeError(undefined, invalidParams('x', { y: 1 }))));
  JSONRPCNotificationSchema.parse(JSON.parse(encodeNotification('notifications/x')));
  JSONRPCNotificationSchema.parse(JSON.parse(encodeNotification('notifications/x', '{"a":1}')));
  assert.ok(methodNotFound('m'.repeat(1_000)).message.length < 200);
  assert.equal(clip('short'), 'short');
});

test('mcp.2026-07-28.http.method-not-found: stateless -32601 is 404', () => {
  assert.equal(httpStatusOf(RPC_CODES.methodNotFound, 'stateless'), 404);
  assert.equal(httpStatusOf(RPC_CODES.missingClientCapability, 'stateless'), 400);
  assert.equal(httpStatusOf(RPC_CODES.invalidParams, 'stateless'), 200);
  assert.equal(isRequestMethod('ping', 'stateless'), false);
  assert.equal(isRequestMethod('server/discover', 'stateless'), true);
  assert.equal(isRequestMethod('constructor', 'stateless'), false);
});

test('mcp.2025-11-25.errors-in-band: sessionful errors of a dispatched request are 200', () => {
  for (const code of Object.values(RPC_CODES)) assert.equal(httpStatusOf(code, 'sessionful'), 200);
  assert.equal(isRequestMethod('ping', 'sessionful'), true);
  assert.equal(isRequestMethod('server/discover', 'sessionful'), false);
});

test('mcp.http.never-5xx: no code maps to a server error', () => {
  for (const code of [...Object.values(RPC_CODES), 0, -32000, 500, Number.NaN]) {
    assert.ok(httpStatusOf(code, 'stateless') < 500);
    assert.ok(httpStatusOf(code, 'sessionful') < 500);
  }
});

test('one client cannot change the names that another sends', () => {
  const call = (name: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"first":1,${name}:2}}}`;
  // What V8 keeps of this one it takes for the next one's name (nodejs/node issue 63785).
  JSON.parse(call(String.raw`"amoun\\"`));
  const parsed = parseJson(call(String.raw`"amoun\u0074"`));
  assert.ok(parsed.ok);
  assert.deepEqual((parsed.value as { params: unknown }).params, { name: 'echo', arguments: { first: 1, amount: 2 } });
});
