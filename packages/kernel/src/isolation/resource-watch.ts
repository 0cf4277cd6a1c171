// Watches from outside what a runner and its descendants use. V8's own limits do not count
// buffers, and a blocked runner reports nothing; /proc does both.
import { cancelTimer, startTimer, type Timer } from '../timing/timers.ts';
import type { IsolationEnd } from './job.ts';
import { cpuMs, descendantsOf, ProcFile, residentBytes } from './proc-files.ts';

export interface Limits {
  readonly memoryMbMax: number;
  readonly cpuMsMax: number;
}

export interface Usage {
  readonly residentBytes: number;
  readonly cpuMs: number;
}

/** Where the readings come from: /proc, or the runner's own reports where there is none. */
export interface UsageSource {
  read(isCpuWanted: boolean): Usage;
  close(): void;
}

/** Descendants are looked for at the first reading and each tenth, their use is read each time. */
const readingsPerSearch = 10;

export class ProcUsage implements UsageSource {
  readonly #pid: number;
  readonly #files = new Map<number, { statm: ProcFile; stat: ProcFile }>();
  #readings = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#follow([pid]);
  }

  read(isCpuWanted: boolean): Usage {
    if (this.#readings % readingsPerSearch === 0) this.#follow([this.#pid, ...descendantsOf(this.#pid)]);
    this.#readings += 1;
    let resident = 0;
    let cpu = 0;
    for (const { statm, stat } of this.#files.values()) {
      resident += residentBytes(statm.read());
      if (isCpuWanted) cpu += cpuMs(stat.read());
    }
    return { residentBytes: resident, cpuMs: cpu };
  }

  /** The next reading looks for descendants again: a new run begins. */
  restart(): void {
    this.#readings = 0;
  }

  close(): void {
    this.#follow([]);
  }

  #follow(pids: readonly number[]): void {
    for (const [pid, { statm, stat }] of this.#files) {
      if (pids.includes(pid)) continue;
      statm.close();
      stat.close();
      this.#files.delete(pid);
    }
    for (const pid of pids) {
      if (!this.#files.has(pid)) this.#files.set(pid, { statm: new ProcFile(pid, 'statm'), stat: new ProcFile(pid, 'stat') });
    }
  }
}

/** Usage as the runner's lifeline thread reports it: lines of `resident bytes, CPU ms`. */
export class ReportedUsage implements UsageSource {
  #last: Usage = { residentBytes: 0, cpuMs: 0 };
  #rest = '';

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!.slice(-100);
    const [resident, cpu] = (lines.pop() ?? '').split(' ').map(Number);
    if (Number.isFinite(resident) && Number.isFinite(cpu)) this.#last = { residentBytes: resident!, cpuMs: cpu! };
  }

  read(): Usage {
    return this.#last;
  }

  close(): void {}
}

/** Reads the source every `everyMs` until stopped; calls `exceeded` once, and stops by itself then. */
export function watchResources(source: UsageSource, limits: Limits, everyMs: number, exceeded: (end: IsolationEnd) => void): () => void {
  const isCpuWanted = limits.cpuMsMax !== Infinity;
  if (source instanceof ProcUsage) source.restart();
  const cpuMsBefore = isCpuWanted ? source.read(true).cpuMs : 0;
  let timer: Timer;
  const look = (): void => {
    const end = exceededLimit(source.read(isCpuWanted), limits, cpuMsBefore);
    if (end === undefined) timer = startTimer(everyMs, look);
    else exceeded(end);
  };
  timer = startTimer(everyMs, look);
  return () => void cancelTimer(timer);
}

function exceededLimit(usage: Usage, limits: Limits, cpuMsBefore: number): IsolationEnd | undefined {
  const usedMb = Math.round(usage.residentBytes / 1e6);
  if (usedMb > limits.memoryMbMax) return { kind: 'memory', usedMb, memoryMbMax: limits.memoryMbMax };
  const usedMs = usage.cpuMs - cpuMsBefore;
  if (usedMs > limits.cpuMsMax) return { kind: 'cpu', usedMs, cpuMsMax: limits.cpuMsMax };
  return undefined;
}
