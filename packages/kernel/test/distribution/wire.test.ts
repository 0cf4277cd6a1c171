import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, PidClass, seededRandom } from '@flyball/kernel';
import { BadFrame } from '../../src/distribution/frame.ts';
import { checkFrame, checkGreeting, checkHello, op, type Frame } from '../../src/distribution/wire.ts';

const pid = new PidClass('a@b', 1, 2, 3);

const good: Frame[] = [
  [op.cast, 1, 'name', undefined],
  [op.info, 'name', { any: 1 }],
  [op.call, 1, 'name', 'add', 5],
  [op.reply, 1, undefined],
  [op.fail, 1, { code: 'noproc', message: 'gone' }],
  [op.monitor, 1, 2],
  [op.demonitor, 1],
  [op.down, 1, { error: { name: 'Error', message: 'x' } }],
  [op.down, 1, { shutdown: undefined }],
  [op.exit, 1, pid, 'kill'],
  [op.whereis, 1, 'name'],
  [op.found, 1, undefined],
];

const hello = { protocol: 1, node: 'a@b', shard: 1, creation: 1, path: 'p', to: { shard: 0, creation: 1 } };

test('each frame of the protocol is taken', () => {
  for (const frame of good) assert.equal(checkFrame(frame), frame);
  assert.equal(checkHello([op.hello, hello]), hello);
  assert.deepEqual([checkGreeting([op.welcome]), checkGreeting([op.refused, 'no'])], [[op.welcome], [op.refused, 'no']]);
});

test('what is none is a bad frame', () => {
  const bad: unknown[] = [
    undefined, null, 5, {}, [], ['call'], [99], [-1], [op.hello, hello], [op.welcome],
    [op.cast, 1], [op.cast, -1, 'x', 0], [op.cast, 1.5, 'x', 0], [op.call, 'x', 1, 'y', 0], [op.fail, 1, { code: 1, message: 'x' }], [op.fail, 1],
    [op.down, 1, null], [op.down, 1, 5], [op.down, 1, {}], [op.down, 1, { error: null }], [op.down, 1, { error: { name: 'x' } }],
    [op.exit, 1, {}, 'kill'], [op.exit, 1, pid, undefined], [op.whereis, 1, 2], [op.found, 1, 'x'],
  ];
  for (const frame of bad) assert.throws(() => checkFrame(frame), BadFrame, JSON.stringify(frame));
  for (const first of [undefined, [], [op.cast, 1, 'x', 0], [op.hello], [op.hello, { ...hello, to: undefined }], [op.hello, { ...hello, creation: '1' }]]) {
    assert.throws(() => checkHello(first), BadFrame, JSON.stringify(first));
  }
  for (const answer of [undefined, [op.hello], [op.refused], [op.reply, 1, 2]]) assert.throws(() => checkGreeting(answer), BadFrame, JSON.stringify(answer));
});

test('a frame with elements changed is taken or bad, and nothing else', () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  const odd = [undefined, null, -1, 0.5, NaN, 7, '', 'x', {}, [], { error: 1 }, new Map(), Symbol.iterator.description];
  for (let run = 0; run < 5_000; run += 1) {
    const frame: unknown[] = [...random.pick(good)];
    frame[random.below(frame.length + 1)] = random.pick(odd);
    try {
      checkFrame(frame);
    } catch (error) {
      assert.ok(error instanceof BadFrame, `seed ${seed}, run ${run}: ${String(error)}`);
    }
  }
});
