// What /proc says of processor time: the machine's (proc_stat(5): user, nice, system, idle, iowait, irq,
// softirq, steal) and one process's (proc_pid_stat(5), fields 14 and 15, threads included).
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux keeps at 100 on every architecture that Node runs on. */
export const TICK_MS = 10;

export interface MachineTicks {
  readonly total: number;
  readonly busy: number;
  readonly steal: number;
}

/** Parses the first line of /proc/stat. */
export function parseMachineTicks(procStat: string): MachineTicks {
  const line = procStat.slice(0, procStat.indexOf('\n'));
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq;
  return { total: busy + idle + iowait + steal, busy, steal };
}

export function machineTicks(): MachineTicks {
  return parseMachineTicks(readFileSync('/proc/stat', 'utf8'));
}

/** Share of all processor time between two readings that the hypervisor gave to others, 0 to 1. */
export function stealShare(before: MachineTicks, after: MachineTicks): number {
  return (after.steal - before.steal) / Math.max(1, after.total - before.total);
}

interface ProcessTicks {
  readonly parent: number;
  readonly cpuTicks: number;
}

/** Parses /proc/<pid>/stat; the name in parentheses may hold spaces and parentheses. */
export function parseProcessTicks(stat: string): ProcessTicks {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // After the name: state is field 3, ppid 4, utime 14, stime 15.
  return { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

function processTicks(pid: number): ProcessTicks | undefined {
  try {
    return parseProcessTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // ended meanwhile
  }
}

/** `root` and everything below it, parents first. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const ticks = processTicks(pid);
    if (ticks === undefined) continue;
    children.set(ticks.parent, [...(children.get(ticks.parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** User and system time in ms that these processes, their threads included, have used. In steps of 10 ms. */
export function cpuMsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (processTicks(pid)?.cpuTicks ?? 0) * TICK_MS, 0);
}
