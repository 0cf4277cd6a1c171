import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSONRPCErrorResponseSchema } from '@modelcontextprotocol/core';
import { bodyTooLarge, brokenBody, checkHead, type DeleteRoute, type Rejection, rejectionBody, routeDelete, routeGet, routePost, type Route, sessionNotFound, type StreamRoute } from '../../src/protocol/http-rules.ts';
import { parseJson } from '../../src/protocol/json-rpc.ts';
import type { Headers } from '../../src/protocol/mirror-headers.ts';
import { originPolicy } from '../../src/protocol/origin-rules.ts';

const LOCAL = originPolicy();
const HEAD = { host: 'localhost:8080', 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'tests', version: '1' },
};
const STATELESS = { ...HEAD, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };

function call(id: unknown, meta: object | null = META, name = 'echo') {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { text: 'hello' }, ...(meta === null ? {} : { _meta: meta }) } };
}

function rejected(route: Route | StreamRoute | DeleteRoute | undefined, status: number, code: number): Rejection {
  assert.equal(route?.kind, 'reject', JSON.stringify(route));
  assert.ok(route?.kind === 'reject');
  assert.equal(route.status, status, route.error.message);
  assert.equal(route.error.code, code, route.error.message);
  JSONRPCErrorResponseSchema.parse(JSON.parse(rejectionBody(route)));
  return route;
}

test('a well-formed head passes', () => {
  assert.equal(checkHead('POST', HEAD, LOCAL), undefined);
  assert.equal(checkHead('POST', { ...HEAD, origin: 'http://localhost:3000' }, LOCAL), undefined);
  assert.equal(checkHead('POST', { ...HEAD, host: '[::1]:8080', origin: 'http://[::1]' }, LOCAL), undefined);
  assert.equal(checkHead('GET', { host: '127.0.0.1', accept: 'text/event-stream' }, LOCAL), undefined);
  assert.equal(checkHead('DELETE', { host: '127.0.0.1' }, LOCAL), undefined);
});

test('mcp.http.origin: a foreign origin is 403, whatever trick it uses', () => {
  const origins = ['http://evil.example', 'null', 'http://localhost.evil.example', 'http://evil.example/localhost', 'http://localhost@evil.example', 'http://localhost:80:80', 'ftp://localhost', ''];
  for (const origin of origins) rejected(checkHead('POST', { ...HEAD, origin }, LOCAL), 403, -32600);
  const open = originPolicy({ allowedOrigins: ['https://app.example', 'https://b.example:8443'] });
  assert.equal(checkHead('POST', { ...HEAD, origin: 'https://app.example:444' }, open), undefined);
  assert.equal(checkHead('POST', { ...HEAD, origin: 'https://B.example:8443' }, open), undefined);
  rejected(checkHead('POST', { ...HEAD, origin: 'https://b.example' }, open), 403, -32600);
  rejected(checkHead('POST', { ...HEAD, origin: 'http://localhost' }, open), 403, -32600);
});

test('mcp.http.host: a foreign, broken or absent Host is 403', () => {
  for (const host of ['evil.example', 'localhost.evil.example:8080', 'localhost:x', '', '[::1', 'a@localhost']) {
    rejected(checkHead('POST', { ...HEAD, host }, LOCAL), 403, -32600);
  }
  const { host: _host, ...hostless } = HEAD;
  rejected(checkHead('POST', hostless, LOCAL), 403, -32600);
  assert.equal(checkHead('POST', { ...HEAD, host: 'any.example' }, originPolicy({ allowedHosts: 'any' })), undefined);
  assert.equal(checkHead('POST', { ...HEAD, host: 'LOCALHOST:1' }, LOCAL), undefined);
});

