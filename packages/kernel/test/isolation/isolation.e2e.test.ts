// Real runners, real faults. Alone on the machine, since deadlines are measured.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KernelError } from '../../src/errors.ts';
import { genServer, type Self } from '../../src/behaviours/gen-server.ts';
import { noReply } from '../../src/behaviours/outcome.ts';
import { call, exit } from '../../src/process/call.ts';
import { cancelGraceMs, IsolatedError, runIsolated, runnerOutput, warmIsolation, type IsolationEnd } from '../../src/isolation/index.ts';
import { behaved, fault, startPool, untilGone, type TestPool } from './pool-fixture.ts';

/** Lateness that the issue allows to a caller's error. */
const lateMsMax = 100;

/** The error that the run rejects with. */
async function failure(run: Promise<unknown>): Promise<KernelError> {
  return await run.then((value) => assert.fail(`resolved with ${String(value)}`), (error: KernelError) => error);
}

async function ending(run: Promise<unknown>): Promise<IsolationEnd> {
  const error = await failure(run);
  assert.equal(error.code, 'isolation-killed', error.stack);
  return error.reason as IsolationEnd;
}

describe('a pool of two runners', { timeout: 120_000 }, () => {
  let pool: TestPool;
  before(async ({ signal }) => {
    pool = await startPool();
    assert.deepEqual((await pool.status()).runners, [], 'it starts none before it is used');
    warmIsolation();
    await pool.whole(signal);
  });
  after(() => pool.close());

  test('runs a function by address and answers plain data', async () => {
    assert.equal(await runIsolated(behaved('double', { n: 21 })), 42);
    const input = { map: new Map([['a', 1]]), date: new Date(5), bytes: new Uint8Array([1, 2]), none: undefined };
    assert.deepEqual(await runIsolated(behaved('echo', input)), input);
    assert.notEqual(await runIsolated(behaved('osPid')), process.pid);
    assert.equal(await runIsolated(behaved('memoryLimit')), '--max-old-space-size=488');
  });

  test('an address that leads nowhere is an error that says where', async () => {
    const error = await failure(runIsolated(behaved('forecast')));
    assert.match(error.message, /well-behaved\.ts#default has no "tools\.forecast"/);
  });

  test('notifications come in order and before the result, a question gets its answer', async () => {
    const heard: unknown[] = [];
    assert.equal(await runIsolated(behaved('countDown', { from: 3 }), { onNotify: (message) => heard.push(message) }), 'lift-off');
    assert.deepEqual(heard, [{ left: 3 }, { left: 2 }, { left: 1 }]);
    assert.equal(await runIsolated(behaved('greet'), { onAsk: async () => 'Ada' }), 'Hello Ada');
    const refusal = await failure(runIsolated(behaved('greet'), { onAsk: () => Promise.reject(Object.assign(new Error('declined'), { code: 'no' })) }));
    assert.deepEqual([refusal.message, refusal.code as string], ['declined', 'no']);
    assert.match((await failure(runIsolated(behaved('greet')))).message, /nobody answers/);
  });

  test('a loop without end is killed at the deadline, its caller told in time, others served meanwhile', async ({ signal }) => {
    const startedMs = performance.now();
    const looping = ending(runIsolated(fault('loopsForever', { deadlineMs: 800 }))).then((end) => ({ end, afterMs: performance.now() - startedMs }));
    for (let n = 0; n < 20; n += 1) assert.equal(await runIsolated(behaved('double', { n })), 2 * n);
    const { end, afterMs } = await looping;
    assert.deepEqual(end, { kind: 'deadline', deadlineMs: 800, started: true });
    assert.ok(afterMs >= 799 && afterMs <= 800 + lateMsMax, `told after ${afterMs} ms`);
    await pool.whole(signal);
  });

  for (const name of ['allocatesArrays', 'allocatesBuffers', 'allocatesInGrandchild']) {
    test(`${name}: killed for its memory`, async ({ signal }) => {
      const end = await ending(runIsolated(fault(name, { memoryMbMax: 250 })));
      assert.equal(end.kind, 'memory');
      assert.equal(await runIsolated(behaved('double', { n: 1 })), 2);
      const { usedMb, memoryMbMax } = end as Extract<IsolationEnd, { kind: 'memory' }>;
      assert.equal(memoryMbMax, 250);
      assert.ok(usedMb! > 250 && usedMb! < 1_000, `${usedMb} MB when it was seen`);
      await pool.whole(signal);
    });
  }

  test('CPU time has a limit of its own', async ({ signal }) => {
    const end = await ending(runIsolated(fault('loopsForever', { cpuMsMax: 200 })));
    assert.equal(end.kind, 'cpu');
    await pool.whole(signal);
  });

  const ends: Record<string, unknown> = {
    exits: { kind: 'exit', exitCode: 7 },
    killsItself: { kind: 'signal', signal: 'SIGKILL' },
    abortsItself: { kind: 'signal', signal: 'SIGABRT' },
    disconnects: { kind: 'disconnect' },
    floodsMessages: { kind: 'flood', messagesMax: 10_000 },
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`${name}: the reason says so, the runner is replaced`, async ({ signal }) => {
      assert.deepEqual(await ending(runIsolated(fault(name))), end);
      await pool.whole(signal);
      assert.equal(await runIsolated(behaved('double', { n: 2 })), 4);
    });
  }

  test('an unhandled rejection is told with its error', async ({ signal }) => {
    const end = await ending(runIsolated(fault('rejectsUnhandled'))) as Extract<IsolationEnd, { kind: 'crash' }>;
    assert.equal(end.kind, 'crash');
    assert.equal(end.error.message, 'nobody catches this');
    await pool.whole(signal);
  });

  test('what a target throws reaches the caller, and the runner lives on', async ({ signal }) => {
    const before = await pool.whole(signal);
    const error = await failure(runIsolated(fault('throws')));
    assert.ok(error instanceof IsolatedError);
    assert.deepEqual([error.name, error.message, error.code as string], ['RangeError', 'out of range', 'too-far']);
    assert.match(error.stack!, /faults\.ts/);
    assert.match((await failure(runIsolated(fault('returnsFunction')))).message, /the result is not plain data/);
    assert.match((await failure(runIsolated(fault('returnsTooMuch')))).message, /the result has \d+ bytes serialized, the limit is/);
    const osPids = ({ runners }: typeof before) => runners.map(({ osPid }) => osPid).sort();
    assert.deepEqual(osPids(await pool.whole(signal)), osPids(before));
  });

  for (const detached of [false, true]) {
    for (const waits of [false, true]) {
      const how = `${detached ? 'in a group of its own' : "in the runner's group"}, ${waits ? 'when the run is killed' : 'when the run has answered'}`;
      test(`a grandchild ${how}, is ended`, async ({ signal }) => {
        let grandchild = 0;
        const run = runIsolated(fault('leavesGrandchild', { input: { detached, waits }, deadlineMs: waits ? 400 : 20_000 }), { onNotify: (osPid) => (grandchild = osPid as number) });
        if (waits) assert.equal((await ending(run)).kind, 'deadline');
        else assert.equal(await run, grandchild);
        assert.ok(grandchild > 0);
        await untilGone(grandchild, signal);
        await pool.whole(signal);
      });
    }
  }

  test('a flood of output is cut down to events that the log can take', async () => {
    const lines: string[] = [];
    const unsubscribe = runnerOutput.subscribe(({ line }) => lines.push(line));
    try {
      assert.equal(await runIsolated(fault('floodsOutput')), 'flooded');
    } finally {
      unsubscribe();
    }
    assert.equal(lines[0], 'line 0');
    assert.ok(lines.length < 5_000, `${lines.length} lines`);
  });

  test('cancelled: a target that listens ends by itself, one that does not is killed after the grace', async ({ signal }) => {
    const polite = new AbortController();
    assert.equal(await runIsolated(behaved('stopWhenAsked'), { signal: polite.signal, onNotify: () => polite.abort() }), 'stopped in order');
    const rude = new AbortController();
    const end = await ending(runIsolated(fault('loopsForever'), { signal: rude.signal, onNotify: () => rude.abort() }));
    assert.deepEqual(end, { kind: 'cancelled', graceMs: cancelGraceMs });
    assert.equal((await ending(runIsolated(behaved('osPid'), { signal: rude.signal }))).kind, 'cancelled');
    await pool.whole(signal);
  });

  test('the death of the asking process cancels its run', async ({ signal }) => {
    let runnerPid = 0;
    let isRunning: () => void;
    const running = new Promise<void>((resolve) => {
      isRunning = resolve;
    });
    const asker = genServer({
      init: () => ({}),
      calls: {
        ask: async (_state: object, _payload: undefined, self: Self) => {
          await runIsolated(fault('waitsForever'), {
            caller: self,
            onNotify: (osPid) => {
              runnerPid = osPid as number;
              isRunning();
            },
          });
          return noReply<object>();
        },
      },
    });
    const pid = await asker.start();
    const answer = failure(call(pid, 'ask', undefined));
    await running;
    exit(pid, 'kill');
    assert.equal((await answer).code, 'exited');
    await untilGone(runnerPid, signal);
    await pool.whole(signal);
  });

  test('a runner that goes on blocking after its answer does not get the next run', async ({ signal }) => {
    assert.equal(await runIsolated(fault('blocksAfterAnswer')), 'answered');
    for (let n = 0; n < 5; n += 1) assert.equal(await runIsolated(behaved('double', { n })), 2 * n);
    await pool.whole(signal);
  });

  test('a runner never holds two versions of an application', async ({ signal }) => {
    const seen = new Map<number, string>();
    for (const version of ['1', '1', '1', '2', '2', '1']) {
      const osPid = await runIsolated(behaved('osPid', undefined, { application: 'shop', version })) as number;
      assert.equal(seen.get(osPid) ?? version, version);
      seen.set(osPid, version);
    }
    assert.ok(seen.size >= 2);
    await pool.whole(signal);
  });
});

