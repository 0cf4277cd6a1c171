// How a runner is started and how it and all that it started are ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileCacheArguments } from './compile-cache.ts';
import { descendantsOf } from './proc-files.ts';

export interface RunnerOptions {
  readonly memoryMbMax: number;
  readonly preload: readonly string[];
  /** Whether it reports its usage itself, for want of /proc. */
  readonly reportsUsage: boolean;
}

/** After stdin, stdout, stderr and the IPC channel. */
export const lifelineDescriptor = 4;
export const reportsUsageArgument = 'reports-usage';

const isSource = import.meta.url.endsWith('.ts');

/** Command line of a runner, without the executable. */
export function runnerArguments({ memoryMbMax, preload, reportsUsage }: RunnerOptions): string[] {
  return [
    ...(isSource ? ['--conditions=flyball-source'] : []),
    ...compileCacheArguments(),
    '--experimental-vm-modules',
    '--no-compilation-cache',
    '--disable-warning=ExperimentalWarning',
    // Node's unit is MiB. It bounds the JavaScript heap alone; the pool watches all the rest.
    `--max-old-space-size=${Math.floor((memoryMbMax * 1e6) / 2 ** 20)}`,
    fileURLToPath(new URL(`./runner-main${isSource ? '.ts' : '.js'}`, import.meta.url)),
    reportsUsage ? reportsUsageArgument : '-',
    ...preload,
  ];
}

/** Detached, that is the leader of a process group: what it starts can be killed with it. */
export function startRunner(options: RunnerOptions): ChildProcess {
  return spawn(process.execPath, runnerArguments(options), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    serialization: 'advanced',
    detached: true,
  });
}

/**
 * SIGKILL for its process group, and for descendants that left the group while their parents live.
 * Out of reach is only what left both, a daemon that detached itself twice.
 */
export function killRunner(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const strays = child.exitCode === null && child.signalCode === null ? descendantsOf(child.pid) : [];
  for (const pid of [-child.pid, ...strays]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Nobody is left there.
    }
  }
}
