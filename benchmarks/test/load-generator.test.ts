// The load generator against servers that fail now and then, and know how often: what it reports must be
// just that, or no figure of "0 failed" is worth anything.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { monotonicMs } from '../harness/clock.ts';
import { LoadGenerator } from '../load/load-generator.ts';
import type { Crowd, LoadPlan, LoadReport, Pacing } from '../load/plan.ts';
import { faultyServer } from './fixtures/faulty-server.ts';
import type { Fault } from './fixtures/faulty-server.ts';

const KEEP_ALIVE: Crowd = { clients: 4, dialect: 'sessionful', connection: 'keep-alive', handshake: true };
const PER_REQUEST: Crowd = { clients: 4, dialect: 'stateless', connection: 'per-request', handshake: true };

async function listen(server: Server, context: TestContext): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

interface Load {
  readonly port: number;
  readonly crowds: readonly Crowd[];
  readonly pacing?: Pacing;
  /** Ends the load when it resolves. */
  readonly until: Promise<unknown>;
}

async function run({ port, crowds, pacing = { kind: 'saturate' }, until }: Load): Promise<LoadReport> {
  const plan: LoadPlan = { port, crowds, pacing, tool: 'echo', answerTimeoutMs: 10_000 };
  const load = await LoadGenerator.prepare(plan, { pin: false });
  try {
    const fromMs = monotonicMs();
    load.start();
    await until;
    return await load.stop([{ name: 'all', fromMs, toMs: Infinity }]);
  } finally {
    load.kill();
  }
}

/** Resolves at the server's `count`th request. */
function requests(server: Server, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    server.on('request', () => {
      left--;
      if (left === 0) resolve();
    });
  });
}

const COUNTED_AS: Record<Fault, string | undefined> = {
  reset: 'reset',
  status: 'status',
  'rpc-error': 'rpc-error',
  'wrong-answer': 'wrong-answer',
  malformed: 'malformed',
  half: 'malformed',
  'say-close': undefined,
};

for (const crowd of [KEEP_ALIVE, PER_REQUEST]) {
  for (const [fault, kind] of Object.entries(COUNTED_AS) as [Fault, string | undefined][]) {
    test(`${crowd.connection}: each ${fault} is counted as ${kind ?? 'no failure'}`, async (context) => {
      const { server, calls, faults } = faultyServer(fault, 7);
      const port = await listen(server, context);
      const report = await run({ port, crowds: [crowd], until: requests(server, 300) });
      assert.ok(faults() > 20, 'the server must have failed some');
      const expected = kind === undefined ? {} : { [kind]: faults() };
      assert.deepEqual(report.failures, expected, report.examples.join('\n'));
      assert.equal(report.completed, calls() - report.failed);
      assert.equal(report.windows[0]?.completed, report.completed);
    });
  }
}

test('a server that is gone refuses each call', async (context) => {
  const { server } = faultyServer('status', Infinity);
  const port = await listen(server, context);
  const served = requests(server, 100);
  const gone = served.then(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const report = await run({ port, crowds: [PER_REQUEST], until: gone });
  assert.ok(report.failed > 0);
});

test('at a fixed rate a pause of the server shows in the latency of all that was due meanwhile', async (context) => {
  const PAUSE_MS = 300;
  const { server } = faultyServer('status', Infinity);
  const paused = createServer();
  const port = await listen(paused, context);
  let count = 0;
  // All requests of the pause wait for its end, as behind a blocked event loop.
  let pause: Promise<void> | undefined;
  paused.on('request', (request, response) => {
    count++;
    if (count === 200) pause = new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const serve = (): boolean => server.emit('request', request, response);
    if (pause === undefined) serve();
    else void pause.then(serve);
  });
  const until = requests(paused, 600);
  const report = await run({ port, crowds: [KEEP_ALIVE], pacing: { kind: 'fixed', requestsPerSecond: 1_000 }, until });
  const latency = report.windows[0]?.latency;
  assert.ok(latency !== undefined && latency.maxMs >= PAUSE_MS * 0.9, `max ${latency?.maxMs}`);
  // 300 of about 600 were due during the pause: with four clients, a closed loop would have seen four of them.
  assert.ok(latency.p90Ms > PAUSE_MS / 2, `p90 ${latency.p90Ms}`);
  assert.equal(report.failed, 0);
});
