import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createHeart, type Heart, type HeartLimits, type Listening } from '@flyball/release';
import { keepOne } from '../fixtures/one-descriptor.ts';

interface Running {
  readonly heart: Heart;
  readonly log: string[];
  /** Resolves at the next log line that matches. */
  logged(pattern: RegExp): Promise<string>;
  readonly ready: Promise<readonly Listening[]>;
}

function run(t: TestContext, fixture: string, shards = 1, limits: Partial<HeartLimits> = {}): Running {
  const runtimeDirectory = mkdtempSync(join(tmpdir(), 'heart-'));
  const log: string[] = [];
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];
  const { promise: ready, resolve: onReady } = Promise.withResolvers<readonly Listening[]>();
  const heart = createHeart({
    node: 'test',
    shards,
    config: { port: 0 },
    runtimeDirectory,
    command: {
      execPath: process.execPath,
      args: ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url))],
      env: process.env,
    },
    descriptors: keepOne(),
    limits,
    log: (_severity, text) => {
      log.push(text);
      for (const { pattern, resolve } of waiting) if (pattern.test(text)) resolve(text);
    },
    onReady,
  });
  t.after(async () => {
    await heart.kill();
    rmSync(runtimeDirectory, { recursive: true });
  });
  heart.start();
  return { heart, log, ready, logged: (pattern) => new Promise((resolve) => waiting.push({ pattern, resolve })) };
}

function get(url: string, agent = new http.Agent()): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject);
      })
      .on('error', reject);
  });
}

const urlOf = (listening: readonly Listening[]): string => listening[0]?.url ?? '';

test('two shards serve one port; one is killed and comes back while the other serves on', async (t) => {
  const { heart, ready, logged } = run(t, 'shard-echo.ts', 2);
  const url = urlOf(await ready);
  const victim = heart.current(0);
  const restarted = logged(/shard 0 \(generation 1\) was ended by SIGKILL/);
  process.kill(heart.status().processes[0]?.pid ?? 0, 'SIGKILL');
  await restarted;
  assert.equal(await get(url), '1 2 initial', 'only shard 1 is there to answer');
  await until(() => heart.status().processes.some(({ shard, role }) => shard === 0 && role === 'current'), url);
  assert.equal(victim.generation, 1);
  assert.equal(heart.current(0).generation, 3);
  assert.equal(heart.status().restarts, 1);
  assert.deepEqual(await heart.stop(), { exitCode: 0 });
});

/** Asks over HTTP until the state is reached: each turn waits for an answer, none for time. */
async function until(reached: () => boolean, url: string): Promise<void> {
  while (!reached()) await get(url);
}

test('20 hand-overs under load: no request fails, generations count up, no process is left', async (t) => {
  const { heart, ready } = run(t, 'shard-echo.ts');
  const url = urlOf(await ready);
  const load = startLoad(url, 8, 8);
  for (let round = 1; round <= 20; round += 1) {
    const result = await heart.handOver();
    assert.ok(result.ok, JSON.stringify(result));
    assert.deepEqual([result.shards[0]?.from, result.shards[0]?.to, result.shards[0]?.end], [round, round + 1, 'drained']);
  }
  const { answered, failures } = await load.stop();
  t.diagnostic(`${answered} requests, ${failures.length} failed`);
  assert.deepEqual(failures, []);
  assert.ok(answered > 1_000, `only ${answered} requests`);
  assert.deepEqual(heart.status().processes.map(({ generation, role }) => [generation, role]), [[21, 'current']]);
});

function startLoad(url: string, keepAlive: number, perRequest: number): { stop(): Promise<{ answered: number; failures: string[] }> } {
  const failures: string[] = [];
  let answered = 0;
  let running = true;
  const worker = async (agent: http.Agent): Promise<void> => {
    while (running) await get(url, agent).then(() => (answered += 1), (error) => failures.push(String(error)));
    agent.destroy();
  };
  const agents = Array.from({ length: keepAlive + perRequest }, (_, index) => new http.Agent({ keepAlive: index < keepAlive, maxSockets: 1 }));
  const workers = agents.map(worker);
  return {
    stop: async () => {
      running = false;
      await Promise.all(workers);
      return { answered, failures };
    },
  };
}

test('a hand-over to a process that never gets ready fails, and the old one serves on', async (t) => {
  const { heart, ready } = run(t, 'shard-never-ready.ts', 1, { startTimeoutMs: 1_500 });
  const url = urlOf(await ready);
  const result = await heart.handOver();
  assert.equal(result.ok ? '' : result.error.code, 'successor-not-ready');
  assert.equal(await get(url), '1');
  assert.deepEqual(heart.status().processes.map(({ generation, role }) => [generation, role]), [[1, 'current']]);
});

