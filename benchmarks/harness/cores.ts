// Two cores: what is measured on the first, the load on the second, so that neither takes the other's.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** Whether this machine can be divided so: two cores, and taskset of util-linux. */
export function canPin(): boolean {
  return cpus().length > LOAD_CORE && spawnSync('taskset', ['--version']).status === 0;
}

/** Moves a process, with all the threads that it has and will have, to one core. */
export function pinTo(core: number, pid: number): void {
  const moved = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
  if (moved.status !== 0) throw new Error(`taskset could not move ${pid} to core ${core}: ${moved.stderr.toString()}`);
}

/** The same from a process's first moment on: its command line behind taskset's. */
export function pinnedCommand(core: number, command: readonly string[]): string[] {
  return ['taskset', '--cpu-list', String(core), ...command];
}
