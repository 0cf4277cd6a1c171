import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { telemetryEvent, telemetryEventNames } from '../src/index.ts';
import { handlerFailed } from '../src/telemetry.ts';
import { events, resetKernel } from '../src/testing/index.ts';

afterEach(resetKernel);

test('telemetry.handler: one that throws is detached and reported, the others go on', () => {
  const event = telemetryEvent<number>('test.handler.thrown');
  const failed = events(handlerFailed);
  const got: number[] = [];
  const undoThrowing = event.subscribe(() => { throw new Error('in a handler'); });
  const undo = event.subscribe((data) => got.push(data));
  event.emit(1);
  event.emit(2);
  assert.deepEqual(got, [1, 2]);
  assert.deepEqual(failed.seen.map(({ event, error }) => [event, (error as Error).message]), [['test.handler.thrown', 'in a handler']]);
  undo();
  undoThrowing();
  assert.equal(event.active, false);
});

test('telemetry.handler: a failing handler of the failures is detached too', () => {
  const event = telemetryEvent<number>('test.handler.twice');
  handlerFailed.subscribe(() => { throw new Error('worse'); });
  event.subscribe(() => { throw new Error('bad'); });
  event.emit(1);
  assert.equal(event.active, false);
  assert.equal(handlerFailed.active, false);
});

test('telemetry.event: one by name, known by its name; subscriptions end', () => {
  const event = telemetryEvent<string>('test.event.named');
  assert.equal(telemetryEvent('test.event.named'), event);
  assert.ok(telemetryEventNames().includes('test.event.named'));
  const got: string[] = [];
  const undo = event.subscribe((data, name) => {
    got.push(`${name} ${data}`);
    undo();
  });
  event.emit('a');
  event.emit('b');
  assert.deepEqual(got, ['test.event.named a']);
});

test('telemetry.recorder: next hands each event out once, now or when it comes', async () => {
  const event = telemetryEvent<number>('test.event.recorded');
  const recorder = events<number>('test.event.recorded');
  event.emit(1);
  event.emit(2);
  assert.equal(await recorder.next((data) => data === 2), 2);
  assert.equal(await recorder.next(), 1);
  const later = recorder.next((data) => data > 3);
  event.emit(3);
  event.emit(4);
  assert.equal(await later, 4);
  assert.equal(await recorder.next(), 3);
  recorder.stop();
  assert.equal(event.active, false);
});
