// A runner without its pool: what the pool's configuration cannot show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { genServer } from '../../src/behaviours/gen-server.ts';
import type { KernelError } from '../../src/errors.ts';
import { exit } from '../../src/process/call.ts';
import { closePort, openPort } from '../../src/process/port.ts';
import { Run } from '../../src/isolation/run.ts';
import { RunnerPort } from '../../src/isolation/runner-port.ts';
import type { IsolatedJob } from '../../src/isolation/index.ts';
import { behaved, fault } from './pool-fixture.ts';

const owner = genServer({ init: () => ({}) });

/** Runs one job in a runner of its own; `reportsUsage` as where there is no /proc. */
async function runAlone(job: IsolatedJob, memoryMbMax: number, reportsUsage: boolean): Promise<unknown> {
  const pid = await owner.start();
  const port = new RunnerPort({ memoryMbMax, preload: [] }, reportsUsage);
  openPort(port, undefined);
  try {
    const run = new Run(job, {});
    run.open(pid);
    port.assign(run);
    return await run.promise;
  } finally {
    closePort(port.id);
    exit(pid, 'shutdown');
  }
}

for (const name of ['allocatesArrays', 'allocatesBuffers']) {
  test(`${name}: killed for its memory by its own reports, where there is no /proc`, { timeout: 60_000 }, async () => {
    const error = await runAlone(fault(name, { memoryMbMax: 250 }), 512, true).catch((failed: unknown) => failed) as KernelError;
    assert.equal((error.reason as { kind: string }).kind, 'memory', error.message);
  });
}

test('CPU time by its own reports', { timeout: 60_000 }, async () => {
  const error = await runAlone(fault('loopsForever', { cpuMsMax: 600 }), 512, true).catch((failed: unknown) => failed) as KernelError;
  assert.equal((error.reason as { kind: string }).kind, 'cpu', error.message);
});

test('what V8 ends at the limit of its heap is told as memory too', { timeout: 60_000 }, async () => {
  const error = await runAlone(fault('runsOutOfHeap'), 512, false).catch((failed: unknown) => failed) as KernelError;
  assert.deepEqual(error.reason, { kind: 'memory', usedMb: undefined, memoryMbMax: 512 });
});

test('a runner takes a run before it is ready', { timeout: 60_000 }, async () => {
  assert.equal(await runAlone(behaved('double', { n: 3 }), 512, false), 6);
});
