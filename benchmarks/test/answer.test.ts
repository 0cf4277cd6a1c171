// An answer counts only if it is the right one; each way to be wrong has its own name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownAnswer, judge } from '../load/answer.ts';
import type { Response } from '../load/response.ts';

const EXPECTED = { id: 1_000_001, text: 'h0001' };

function response(body: string, changes: Partial<Response> = {}): Response {
  const right = { status: 200, contentType: 'application/json', sessionId: undefined, closes: false };
  return { ...right, body: Buffer.from(body), ...changes };
}

function answer(id: number, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}

const RIGHT = answer(1_000_001, { content: [{ type: 'text', text: 'h0001' }] });

test('the right answer passes, as JSON and as the message of an event stream', () => {
  assert.equal(judge(response(RIGHT), EXPECTED), undefined);
  const notice = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress' });
  const stream = `: keep-alive\n\nevent: message\ndata: ${notice}\n\nevent: message\ndata: ${RIGHT}\n\n`;
  assert.equal(judge(response(stream, { contentType: 'text/event-stream' }), EXPECTED), undefined);
});

const WRONG: Record<string, [Response, string]> = {
  'another id': [response(answer(1_000_002, { content: [{ type: 'text', text: 'h0001' }] })), 'wrong-answer'],
  "another client's text": [response(answer(1_000_001, { content: [{ type: 'text', text: 'h0002' }] })), 'wrong-answer'],
  'no content': [response(answer(1_000_001, {})), 'wrong-answer'],
  "a tool's error": [
    response(answer(1_000_001, { content: [{ type: 'text', text: 'h0001' }], isError: true })),
    'wrong-answer',
  ],
  'a JSON-RPC error': [response('{"jsonrpc":"2.0","id":1000001,"error":{"code":-32603,"message":"x"}}'), 'rpc-error'],
  'status 500 with the right body': [response(RIGHT, { status: 500 }), 'status'],
  'half a body': [response(RIGHT.slice(0, 20)), 'malformed'],
  'nothing': [response(''), 'malformed'],
};

for (const [name, [wrong, kind]] of Object.entries(WRONG)) {
  test(`${name}: ${kind}`, () => assert.equal(judge(wrong, EXPECTED)?.failure, kind));
}

test('a known answer is recognised with its own id only, and only whole', () => {
  const known = new KnownAnswer();
  known.learn(Buffer.from(RIGHT), 1_000_001);
  const next = Buffer.from(RIGHT.replace('1000001', '1000002'));
  assert.ok(known.isSame(next, next.length, 1_000_002));
  assert.ok(!known.isSame(next, next.length, 1_000_003));
  assert.ok(!known.isSame(next, next.length - 1, 1_000_002));
  const other = Buffer.from(next.toString().replace('h0001', 'h0002'));
  assert.ok(!known.isSame(other, other.length, 1_000_002));
});

test('an answer whose id cannot be told apart is never taken for known', () => {
  const known = new KnownAnswer();
  const twice = Buffer.from('{"id":1000001,"also":{"id":1000001}}');
  known.learn(twice, 1_000_001);
  assert.ok(!known.isSame(twice, twice.length, 1_000_001));
});
