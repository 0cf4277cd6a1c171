// start_ms: from spawning `npm start` to the first 200 of /readyz, compile cache warm; beside it, from
// spawning the bootstrap that npm runs, which is what is ours of it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { endWithUs } from '../harness/children.ts';
import { delayMs, monotonicMs } from '../harness/clock.ts';
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { skipped } from '../harness/figure.ts';
import { REPOSITORY_ROOT } from '../harness/machine.ts';
import { machineTicks, processTree, stealShare } from '../harness/processor.ts';
import { pidOf, productionEnvironment } from '../harness/server-process.ts';
import { median, readable } from '../harness/statistics.ts';
import { hasNpm, missingOurs } from '../ours/our-node.ts';

const READY_TIMEOUT_MS = 120_000;
const POLL_INTERVAL_MS = 2;
const STOP_TIMEOUT_MS = 20_000;

const COMMANDS = {
  npm: ['npm', 'start', '--'],
  bootstrap: [process.execPath, join(REPOSITORY_ROOT, 'tools/bootstrap.cjs'), 'start'],
} as const;
type Way = keyof typeof COMMANDS;

/** Time from the spawn to readiness; ends what it started. */
async function sampleStart(way: Way): Promise<number> {
  const port = await freePort();
  const [file = '', ...argv] = [...COMMANDS[way], '--name', `bench-start-${process.pid}`, '--port', String(port)];
  const startedMs = monotonicMs();
  const child = spawn(file, argv, { cwd: REPOSITORY_ROOT, env: environment(), stdio: ['ignore', 'ignore', 'inherit'] });
  endWithUs(child);
  try {
    await ready(child, port);
    return monotonicMs() - startedMs;
  } finally {
    await stopTree(child);
  }
}

/** As from a shell: without what npm adds for the script that runs here. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(productionEnvironment()).filter(([name]) => !/^(npm_|NODE_COMPILE_CACHE|INIT_CWD)/.test(name));
  return Object.fromEntries(kept);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ready(child: ChildProcess, port: number): Promise<void> {
  const deadlineMs = monotonicMs() + READY_TIMEOUT_MS;
  while (!(await answers200(port))) {
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}`);
    if (monotonicMs() > deadlineMs) throw new Error(`/readyz did not say 200 within ${READY_TIMEOUT_MS} ms`);
    await delayMs(POLL_INTERVAL_MS);
  }
}

/** One GET by hand: while nobody listens it costs little, on a machine that is busy with the start. */
function answers200(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.write('GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n'));
    socket.on('data', (data) => {
      resolve(data.toString('latin1').startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}

/** npm passes SIGTERM to its script's shell only, so each process of the tree is told. */
async function stopTree(child: ChildProcess): Promise<void> {
  const tree = processTree(pidOf(child)).toReversed();
  for (const pid of tree) signal(pid, 'SIGTERM');
  const deadlineMs = monotonicMs() + STOP_TIMEOUT_MS;
  while (tree.some((pid) => signal(pid, 0))) {
    if (monotonicMs() > deadlineMs) for (const pid of tree) signal(pid, 'SIGKILL');
    await delayMs(20);
  }
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

interface Starts {
  readonly npm: readonly number[];
  readonly bootstrap: readonly number[];
}

async function measureStarts({ pairs, say }: Conditions): Promise<Starts> {
  for (const way of ['npm', 'bootstrap'] as const) say(`warm-up, ${way}: ${readable(await sampleStart(way))} ms`);
  const starts = { npm: [] as number[], bootstrap: [] as number[] };
  for (let number = 0; number < pairs; number++) {
    const before = machineTicks();
    const ways: Way[] = number % 2 === 0 ? ['npm', 'bootstrap'] : ['bootstrap', 'npm'];
    for (const way of ways) starts[way].push(await sampleStart(way));
    const steal = (stealShare(before, machineTicks()) * 100).toFixed(1);
    say(`start ${number + 1}/${pairs}: npm ${readable(starts.npm.at(-1) ?? NaN)} ms | bootstrap ${readable(starts.bootstrap.at(-1) ?? NaN)} ms | steal ${steal} %`);
  }
  return starts;
}

// Two figures, one measurement: both ways are started turn by turn.
let measured: Promise<Starts> | undefined;

function startFigure(name: string, way: Way, about: string, target?: Figure['target']): Figure {
  const measure = async (conditions: Conditions): Promise<Outcome> => {
    const missing = missingOurs();
    if (missing !== undefined) return skipped(missing);
    if (!hasNpm()) return skipped('needs npm');
    measured ??= measureStarts(conditions);
    const starts = (await measured)[way];
    const range = `from ${readable(Math.min(...starts))} to ${readable(Math.max(...starts))} ms`;
    return { kind: 'measured', value: median(starts), detail: `median of ${starts.length} starts, ${range}` };
  };
  return { name, unit: 'ms', about, measure, ...(target === undefined ? {} : { target }) };
}

export const startFigures: readonly Figure[] = [
  startFigure('start_ms', 'npm', 'from spawning `npm start` to the first 200 of /readyz', { comparison: '<=', value: 400 }),
  startFigure('start_bootstrap_ms', 'bootstrap', 'the same without npm: from spawning tools/bootstrap.cjs'),
];
