// Starting and steering our node: the one file that knows its command line, its banner and its control
// commands.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connectControl, runtimeDirectoryPath } from '@flyball/release';
import type { ControlClient } from '@flyball/release';
import { endWithUs } from '../harness/children.ts';
import { monotonicMs, withinMs } from '../harness/clock.ts';
import { SERVER_CORE, pinnedCommand } from '../harness/cores.ts';
import { REPOSITORY_ROOT } from '../harness/machine.ts';
import { processTree } from '../harness/processor.ts';
import { end, pidOf, productionEnvironment } from '../harness/server-process.ts';
import type { ServerProcess } from '../harness/server-process.ts';

const CLI = join(REPOSITORY_ROOT, 'packages/cli/src/main.ts');
const START_TIMEOUT_MS = 60_000;

/** Why ours cannot be measured in this checkout; undefined when it can. */
export function missingOurs(): string | undefined {
  return existsSync(CLI) ? undefined : 'ours is not built yet: packages/cli/src/main.ts does not exist';
}

export interface OurNode extends ServerProcess {
  /** Heart: not counted in any figure. */
  readonly heartPid: number;
  /** A method of the control socket, as `flyball ctl` sends it. */
  readonly control: (method: string, params: Readonly<Record<string, unknown>>) => Promise<unknown>;
}

export interface OurOptions {
  /** A directory with an application. */
  readonly application: string;
  readonly pin: boolean;
  readonly arguments?: readonly string[];
}

export function benchmarkApplication(name: string): string {
  return fileURLToPath(new URL(`../applications/${name}`, import.meta.url));
}

let started = 0;

/** One shard (+S 1), production mode, a port that the system chooses. */
export async function startOurs(options: OurOptions): Promise<OurNode> {
  started++;
  const name = `bench-${process.pid}-${started}`;
  const extra = options.arguments ?? [];
  const command = nodeCommand(['start', '--name', name, '--application', options.application, '--port', '0', ...extra]);
  const [file = '', ...argv] = options.pin ? pinnedCommand(SERVER_CORE, command) : command;
  const environment = productionEnvironment();
  const child = spawn(file, argv, { cwd: REPOSITORY_ROOT, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  endWithUs(child);
  const heartPid = pidOf(child);
  try {
    const port = await withinMs(START_TIMEOUT_MS, 'our node does not listen', portOfBanner(child));
    return {
      port,
      heartPid,
      // Below heart: the shard, and the pool of isolated tools.
      countedPids: () => processTree(heartPid).slice(1),
      control: (method, params) => control(name, method, params),
      stop: () => end(child, 15_000),
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** The command as `npm start` and the tests run it: sources, with types stripped. */
function nodeCommand(words: readonly string[]): string[] {
  return [process.execPath, '--conditions=flyball-source', '--disable-warning=ExperimentalWarning', CLI, ...words];
}

/** The first http URL that heart prints is where MCP is served. Prints on until its end, so it is read on. */
function portOfBanner(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no standard output'));
    const said: string[] = [];
    createInterface(child.stdout).on('line', (line) => {
      said.push(line);
      const port = /http:\/\/[^\s/]+:(\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`our node ended (${code ?? signal}): ${said.join('\n')}`)));
  });
}

/** As cli does: the environment says where nodes keep their sockets. */
function controlOf(name: string): Promise<ControlClient> {
  const runtimeRoot = process.env['XDG_RUNTIME_DIR'];
  const userId = process.getuid?.() ?? 0;
  return connectControl(runtimeDirectoryPath({ name, runtimeRoot, temporaryRoot: tmpdir(), userId }));
}

async function control(name: string, method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
  const client = await controlOf(name);
  try {
    return await client.request(method, params);
  } finally {
    client.close();
  }
}

/** Times of harness/clock.ts. */
export interface Swapped {
  readonly startedMs: number;
  readonly resumedMs: number;
}

export interface NewVersion {
  /** As it calls itself. */
  readonly application: string;
  /** Absolute. */
  readonly directory: string;
}

/** Loads another version of the running application; the swap ends when the last process has resumed. */
export async function loadVersion(node: OurNode, { application, directory }: NewVersion): Promise<Swapped> {
  // Seen from here: both phases, and the way there and back over the control socket.
  const startedMs = monotonicMs();
  await node.control('load', { application, directory });
  return { startedMs, resumedMs: monotonicMs() };
}

/** Returns once the new process serves and the old one is gone. */
export async function handOver(node: OurNode): Promise<void> {
  await node.control('hand-over', {});
}

/** Whether npm is there to start ours with. */
export function hasNpm(): boolean {
  return spawnSync('npm', ['--version']).status === 0;
}
