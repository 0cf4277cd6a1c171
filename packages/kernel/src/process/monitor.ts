// Monitors: one-way, told once. The watched process keeps them in a list through the monitors
// themselves, the watching one in a map by reference, since it may take one back.
import { distribution } from './distribution.ts';
import type { ExitReason } from './exit-reason.ts';
import { INFO, Message } from './message.ts';
import type { Pid } from './pid.ts';
import { enqueue, type Process } from './process.ts';
import { telemetryEvent } from '../telemetry.ts';

export type MonitorRef = number;

/** What a monitor sends, once: `reason` is 'noproc' if the process was dead before. */
export interface Down {
  type: 'DOWN';
  ref: MonitorRef;
  pid: Pid;
  reason: ExitReason;
}

/** What was to be told of a process's end threw; all others were told. */
export const notifyFailed = telemetryEvent<{ pid: Pid; error: unknown }>('process.monitor.failed');

let lastRef = 0;

/** What a process holds for each monitor of its own; a remote target is watched by the `Distribution`. */
export interface HeldMonitor {
  release(): void;
}

export class Monitor implements HeldMonitor {
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

  release(): void {
    detach(this);
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

/** Watches a process of another shard or node: 'noconnection' at once where nobody carries it. */
export function watchElsewhere(watcher: Process, target: Pid): MonitorRef {
  const ref = nextMonitorRef();
  const carrier = distribution();
  if (carrier === undefined) {
    enqueue(watcher, new Message(INFO, '', { type: 'DOWN', ref, pid: target, reason: 'noconnection' } satisfies Down, undefined));
    return ref;
  }
  watcher.monitoring ??= new Map();
  watcher.monitoring.set(ref, {
    release: () => {
      watcher.monitoring?.delete(ref);
      carrier.demonitor(target, ref);
    },
  });
  // It may have been taken back, or its holder may be dead, while the news was under way.
  carrier.monitor(target, ref, (down) => {
    if (watcher.monitoring?.delete(ref) === true) enqueue(watcher, new Message(INFO, '', down, undefined));
  });
  return ref;
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
  // Taken back twice, it must not tear the list that its former neighbours form by then.
  monitor.previous = undefined;
  monitor.next = undefined;
  monitor.watcher?.monitoring?.delete(monitor.ref);
}

/** Tells all who watch the process, which is dead by now, and takes back what it watched. */
export function releaseMonitors(process: Process, reason: ExitReason): void {
  if (process.monitoring !== undefined) {
    const held = process.monitoring;
    process.monitoring = undefined;
    for (const monitor of held.values()) monitor.release();
  }
  for (let monitor = process.monitors; monitor !== undefined; monitor = process.monitors) {
    detach(monitor);
    const down: Down = { type: 'DOWN', ref: monitor.ref, pid: process.pid, reason };
    if (monitor.watcher === undefined) notifySafely(monitor.notify!, down);
    else enqueue(monitor.watcher, new Message(INFO, '', down, undefined));
  }
}

function notifySafely(notify: (down: Down) => void, down: Down): void {
  try {
    notify(down);
  } catch (error) {
    notifyFailed.emit({ pid: down.pid, error });
  }
}