test('a shard whose beats stop is killed and restarted', async (t) => {
  const { heart, ready, logged } = run(t, 'shard-stops-beating.ts', 1, { beatTimeoutMs: 400 });
  const url = urlOf(await ready);
  const killed = logged(/sent no beat for 400 ms; killing it/);
  await assert.rejects(heart.request(1, 'block', {}, 60_000), { code: 'shard-gone' });
  await killed;
  assert.equal(await get(url), '2', 'the request waited in the queue for the new process');
});

test('a shard that dies at each start makes heart give up, with the shard\'s own reason in the log', async (t) => {
  const { heart, log } = run(t, 'shard-crashes.ts', 1, { restartsMax: 2 });
  const { exitCode, reason } = await heart.finished;
  assert.equal(exitCode, 1);
  assert.equal(reason?.code, 'restart-intensity-reached');
  assert.equal(log.filter((line) => line.includes('exited with code 3: the application does not start')).length, 3);
});

test('a command that cannot be started is a crash like any other', async (t) => {
  const heart = createHeart({
    node: 'test',
    shards: 1,
    config: {},
    runtimeDirectory: tmpdir(),
    command: { execPath: '/nonexistent/node', args: [], env: {} },
    descriptors: keepOne(),
    limits: { restartsMax: 1 },
  });
  t.after(() => heart.kill());
  heart.start();
  const { exitCode, reason } = await heart.finished;
  assert.equal(exitCode, 1);
  assert.match(reason?.message ?? '', /ENOENT/);
});

test('stop kills a shard that stays past its deadline, and what that shard had started', async (t) => {
  const { heart, ready } = run(t, 'shard-never-stops.ts', 1, { stopDeadlineMs: 200 });
  await ready;
  const { grandchild } = (await heart.request(1, 'pids', {}, 5_000)) as { grandchild: number };
  const pid = heart.status().processes[0]?.pid ?? 0;
  assert.ok(isAlive(pid) && isAlive(grandchild));
  assert.deepEqual(await heart.stop(), { exitCode: 0 });
  assert.equal(isAlive(pid), false);
  // SIGKILL has been sent to the group; a process that is no child of ours tells nobody when it has acted.
  while (!isGoneOrZombie(grandchild)) await new Promise((turn) => setImmediate(turn));
});

test('an old process that does not drain is terminated and killed, the hand-over still succeeds', async (t) => {
  const { heart, ready } = run(t, 'shard-never-stops.ts', 1, { drainDeadlineMs: 100, killGraceMs: 100 });
  await ready;
  const result = await heart.handOver();
  assert.equal(result.ok && result.shards[0]?.end, 'killed');
});

test('requests reach the shard asked, and its errors keep their code', async (t) => {
  const { heart, ready } = run(t, 'shard-echo.ts', 2);
  await ready;
  assert.deepEqual(await heart.request(2, 'anything', { a: new Map([[1, 2]]) }, 5_000), { method: 'anything', params: { a: new Map([[1, 2]]) }, shard: 1, version: 'initial' });
  await assert.rejects(heart.request(1, 'kill', { target: 'nobody' }, 5_000), { code: 'noproc' });
  await assert.rejects(heart.request(99, 'status', {}, 5_000), { code: 'shard-gone' });
  await assert.rejects(heart.request(1, 'crash', {}, 5_000), { code: 'shard-gone' });
});

test('peers name each live process, its sockets and its role', async (t) => {
  const { heart, ready } = run(t, 'shard-echo.ts', 2);
  await ready;
  const peers = heart.peers();
  assert.deepEqual(peers.map(({ shard, generation, role }) => [shard, generation, role]), [[0, 1, 'current'], [1, 2, 'current']]);
  assert.match(peers[1]?.distribution ?? '', /\/s1g2\.dist\.sock$/);
});

test('shards exit when heart is killed', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'heart-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const holder = spawn(process.execPath, ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('../fixtures/heart-alone.ts', import.meta.url)), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(holder.stdout.setEncoding('utf8'), 'data');
  const { pid, url } = JSON.parse(line) as { pid: number; url: string };
  const connection = net.connect(Number(new URL(url).port), '127.0.0.1');
  await once(connection, 'connect');
  const closed = once(connection.resume(), 'close');
  assert.ok(isAlive(pid));
  const exited = once(holder, 'exit');
  holder.kill('SIGKILL');
  await Promise.all([closed, exited]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** An orphan's parent is the machine's first process, which may be slow to reap it. */
function isGoneOrZombie(pid: number): boolean {
  if (!isAlive(pid)) return true;
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
