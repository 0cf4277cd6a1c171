// The main module of a runner: an OS process that runs one job at a time for the pool and can be
// killed at any moment. Arguments: whether its lifeline reports usage, then modules to load ahead.
import { writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import { errorInfo } from '../process/exit-reason.ts';
import { compileCacheEnvironment } from './compile-cache.ts';
import { descendantsOf } from './proc-files.ts';
import { RunnerJob } from './runner-job.ts';
import type { LifelineData } from './runner-lifeline.ts';
import { lifelineDescriptor, reportsUsageArgument } from './runner-start.ts';
import type { FromRunner, ToRunner } from './runner-protocol.ts';

const [usage, ...preload] = process.argv.slice(2);
let job: RunnerJob | undefined;

// Kept here: code of jobs may do what it likes with `process`.
const channelSend = process.send!.bind(process);
const exit = process.exit.bind(process);

function send(message: FromRunner, sent: () => void = () => {}): void {
  channelSend(message, undefined, undefined, sent);
}

function startLifeline(): Worker {
  const workerData: LifelineData = { descriptor: lifelineDescriptor, reportsUsage: usage === reportsUsageArgument };
  const file = `./runner-lifeline${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;
  const worker = new Worker(new URL(file, import.meta.url), { workerData, name: 'lifeline', execArgv: [], env: compileCacheEnvironment(), resourceLimits: { maxYoungGenerationSizeMb: 4 } });
  worker.unref();
  return worker;
}

/** When memory runs out, the kernel of the OS takes runners first and the node last (proc(5)). */
function offerToOomKiller(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux.
  }
}

function take(message: ToRunner): void {
  if (message.type === 'run') {
    job = new RunnerJob(message, send);
    void job.run().then(finish);
  } else if (job?.id === message.id) job.take(message);
}

// Ready only after the loop has turned: a job that goes on blocking must not get the next one's time.
function finish(): void {
  job = undefined;
  for (const pid of descendantsOf(process.pid)) killLeftover(pid);
  setImmediate(() => send({ type: 'ready' }));
}

function killLeftover(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

// Unhandled rejections come here too.
process.on('uncaughtException', (error: unknown) => send({ type: 'crash', error: errorInfo(error) }, () => exit(1)));
process.on('message', take);
offerToOomKiller();
const lifeline = startLifeline();
// Without it nothing would end this process together with the node.
lifeline.on('error', () => exit(1));
// Not an exit: the lifeline, or the pool, ends the whole group, and this process is its leader.
process.on('disconnect', () => lifeline.ref());
for (const url of preload) await import(url);
send({ type: 'ready' });
flushCompileCache();
