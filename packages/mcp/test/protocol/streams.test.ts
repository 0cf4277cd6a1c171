import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledNotificationSchema, ProgressNotificationSchema } from '@modelcontextprotocol/core';
import { cancelledNotification, cancelTarget } from '../../src/protocol/cancel.ts';
import { progressGrows, progressNotification, progressTokenOf } from '../../src/protocol/progress.ts';
import { sseComment, sseEvent, sseMessage, ssePriming, sseRetry } from '../../src/protocol/sse.ts';
import { primesStreams } from '../../src/protocol/versions.ts';

/** What a reader of an event stream would see (WHATWG HTML, 9.2.6), for text that is complete. */
function read(stream: string): { event: string; id: string; data: string }[] {
  const events: { event: string; id: string; data: string }[] = [];
  let id = '';
  let event = '';
  let data: string[] = [];
  for (const line of stream.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data.length > 0) events.push({ event: event || 'message', id, data: data.join('\n') });
      event = '';
      data = [];
      continue;
    }
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === 'data') data.push(value!);
    if (field === 'event') event = value!;
    if (field === 'id') id = value!;
  }
  return events;
}

test('mcp.sse.encoding: events read back as they were written', () => {
  assert.deepEqual(read(sseMessage('{"a":1}', '3-1')), [{ event: 'message', id: '3-1', data: '{"a":1}' }]);
  assert.deepEqual(read(sseMessage('{"a":1}')), [{ event: 'message', id: '', data: '{"a":1}' }]);
  assert.deepEqual(read(sseEvent({ event: 'endpoint', data: 'a\r\nb\rc\n' })), [{ event: 'endpoint', id: '', data: 'a\nb\nc\n' }]);
  assert.deepEqual(read(sseEvent({ event: 'x\ndata: forged', id: 'i\r\nevent: y\0', data: 'z' })), [{ event: 'xdata: forged', id: 'ievent: y', data: 'z' }]);
  assert.equal(ssePriming('s-0', 1_500), 'id: s-0\nretry: 1500\ndata: \n\n');
  assert.deepEqual(read(ssePriming('s-0')), [{ event: 'message', id: 's-0', data: '' }]);
  assert.deepEqual(read(sseComment('keep\nalive') + sseRetry(-5.5)), []);
  assert.equal(sseRetry(-5.5), 'retry: 0\n\n');
  assert.equal(primesStreams('2025-11-25'), true);
  assert.equal(primesStreams('2025-06-18'), false);
});

test('mcp.progress: the token of the request, growing values, the official shape', () => {
  for (const token of ['abc', 0]) {
    const sent = JSON.parse(progressNotification(token, { progress: 0.5, total: 1, message: 'half' }, '2026-07-28'));
    ProgressNotificationSchema.parse(sent);
    assert.deepEqual(sent.params, { progressToken: token, progress: 0.5, total: 1, message: 'half' });
    assert.equal(progressTokenOf({ _meta: { progressToken: token } }), token);
  }
  assert.deepEqual(JSON.parse(progressNotification(1, { progress: 2, message: 'x' }, '2024-11-05')).params, { progressToken: 1, progress: 2 });
  for (const params of [undefined, {}, { _meta: 5 }, { _meta: {} }, { _meta: { progressToken: 1.5 } }, { _meta: { progressToken: null } }]) {
    assert.equal(progressTokenOf(params), undefined);
  }
  assert.equal(progressGrows(undefined, { progress: 0 }), true);
  assert.equal(progressGrows(1, { progress: 1 }), false);
  assert.equal(progressGrows(1, { progress: 1.5 }), true);
  assert.equal(progressGrows(undefined, { progress: Number.NaN }), false);
});

test('mcp.cancel: names the request; malformed cancellations are ignored', () => {
  assert.deepEqual(cancelTarget({ requestId: 0, reason: 'enough' }), { requestId: 0, reason: 'enough' });
  assert.deepEqual(cancelTarget({ requestId: 'a', reason: 5 }), { requestId: 'a', reason: undefined });
  for (const params of [undefined, {}, { requestId: null }, { requestId: 1.5 }, { requestId: {} }]) assert.equal(cancelTarget(params), undefined);
  CancelledNotificationSchema.parse(JSON.parse(cancelledNotification('q-1', 'the call ended')));
  CancelledNotificationSchema.parse(JSON.parse(cancelledNotification(1)));
});
