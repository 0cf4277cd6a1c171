import assert from 'node:assert/strict';
import { serialize } from 'node:v8';
import { test } from 'node:test';
import { freshSeed, KernelError, seededRandom } from '@flyball/kernel';
import { BadFrame, encodeFrame, frameBytesMax, FrameReader } from '../../src/distribution/frame.ts';

const values = [
  0,
  'text',
  'größer als Latin-1: 漢字 🎈',
  undefined,
  { list: [1, 2, { deep: new Map([['a', new Set([1n, 2n])]]) }], at: new Date(0) },
  new Uint8Array([1, 2, 3]),
  new Float64Array([1.5, -2.5]),
  'x'.repeat(70_000),
];

function framesOf(list: readonly unknown[]): Buffer {
  return Buffer.concat(list.map((value) => encodeFrame(value)));
}

function readAll(chunks: Iterable<Buffer>, reader = new FrameReader()): unknown[] {
  const taken: unknown[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (value) => {
      taken.push(value);
      return true;
    });
  }
  return taken;
}

test('frames split at each byte arrive whole', () => {
  const small = values.slice(0, -1);
  const bytes = framesOf(small);
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), small, `split at ${at}`);
  }
  assert.deepEqual(readAll(Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1))), small, 'byte by byte');
});

test('frames in chunks of any size arrive whole', () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  for (let run = 0; run < 200; run += 1) {
    const sent = Array.from({ length: 1 + random.below(8) }, () => random.pick(values));
    const bytes = framesOf(sent);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(random.pick([3, 200, 100_000]));
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(readAll(chunks), sent, `seed ${seed}, run ${run}`);
  }
});

test('the taker stops the reading', () => {
  const taken: unknown[] = [];
  new FrameReader().push(framesOf([1, 2, 3]), (value) => {
    taken.push(value);
    return taken.length < 2;
  });
  assert.deepEqual(taken, [1, 2]);
});

test('typed arrays are copies of their own, and of the same kind', () => {
  const [bytes, buffer, floats, view] = readAll([framesOf([new Uint8Array([1, 2]), Buffer.from('ab'), new Float64Array([0.5]), new DataView(new ArrayBuffer(3))])]) as [Uint8Array, Buffer, Float64Array, DataView];
  assert.deepEqual([bytes.constructor, Buffer.isBuffer(buffer), floats[0], view.constructor], [Uint8Array, true, 0.5, DataView]);
  assert.deepEqual([bytes, buffer, floats, view].map((each) => each.buffer.byteLength), [2, 2, 8, 3]);
});

test('a frame above the limit is refused before its bytes come', () => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frameBytesMax + 1);
  assert.throws(() => readAll([header]), BadFrame);
  header.writeUInt32BE(101);
  assert.throws(() => readAll([header], new FrameReader(100)), /101 bytes; 100 are the most/);
});

test('what is too large or not plain is refused with a code', () => {
  const isBadMessage = (pattern: RegExp) => (error: unknown) => error instanceof KernelError && error.code === 'bad-message' && pattern.test(error.message);
  assert.throws(() => encodeFrame(new Uint8Array(frameBytesMax)), isBadMessage(/67108864 are the most/));
  assert.ok(encodeFrame(new Uint8Array(frameBytesMax - 16)).length <= frameBytesMax + 4);
  assert.throws(() => encodeFrame({ run: () => {} }), isBadMessage(/plain data/));
  assert.throws(() => encodeFrame(Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail('getter') })), isBadMessage(/getter/));
});

test('bytes that hold no value are bad frames, whatever they are', () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  const good = serialize({ list: [1, 'two', new Uint8Array(9)], map: new Map([[1, 2]]) });
  let bad = 0;
  for (let run = 0; run < 5_000; run += 1) {
    const bytes = Buffer.from(good.subarray(0, 1 + random.below(good.length)));
    for (let change = random.below(4); change > 0; change -= 1) bytes[random.below(bytes.length)] = random.below(256);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(bytes.length);
    try {
      readAll([header, bytes]);
    } catch (error) {
      assert.ok(error instanceof BadFrame, `seed ${seed}, run ${run}: ${String(error)}`);
      bad += 1;
    }
  }
  assert.ok(bad > 3_000, `${bad} of 5000 were bad`);
});