test('mcp.http.accept: POST needs both types, GET the event stream', () => {
  for (const accept of ['application/json', 'text/event-stream', 'text/html', 'application/json, text/event-stream;q=0', '']) {
    rejected(checkHead('POST', { ...HEAD, accept }, LOCAL), 406, -32600);
  }
  for (const accept of ['text/event-stream, application/json', '*/*', 'application/*, text/*;q=0.1', 'Application/JSON,TEXT/event-stream;charset=x']) {
    assert.equal(checkHead('POST', { ...HEAD, accept }, LOCAL), undefined, accept);
  }
  rejected(checkHead('GET', { ...HEAD, accept: 'application/json' }, LOCAL), 406, -32600);
});

test('mcp.http.content-type: anything but JSON is 415', () => {
  for (const type of ['text/plain', 'application/jsonx', '', 'application/x-www-form-urlencoded']) {
    rejected(checkHead('POST', { ...HEAD, 'content-type': type }, LOCAL), 415, -32600);
  }
  assert.equal(checkHead('POST', { ...HEAD, 'content-type': 'Application/JSON; charset=utf-8' }, LOCAL), undefined);
});

test('mcp.http.method-not-allowed: other methods are 405 with Allow', () => {
  assert.equal(rejected(checkHead('PUT', HEAD, LOCAL), 405, -32600).allow, 'GET, POST, DELETE');
  const modern = { ...HEAD, 'mcp-protocol-version': '2026-07-28' };
  assert.equal(rejected(routeGet(modern), 405, -32600).allow, 'POST');
  assert.equal(rejected(routeDelete(modern), 405, -32600).allow, 'POST');
});

test('mcp.http.body-too-large: 413, and broken JSON is 400', () => {
  rejected(bodyTooLarge(4_194_304), 413, -32600);
  const parsed = parseJson('{');
  assert.ok(!parsed.ok);
  assert.equal(rejected(brokenBody(parsed.invalid), 400, -32700).id, undefined);
});

test('mcp.2026-07-28.eras: the body chooses the era, initialize the session', () => {
  const stateless = routePost(STATELESS, call(1));
  assert.ok(stateless.kind === 'stateless-request');
  assert.equal(stateless.envelope.version, '2026-07-28');
  assert.equal(stateless.envelope.clientInfo?.name, 'tests');
  assert.equal(stateless.request.id, 1);
  const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } };
  assert.equal(routePost(HEAD, initialize).kind, 'initialize');
  rejected(routePost({ ...HEAD, 'mcp-session-id': 's' }, initialize), 400, -32600);
  rejected(routePost({ ...HEAD, 'mcp-protocol-version': '2026-07-28' }, initialize), 400, -32020);
  const session = routePost({ ...HEAD, 'mcp-session-id': 's-1', 'mcp-protocol-version': '2025-11-25' }, call(1, null));
  assert.ok(session.kind === 'session-message');
  assert.equal(session.sessionId, 's-1');
  assert.equal(session.headerVersion, '2025-11-25');
});

test('mcp.2025-11-25.session.required: a request without its session is 400', () => {
  assert.equal(rejected(routePost(HEAD, call(9, null)), 400, -32600).id, 9);
  rejected(routePost({ ...HEAD, 'mcp-session-id': '' }, call(9, null)), 400, -32600);
  rejected(routePost(HEAD, { jsonrpc: '2.0', method: 'notifications/initialized' }), 400, -32600);
  rejected(routeGet(HEAD), 400, -32600);
  rejected(routeDelete(HEAD), 400, -32600);
});

test('mcp.2025-11-25.session.unknown: 404, also for ids that cannot exist', () => {
  assert.equal(rejected(sessionNotFound(3), 404, -32600).id, 3);
  for (const id of ['with space', 'ü', 'x'.repeat(257)]) rejected(routePost({ ...HEAD, 'mcp-session-id': id }, call(1, null)), 404, -32600);
  rejected(routePost({ ...HEAD, 'mcp-session-id': ['a', 'b'] }, call(1, null)), 404, -32600);
});

