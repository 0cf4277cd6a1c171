// One run of node's test runner, in which every file ends: a test by its time limit, a file that keeps
// something open by the exit guard, one that loops without yielding by its silence.
import { join } from 'node:path';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

export type RunOptions = {
  /** The checkout that `files` are relative to. */
  readonly root: string;
  readonly files: readonly string[];
  readonly filesAtOnce: number;
  readonly testTimeoutMs: number;
  /** Only tests whose name matches one of these regular expressions; none given: all. */
  readonly names?: readonly string[];
  /** How long a file may keep something open after its last test, default 10 s. */
  readonly openGraceMs?: number;
  /** How much longer than a test may take nothing may be heard, default 30 s. */
  readonly silenceGraceMs?: number;
};

/** What the code server needs to load application modules (decision 2), gc for tests of memory, and no more. */
const nodeFlags = [
  '--conditions=flyball-source',
  '--experimental-vm-modules',
  '--no-compilation-cache',
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
];

export function testRun(options: RunOptions): AsyncGenerator<TestEvent> {
  const { root, files, filesAtOnce, testTimeoutMs, names = [], openGraceMs = 10_000, silenceGraceMs = 30_000 } = options;
  const hung = new AbortController();
  const guard = pathToFileURL(join(import.meta.dirname, 'exit-guard.ts'));
  guard.searchParams.set('graceMs', String(openGraceMs));
  const events = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency: filesAtOnce,
    timeout: testTimeoutMs,
    signal: hung.signal,
    execArgv: [...nodeFlags, `--import=${guard.href}`],
    ...(names.length > 0 ? { testNamePatterns: names.map((name) => new RegExp(name)) } : {}),
  }) as AsyncIterable<TestEvent>;
  return untilSilent(events, hung, testTimeoutMs + silenceGraceMs);
}

async function* untilSilent(events: AsyncIterable<TestEvent>, hung: AbortController, silenceMs: number): AsyncGenerator<TestEvent> {
  const timer = setTimeout(() => {
    process.stderr.write(`no test has ended for ${silenceMs / 1_000} s: giving up\n`);
    hung.abort();
  }, silenceMs);
  try {
    for await (const event of events) {
      timer.refresh();
      yield event;
    }
  } finally {
    clearTimeout(timer);
  }
}
