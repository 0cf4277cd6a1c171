// JSON that strangers wrote: read as it is written, whatever was read before.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseJson } from '../../src/index.ts';

test('names with escapes are read as they are written, whatever was read before', () => {
  for (const [first, second, name] of [['{"b":1,"\\\\":2}', '{"b":1,"\\"":2}', '"'], ['{"c":1,"x\\\\":2}', '{"c":1,"x\\u0061":2}', 'xa'], ['{"d":1,"\\\\":2}', '{ "d" : 1 , "\\u006dethod" : 2 }', 'method']] as const) {
    JSON.parse(first);
    assert.deepEqual(Object.keys(parseJson(second) as object)[1], name, second);
  }
  // Node 24 fails here. When it does not any more, parse-json.ts can go.
  JSON.parse('{"e":1,"\\\\":2}');
  const isRight = JSON.stringify(JSON.parse('{"e":1,"\\"":2}')) === '{"e":1,"\\"":2}';
  console.log(`JSON.parse of Node ${process.versions.node} ${isRight ? 'reads escaped names: parse-json.ts has done its work' : 'mistakes escaped names'}`);
});

test('what is no JSON is none with an escaped name in it either', () => {
  const bad = ['{"\\n":"', '{"\\x":1}', '{"\\n":1,}', '{"\\n"}', '{"\\n":}', '{"\\n":1 "a":2}', '{"\\n":1} 1', '{"\\n":01}', '{"\\n":tru}', '{1:"\\n","\\n":1}', '{"\\n":"\n"}', '{"\\u00":1}', '["\\"', '["\\n",]', `${'['.repeat(1_001)}{"\\n":1}${']'.repeat(1_001)}`];
  for (const text of bad) assert.throws(() => parseJson(text), SyntaxError, text);
  assert.deepEqual(parseJson(' [ "\\n" , { "\\u0061" : [ ] , "__proto__" : { } } ] '), ['\n', JSON.parse('{"a":[],"__proto__":{}}')]);
});

test('a text of backslashes is looked at once', () => {
  const text = JSON.stringify(['\\"\n'.repeat(500_000), { a: '":' }]);
  assert.deepEqual(parseJson(text), JSON.parse(text));
});
