import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { application, call, definitionOf, exit, genServer, named, processTable, runningApplications, startApplication, stopApplication, useClock, type KernelError, type Self } from '../src/index.ts';
import { applicationStarted, applicationStopped } from '../src/supervision/application.ts';
import { createVirtualClock, events, exited, resetKernel, settle } from '../src/testing/index.ts';
import { counter, gate } from './servers.ts';

afterEach(resetKernel);

const failsWith = (text: RegExp) => (error: KernelError) => error.code === 'application-failed' && text.test(error.message);
const shop = application<{ start: number }>({ name: 'shop', children: (env) => [{ id: 'visits', name: 'visits', start: [counter, env.start] }] });

test('application_SUITE:load: started with its environment, its top supervisor has its name; stopped in order', async () => {
  const started = events(applicationStarted);
  const stopped = events(applicationStopped);
  const pid = await startApplication(shop, { start: 7 });
  assert.deepEqual(runningApplications(), [{ name: 'shop', pid }]);
  assert.equal(await call(named<typeof counter>('visits'), 'get'), 7);
  assert.equal((await started.next()).pid, pid);
  const ended = exited(pid);
  await stopApplication('shop');
  assert.equal(await ended, 'shutdown');
  assert.deepEqual(await stopped.next(), { name: 'shop', reason: 'shutdown' });
  assert.deepEqual(runningApplications(), []);
  assert.equal(processTable.size, 0);
  await stopApplication('shop');
});

test('application_SUITE:ensure_started: twice at a time is refused, after a stop it starts again', async () => {
  await startApplication(shop, { start: 0 });
  await assert.rejects(startApplication(shop, { start: 0 }), failsWith(/is running/));
  await stopApplication('shop');
  const both = await Promise.allSettled([startApplication(shop, { start: 0 }), startApplication(shop, { start: 0 })]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('application.dependencies: what it needs must run before it', async () => {
  const web = application({ name: 'web', applications: ['shop'], children: [] });
  await assert.rejects(startApplication(web, {}), failsWith(/needs shop/));
  await startApplication(shop, { start: 0 });
  await startApplication(web, {});
  assert.deepEqual(runningApplications().map(({ name }) => name), ['shop', 'web']);
});

test('application.failed: a tree that does not start leaves nothing and says why', async () => {
  const failing = genServer({ init: () => { throw new Error('no disk'); } });
  const broken = application({ name: 'broken', children: [{ id: 'a', start: [counter, 0] }, { id: 'b', start: [failing] }] });
  await assert.rejects(startApplication(broken, {}), failsWith(/no disk/));
  assert.equal(processTable.size, 0);
  assert.deepEqual(runningApplications(), []);
  assert.throws(() => definitionOf({} as never), failsWith(/exports no application/));
});

test('application_SUITE:shutdown_timeout: past its deadline the tree is killed', async () => {
  const clock = createVirtualClock();
  useClock(clock);
  const hold = gate();
  const stubborn = genServer({ init: (_nothing: void, self: Self) => self.trapExit(true), terminate: () => hold.promise });
  const slow = application({ name: 'slow', children: [{ id: 'a', start: [stubborn], shutdown: 'infinity' }] });
  const pid = await startApplication(slow, {});
  const ended = exited(pid);
  const stopping = stopApplication('slow', 1_000);
  await clock.advance(1_000);
  await stopping;
  assert.equal(await ended, 'killed');
  hold.open();
});

test('application.gave-up: one whose tree gave up is not running any more', async () => {
  const brittle = application({ name: 'brittle', intensity: { restarts: 0, periodMs: 1_000 }, children: [{ id: 'a', name: 'a', start: [counter, 0] }] });
  const stopped = events(applicationStopped);
  await startApplication(brittle, {});
  exit('a', 'kill');
  await settle();
  assert.deepEqual(await stopped.next(), { name: 'brittle', reason: 'shutdown' });
  assert.deepEqual(runningApplications(), []);
});
