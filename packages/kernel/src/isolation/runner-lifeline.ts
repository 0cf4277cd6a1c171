// A thread in each runner that ends it, and all that it started, when the node is gone. The node
// holds the other end of a socket; the OS closes that however the node ends, and this thread
// sees it even while the runner's main thread loops. Where the pool cannot look from outside
// (no /proc), it also reports what the runner uses.
import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { systemClock } from '../timing/clock.ts';

export interface LifelineData {
  descriptor: number;
  reportsUsage: boolean;
}

const reportEveryMs = 50;

const { descriptor, reportsUsage } = workerData as LifelineData;
const lifeline = new Socket({ fd: descriptor, readable: true, writable: true });
lifeline.on('error', () => {});
// The runner leads its process group: its own children die with it.
lifeline.on('close', () => process.kill(-process.pid, 'SIGKILL'));
lifeline.resume();
if (reportsUsage) report();
flushCompileCache();

function report(): void {
  const { user, system } = process.cpuUsage();
  lifeline.write(`${process.memoryUsage.rss()} ${Math.round((user + system) / 1_000)}\n`);
  systemClock.wakeAt(systemClock.nowMs() + reportEveryMs, report);
}
