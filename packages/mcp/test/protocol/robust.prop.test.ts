import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JSONRPCErrorResponseSchema } from '@modelcontextprotocol/core';
import { cancelTarget } from '../../src/protocol/cancel.ts';
import { judgeAnswer, prepareAsk } from '../../src/protocol/elicitation.ts';
import { checkHead, rejectionBody, routeDelete, routeGet, routePost } from '../../src/protocol/http-rules.ts';
import { openRound } from '../../src/protocol/input-required.ts';
import { classify, classifyBatch, parseJson } from '../../src/protocol/json-rpc.ts';
import { compileSchema } from '../../src/protocol/json-schema.ts';
import { readEmpty, readInitialize, readList, readToolCall } from '../../src/protocol/params.ts';
import { originPolicy } from '../../src/protocol/origin-rules.ts';

const SEED = Number(process.env['FLYBALL_TEST_SEED'] ?? Date.now() % 2 ** 31);
const ROUNDS = 20_000;

/** mulberry32: small, seeded, good enough to spread cases. */
function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = random(SEED);
const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;

const WORDS = ['2.0', 'tools/call', 'tools/list', 'initialize', 'ping', 'server/discover', 'notifications/cancelled', '2026-07-28', '2025-11-25', '2025-03-26', '2099-01-01', 'accept', 'decline', '', 'echo', '__proto__', '=?base64?ZWNobw==?=', '\ud800', 'null', 'application/json, text/event-stream', 'text/event-stream', 'localhost', 'http://localhost', 'a,b;q=0'];
const KEYS = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'code', 'message', 'name', 'arguments', '_meta', 'progressToken', 'cursor', 'protocolVersion', 'capabilities', 'clientInfo', 'version', 'inputResponses', 'requestState', 'action', 'content', 'requestId', '__proto__', 'constructor', 'io.modelcontextprotocol/protocolVersion', 'io.modelcontextprotocol/clientCapabilities', 'io.modelcontextprotocol/clientInfo', 'elicitation'];
const HEADERS = ['host', 'origin', 'accept', 'content-type', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id', 'last-event-id'];
const NUMBERS = [0, 1, -1, 1.5, 2 ** 53, -0, 1e300];

function value(depth: number): unknown {
  const kind = next();
  if (depth <= 0 || kind < 0.45) return pick([null, true, false, pick(NUMBERS), pick(WORDS), pick(WORDS), String(next())]);
  if (kind < 0.55) return Array.from({ length: Math.floor(next() * 4) }, () => value(depth - 1));
  return object(depth);
}

function object(depth: number): Record<string, unknown> {
  const entries = Array.from({ length: Math.floor(next() * 6) }, () => [pick(KEYS), value(depth - 1)] as const);
  return JSON.parse(JSON.stringify(Object.fromEntries(entries)));
}

/** Half of the bodies are nearly right: those reach the deeper checks. */
function body(): unknown {
  if (next() < 0.5) return value(4);
  const message = { jsonrpc: '2.0', id: pick([1, 'a', null, 1.5]), method: pick(WORDS), params: value(3), [pick(KEYS)]: value(2) };
  return next() < 0.1 ? [message, value(3)] : message;
}

function headers(): Record<string, string | string[] | undefined> {
  return Object.fromEntries(HEADERS.filter(() => next() < 0.5).map((name) => [name, next() < 0.05 ? [pick(WORDS), pick(WORDS)] : pick(WORDS)]));
}

const LOCAL = originPolicy();

test(`mcp.rpc.never-throws: no body and no header throws, and every refusal is a valid error below 500 (seed ${SEED})`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const sent = body();
    const head = headers();
    try {
      classify(sent);
      if (Array.isArray(sent)) classifyBatch(sent);
      for (const route of [checkHead(pick(['GET', 'POST', 'DELETE', 'PATCH', '']), head, LOCAL), routePost(head, sent), routeGet(head), routeDelete(head)]) {
        if (route?.kind !== 'reject') continue;
        assert.ok(route.status >= 400 && route.status < 500);
        JSONRPCErrorResponseSchema.parse(JSON.parse(rejectionBody(route)));
      }
    } catch (cause) {
      throw new Error(`seed ${SEED}, round ${round}: ${JSON.stringify({ sent, head })}`, { cause });
    }
  }
});

test(`params, answers and states of any shape are judged, never thrown at (seed ${SEED})`, async () => {
  const question = prepareAsk({ message: 'x', schema: { type: 'object', properties: { name: { type: 'string' } } } });
  const binding = { principal: '', method: 'tools/call', name: 'a', args: {} };
  const check = compileSchema({ type: 'object', properties: { name: { type: ['string', 'null'] } }, additionalProperties: { type: 'number' } }, 'test');
  for (let round = 0; round < ROUNDS; round++) {
    const params = object(4);
    for (const reader of [readToolCall, readList, readInitialize, readEmpty, cancelTarget]) reader(params);
    openRound({ inputResponses: params['content'], requestState: params['name'] }, [Buffer.alloc(32)], binding, 0);
    const judged = await judgeAnswer(question, params);
    assert.equal(typeof judged.ok, 'boolean');
    check(params);
  }
});

test('very deep JSON is classified like any other', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const parsed = parseJson(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":${deep}}}}`);
  if (!parsed.ok) return assert.equal(parsed.invalid.error.code, -32700);
  assert.equal(classify(parsed.value).kind, 'request');
  assert.equal(routePost({ 'mcp-session-id': 's' }, parsed.value).kind, 'session-message');
});
