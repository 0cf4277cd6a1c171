// Loaded into every test file's process by tools/test-run.ts. Node waits for ever for a file whose tests have
// ended while a socket, timer or child process stays open, and takes one that exits early for passed: here
// both fail, with a word about why. What a test file starts inherits the flag that loads this: it does nothing there.
import { isMainThread } from 'node:worker_threads';

/** Given by tools/test-run.ts in the query of this module's address. */
const graceMs = Number(new URL(import.meta.url).searchParams.get('graceMs'));
const leftOpenExitCode = 75;
const exitedEarlyExitCode = 76;

if (isMainThread && process.argv[1]?.endsWith('.test.ts')) await guard();

async function guard(): Promise<void> {
  const { after } = await import('node:test');
  let hasEnded = false;
  // A hook of the file's root: it runs after the last test.
  after(() => {
    hasEnded = true;
    setTimeout(failOpenFile, graceMs).unref();
  });
  process.once('exit', (code) => {
    if (hasEnded || code !== 0) return;
    process.stderr.write('test file exited before its last test ended\n');
    process.exitCode = exitedEarlyExitCode;
  });
  // Read by now. What a test starts shall not take itself for a test file and report to the runner.
  delete process.env['NODE_TEST_CONTEXT'];
}

function failOpenFile(): void {
  const open = process.getActiveResourcesInfo().toSorted().join(', ');
  process.stderr.write(`test file ended ${graceMs / 1_000} s ago and keeps open: ${open}\n`);
  process.exit(leftOpenExitCode);
}
