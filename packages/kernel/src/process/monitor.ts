// Monitors: one-way, told once. The watched process keeps them in a list through the monitors
// themselves, the watching one in a map by reference, since it may take one back.
import type { ExitReason } from './exit-reason.ts';
import { INFO, Message } from './message.ts';
import type { Pid } from './pid.ts';
import { enqueue, type Process } from './process.ts';

export type MonitorRef = number;

/** What a monitor sends, once: `reason` is 'noproc' if the process was dead before. */
export interface Down {
  type: 'DOWN';
  ref: MonitorRef;
  pid: Pid;
  reason: ExitReason;
}

let lastRef = 0;

export class Monitor {
  readonly ref: MonitorRef;
  readonly target: Process;
  /** The watching process; undefined where `notify` is called instead. */
  readonly watcher: Process | undefined;
  readonly notify: ((down: Down) => void) | undefined;
  previous: Monitor | undefined = undefined;
  next: Monitor | undefined = undefined;

  constructor(target: Process, watcher: Process | undefined, notify: ((down: Down) => void) | undefined) {
    this.ref = nextMonitorRef();
    this.target = target;
    this.watcher = watcher;
    this.notify = notify;
  }
}

export function nextMonitorRef(): MonitorRef {
  lastRef += 1;
  return lastRef;
}

/** Watches a live process, for another one. */
export function watch(watcher: Process, target: Process): MonitorRef {
  const monitor = attach(new Monitor(target, watcher, undefined));
  watcher.monitoring ??= new Map();
  watcher.monitoring.set(monitor.ref, monitor);
  return monitor.ref;
}

/** Watches a live process from outside any process, or for another shard. */
export function watchWith(target: Process, notify: (down: Down) => void): Monitor {
  return attach(new Monitor(target, undefined, notify));
}

function attach(monitor: Monitor): Monitor {
  const { target } = monitor;
  monitor.next = target.monitors;
  if (target.monitors !== undefined) target.monitors.previous = monitor;
  target.monitors = monitor;
  return monitor;
}

export function detach(monitor: Monitor): void {
  const { target, previous, next } = monitor;
  if (previous !== undefined) previous.next = next;
  else if (target.monitors === monitor) target.monitors = next;
  if (next !== undefined) next.previous = previous;
  monitor.watcher?.monitoring?.delete(monitor.ref);
}

/** Tells all who watch the process, which is dead by now, and takes back what it watched. */
export function releaseMonitors(process: Process, reason: ExitReason): void {
  if (process.monitoring !== undefined) {
    for (const monitor of process.monitoring.values()) detach(monitor);
    process.monitoring = undefined;
  }
  let monitor = process.monitors;
  process.monitors = undefined;
  for (; monitor !== undefined; monitor = monitor.next) {
    const down: Down = { type: 'DOWN', ref: monitor.ref, pid: process.pid, reason };
    if (monitor.watcher === undefined) monitor.notify!(down);
    else {
      monitor.watcher.monitoring?.delete(monitor.ref);
      enqueue(monitor.watcher, new Message(INFO, '', down, undefined));
    }
  }
}
