// The framing of answers, cut at every byte: what a socket delivers has no regard for messages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameResponse } from '../load/response.ts';

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nmcp-session-id: s1\r\nContent-Length: 7\r\n\r\n{"a":1}';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n' +
  '5\r\ndata:\r\na\r\n {"a":1}\n\n\r\n0\r\n\r\n';

for (const [name, text, body] of [
  ['Content-Length', SIZED, '{"a":1}'],
  ['chunked', CHUNKED, 'data: {"a":1}\n\n'],
] as const) {
  test(`${name}: whole at its last byte and not before`, () => {
    const bytes = Buffer.from(text);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(frameResponse(bytes.subarray(0, length), false).kind, 'incomplete', `after ${length} bytes`);
    }
    const framed = frameResponse(bytes, false);
    assert.ok(framed.kind === 'complete');
    assert.equal(framed.response.body.toString(), body);
    assert.equal(framed.length, bytes.length);
    assert.equal(framed.response.closes, false);
  });

  test(`${name}: a connection that ends early breaks it`, () => {
    const bytes = Buffer.from(text);
    for (const length of [0, 10, bytes.length - 1]) {
      assert.equal(frameResponse(bytes.subarray(0, length), true).kind, 'malformed', `after ${length} bytes`);
    }
  });
}

test('the session id is read, whatever the case of its header', () => {
  const framed = frameResponse(Buffer.from(SIZED.replace('mcp-session-id', 'Mcp-Session-Id')), false);
  assert.ok(framed.kind === 'complete');
  assert.equal(framed.response.sessionId, 's1');
});

test('Connection: close, and a body that ends with the connection, close', () => {
  const told = frameResponse(Buffer.from(SIZED.replace('mcp-session-id: s1', 'Connection: close')), false);
  assert.ok(told.kind === 'complete' && told.response.closes);
  const open = Buffer.from('HTTP/1.1 200 OK\r\n\r\nrest');
  assert.equal(frameResponse(open, false).kind, 'incomplete');
  const ended = frameResponse(open, true);
  assert.ok(ended.kind === 'complete' && ended.response.closes);
  assert.equal(ended.response.body.toString(), 'rest');
});

test('what is no HTTP is malformed', () => {
  assert.equal(frameResponse(Buffer.from('hello\r\n\r\n'), false).kind, 'malformed');
});
