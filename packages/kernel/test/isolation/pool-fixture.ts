// A pool of real runners for a test, and the jobs that the fixtures can do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call, exit } from '../../src/process/call.ts';
import { isolationPool, isolationPoolName, type IsolatedJob, type IsolationPoolConfig, type PoolStatus } from '../../src/isolation/index.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

export interface TestPool {
  status(): Promise<PoolStatus>;
  /** Resolves when as many runners as configured are idle. */
  whole(signal: AbortSignal): Promise<PoolStatus>;
  close(): void;
}

export async function startPool(config: IsolationPoolConfig = {}): Promise<TestPool> {
  const pid = await isolationPool.start(config, { name: isolationPoolName });
  const status = () => call(pid, 'status');
  return {
    status,
    whole: async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const now = await status();
        if (now.runners.length === now.size && now.runners.every((runner) => runner.status === 'idle')) return now;
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    },
    close: () => exit(pid, 'shutdown'),
  };
}

export function fault(name: string, job: Partial<IsolatedJob> = {}): IsolatedJob {
  return { ...common, module: join(fixtures, 'faults.ts'), export: name, path: [], ...job };
}

export function behaved(name: string, input: unknown = undefined, job: Partial<IsolatedJob> = {}): IsolatedJob {
  return { ...common, module: join(fixtures, 'well-behaved.ts'), export: 'default', path: ['tools', name], input, ...job };
}

const common = { invoker: new URL('fixtures/invoker.ts', import.meta.url).href, input: undefined, deadlineMs: 20_000 };

/** Resolves when the OS has no such process any more, or only a zombie; `signal` is the test's. */
export async function untilGone(osPid: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      if (/\) Z /.test(readFileSync(`/proc/${osPid}/stat`, 'latin1'))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
