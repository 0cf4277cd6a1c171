// A server under measurement: started, known by its port and by the processes whose CPU counts, ended.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './children.ts';
import { withinMs } from './clock.ts';
import { SERVER_CORE, pinnedCommand } from './cores.ts';

const START_TIMEOUT_MS = 20_000;

export interface ServerProcess {
  readonly port: number;
  /** The processes that do the work; asked for at each reading, since they may change. */
  readonly countedPids: () => number[];
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  readonly pin: boolean;
  readonly arguments?: readonly string[];
}

/** Starts a file of peers/, which prints {"port":…} once it listens. */
export async function startPeer(file: string, options: StartOptions): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(`../peers/${file}`, import.meta.url));
  const command = [process.execPath, path, ...(options.arguments ?? [])];
  const child = spawnCommand(options.pin ? pinnedCommand(SERVER_CORE, command) : command);
  try {
    const port = await withinMs(START_TIMEOUT_MS, `${file} does not listen`, announcedPort(child));
    return { port, countedPids: () => [pidOf(child)], stop: () => end(child) };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function spawnCommand([command = '', ...argv]: readonly string[]): ChildProcess {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'], env: productionEnvironment() });
  endWithUs(child);
  return child;
}

/** Both sides run as in production, and neither takes over options meant for this process. */
export function productionEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _ours, ...environment } = process.env;
  return { ...environment, NODE_ENV: 'production' };
}

function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no standard output'));
    createInterface(child.stdout).once('line', (line) => {
      resolve((JSON.parse(line) as { port: number }).port);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`ended at once: ${code ?? signal}`)));
  });
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process did not start');
  return child.pid;
}

/** SIGTERM, then SIGKILL; resolves when it is gone. */
export async function end(child: ChildProcess, graceMs = 5_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  try {
    await withinMs(graceMs, 'SIGTERM', gone);
  } catch {
    child.kill('SIGKILL');
    await gone;
  }
}
