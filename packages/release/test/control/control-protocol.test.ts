import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, INVALID_PARAMS, INVALID_REQUEST, LineSplitter, PARSE_ERROR, parseRequest } from '../../src/control/control-protocol.ts';

test('lines come out whole however the bytes are cut, also inside a character', () => {
  const bytes = Buffer.from('{"a":"ü"}\n\n{"b":1}\r\nrest');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const splitter = new LineSplitter();
    const lines = [...splitter.push(bytes.subarray(0, cut)).lines, ...splitter.push(bytes.subarray(cut)).lines];
    assert.deepEqual(lines.map((line) => line.trim()), ['{"a":"ü"}', '{"b":1}'], `cut at ${cut}`);
  }
});

test('a line over the limit is noticed before its end comes; one at the limit passes', () => {
  const splitter = new LineSplitter(8);
  assert.deepEqual(splitter.push(Buffer.from('12345678\n1234')), { lines: ['12345678'], tooLong: false });
  assert.equal(splitter.push(Buffer.from('56789')).tooLong, true);
});

test('what is no request gets the error that JSON-RPC has for it', () => {
  const cases: [string, number, unknown][] = [
    ['{', PARSE_ERROR, null],
    ['[]', INVALID_REQUEST, null],
    ['null', INVALID_REQUEST, null],
    ['"status"', INVALID_REQUEST, null],
    ['{"id":1,"method":"status"}', INVALID_REQUEST, 1],
    ['{"jsonrpc":"2.0","id":{},"method":"status"}', INVALID_REQUEST, null],
    ['{"jsonrpc":"2.0","id":"x"}', INVALID_REQUEST, 'x'],
    ['{"jsonrpc":"2.0","id":2,"method":"status","params":[]}', INVALID_PARAMS, 2],
  ];
  for (const [line, code, id] of cases) {
    const parsed = parseRequest(line);
    assert.ok(!parsed.ok && 'error' in parsed.reply, line);
    assert.deepEqual([parsed.reply.error.code, parsed.reply.id], [code, id], line);
  }
});

test('a request keeps its id and has parameters; without an id it is a notification', () => {
  assert.deepEqual(parseRequest('{"jsonrpc":"2.0","id":0,"method":"tree"}'), { ok: true, request: { id: 0, method: 'tree', params: {} } });
  assert.deepEqual(parseRequest('{"jsonrpc":"2.0","method":"stop","params":{"a":1}}'), { ok: true, request: { id: undefined, method: 'stop', params: { a: 1 } } });
});

test('what JSON cannot say becomes its nearest form, on one line', () => {
  assert.equal(encode({ big: 1n, map: new Map([['k', new Set([1])]]), text: 'a\nb' }), '{"big":"1","map":{"k":[1]},"text":"a\\nb"}\n');
});