test('runs wait for a free runner, within their deadline and up to the limit of the queue', { timeout: 60_000 }, async () => {
  const pool = await startPool({ size: 1, queueLengthMax: 1 });
  try {
    const runs = [failure(runIsolated(fault('waitsForever', { deadlineMs: 1_500 }))), undefined, undefined];
    warmIsolation();
    while ((await pool.status()).runners[0]?.status !== 'busy') {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    runs[1] = failure(runIsolated(behaved('osPid', undefined, { deadlineMs: 300 })));
    runs[2] = failure(runIsolated(behaved('osPid')));
    const [first, waiting, refused] = await Promise.all(runs);
    assert.equal(refused!.code, 'overloaded');
    assert.deepEqual(waiting!.reason, { kind: 'deadline', deadlineMs: 300, started: false });
    assert.deepEqual(first!.reason, { kind: 'deadline', deadlineMs: 1_500, started: true });
    assert.equal(await runIsolated(behaved('double', { n: 4 })), 8);
  } finally {
    pool.close();
  }
});

test('a runner is replaced after its share of runs', { timeout: 60_000 }, async () => {
  const pool = await startPool({ size: 1, recycleAfterRuns: 2 });
  try {
    const counts = [];
    for (let n = 0; n < 5; n += 1) counts.push((await runIsolated(behaved('countRuns')) as { runs: number }).runs);
    assert.deepEqual(counts, [1, 2, 1, 2, 1]);
  } finally {
    pool.close();
  }
});

test("the pool's end closes its runners and tells who waits; without a pool a run is refused", { timeout: 60_000 }, async ({ signal }) => {
  const pool = await startPool();
  let runnerPid = 0;
  const error = await failure(runIsolated(fault('loopsForever'), {
    onNotify: (osPid) => {
      runnerPid = osPid as number;
      pool.close();
    },
  }));
  assert.equal(error.code, 'isolation-closed');
  await untilGone(runnerPid, signal);
  assert.equal((await failure(runIsolated(behaved('osPid')))).code, 'isolation-closed');
});