test('mcp.2025-11-25.session.stream mcp.2025-11-25.session.delete: GET and DELETE name their session', () => {
  assert.deepEqual(routeGet({ ...HEAD, 'mcp-session-id': 's', 'last-event-id': '7' }), { kind: 'session-stream', sessionId: 's', lastEventId: '7' });
  assert.deepEqual(routeGet({ ...HEAD, 'mcp-session-id': 's' }), { kind: 'session-stream', sessionId: 's', lastEventId: undefined });
  assert.deepEqual(routeDelete({ ...HEAD, 'mcp-session-id': 's' }), { kind: 'session-delete', sessionId: 's' });
});

test('mcp.2025-11-25.version-header: an unknown version is 400 and names the known ones', () => {
  for (const version of ['1.0', '2025-01-01', '']) {
    const route = rejected(routePost({ ...HEAD, 'mcp-session-id': 's', 'mcp-protocol-version': version }, call(1, null)), 400, -32022);
    assert.deepEqual((route.error.data as { supported: string[] }).supported, ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']);
  }
  rejected(routeGet({ ...HEAD, 'mcp-session-id': 's', 'mcp-protocol-version': '1.0' }), 400, -32022);
  for (const version of ['2025-06-18', '2025-03-26', '2024-11-05']) {
    assert.equal(routePost({ ...HEAD, 'mcp-session-id': 's', 'mcp-protocol-version': version }, call(1, null)).kind, 'session-message');
  }
});

test('mcp.2026-07-28.envelope.required: missing or malformed _meta is -32602 on 400', () => {
  const { 'io.modelcontextprotocol/clientCapabilities': _none, ...bare } = META;
  assert.equal(rejected(routePost(STATELESS, call(5, bare)), 400, -32602).id, 5);
  rejected(routePost(STATELESS, call(5, { ...META, 'io.modelcontextprotocol/clientCapabilities': [] })), 400, -32602);
  rejected(routePost(STATELESS, call(5, { ...META, 'io.modelcontextprotocol/protocolVersion': 7 })), 400, -32602);
  rejected(routePost(STATELESS, call(5, { ...META, 'io.modelcontextprotocol/clientInfo': { name: 'x' } })), 400, -32602);
  rejected(routePost(STATELESS, call(5, { ...META, 'io.modelcontextprotocol/logLevel': 'loud' })), 400, -32602);
  const missing = rejected(routePost(STATELESS, call(5, {})), 400, -32602);
  assert.match(missing.error.message, /io\.modelcontextprotocol\/protocolVersion/);
  rejected(routePost(STATELESS, { jsonrpc: '2.0', id: 5, method: 'tools/list' }), 400, -32602);
});

test('mcp.2026-07-28.version.unsupported: -32022 lists what is supported', () => {
  const future = { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
  const route = rejected(routePost({ ...STATELESS, 'mcp-protocol-version': '2099-01-01' }, call(2, future)), 400, -32022);
  assert.deepEqual(route.error.data, { supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'], requested: '2099-01-01' });
  const old = { ...META, 'io.modelcontextprotocol/protocolVersion': '2025-11-25' };
  const legacy = rejected(routePost({ ...STATELESS, 'mcp-protocol-version': '2025-11-25' }, call(2, old)), 400, -32022);
  assert.deepEqual((legacy.error.data as { supported: string[] }).supported, ['2026-07-28']);
});

test('mcp.2026-07-28.http.header-mismatch: a header that says otherwise is -32020', () => {
  rejected(routePost({ ...STATELESS, 'mcp-protocol-version': '2025-11-25' }, call(1)), 400, -32020);
  rejected(routePost({ ...STATELESS, 'mcp-method': 'tools/list' }, call(1)), 400, -32020);
  rejected(routePost({ ...STATELESS, 'mcp-method': 'TOOLS/CALL' }, call(1)), 400, -32020);
  rejected(routePost({ ...STATELESS, 'mcp-name': 'other' }, call(1)), 400, -32020);
  rejected(routePost({ ...STATELESS, 'mcp-name': ['echo', 'echo'] }, call(1)), 400, -32020);
  const future = { ...META, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
  const route = rejected(routePost(STATELESS, call(8, future)), 400, -32020);
  assert.equal(route.id, 8);
});

test('mcp.2026-07-28.http.header-missing: version, method and name are required', () => {
  for (const name of ['mcp-protocol-version', 'mcp-method', 'mcp-name']) {
    const headers: Record<string, string> = { ...STATELESS };
    delete headers[name];
    rejected(routePost(headers, call(1)), 400, -32020);
  }
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } };
  const nameless: Headers = { ...HEAD, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
  assert.equal(routePost(nameless, list).kind, 'stateless-request');
});

test('mcp.2026-07-28.http.base64-name: the encoded name is decoded before it is compared', () => {
  const encoded = (name: string) => `=?base64?${Buffer.from(name).toString('base64')}?=`;
  for (const name of ['wörk', ' padded ', 'line1\nline2', '=?base64?literal?=', '\ufeffbom']) {
    assert.equal(routePost({ ...STATELESS, 'mcp-name': encoded(name) }, call(1, META, name)).kind, 'stateless-request', name);
    rejected(routePost({ ...STATELESS, 'mcp-name': encoded(`${name}x`) }, call(1, META, name)), 400, -32020);
  }
  for (const broken of ['=?base64?@@?=', '=?base64?abc?=', '=?base64?/w==?=', 'w\u00f6rk']) {
    rejected(routePost({ ...STATELESS, 'mcp-name': broken }, call(1, META, broken)), 400, -32020);
  }
});

test('mcp.2026-07-28.http.session-id-ignored: a session id changes nothing for a stateless request', () => {
  assert.equal(routePost({ ...STATELESS, 'mcp-session-id': 'with space' }, call(1)).kind, 'stateless-request');
});

test('mcp.2026-07-28.http.notification: accepted by header or by envelope', () => {
  const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
  assert.equal(routePost(STATELESS, notification).kind, 'stateless-notification');
  assert.equal(routePost(HEAD, { ...notification, params: { requestId: 1, _meta: META } }).kind, 'stateless-notification');
  rejected(routePost(HEAD, { ...notification, params: { _meta: { 'io.modelcontextprotocol/protocolVersion': 1 } } }), 400, -32602);
  assert.equal(routePost({ ...HEAD, 'mcp-session-id': 's' }, notification).kind, 'session-message');
});

test('mcp.2026-07-28.http.no-responses: clients of this version send no responses, sessions do', () => {
  const response = { jsonrpc: '2.0', id: 'q-1', result: { action: 'decline' } };
  rejected(routePost(STATELESS, response), 400, -32600);
  const route = routePost({ ...HEAD, 'mcp-session-id': 's', 'mcp-protocol-version': '2025-11-25' }, response);
  assert.ok(route.kind === 'session-message' && route.message.kind === 'response');
});

test('mcp.2025-03-26.batch: a batch goes to its session', () => {
  const route = routePost({ ...HEAD, 'mcp-session-id': 's' }, [call(1, null), { jsonrpc: '2.0', method: 'notifications/initialized' }, 3]);
  assert.ok(route.kind === 'session-batch');
  assert.deepEqual(route.messages.map((message) => message.kind), ['request', 'notification', 'invalid']);
  rejected(routePost(HEAD, [call(1, null)]), 400, -32600);
  rejected(routePost({ ...HEAD, 'mcp-session-id': 's' }, [call(1)]), 400, -32600);
  rejected(routePost({ ...HEAD, 'mcp-session-id': 's' }, [{ jsonrpc: '2.0', id: 1, method: 'initialize' }]), 400, -32600);
  rejected(routePost({ ...HEAD, 'mcp-session-id': 's' }, []), 400, -32600);
});

test('mcp.2025-06-18.no-batch: later versions refuse batches', () => {
  for (const version of ['2025-06-18', '2025-11-25', '2026-07-28']) {
    rejected(routePost({ ...HEAD, 'mcp-session-id': 's', 'mcp-protocol-version': version }, [call(1, null)]), 400, -32600);
  }
});
