// `npm test`: lint, types, then node's own test runner over every test file. Started by
// tools/bootstrap.cjs on the pinned Node; `npm run lint`, `types` and `test:soak` are parts of it.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

import { provideDebianPackages } from './debian-packages.ts';
import { TestReport } from './test-events.ts';
import { filesOf, planOf, testFilePatterns, usage, type Plan, type Step } from './test-plan.ts';

const root = join(import.meta.dirname, '..');
/** What application modules need to be loaded by the code server (decision 2), and nothing else. */
const nodeFlags = [
  '--conditions=source',
  '--experimental-vm-modules',
  '--no-compilation-cache',
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
  `--import=${pathToFileURL(join(root, 'tools/exit-guard.ts')).href}`,
];
const testTimeoutMs = 180_000;
const soakTimeoutMs = 3_600_000;
const silenceGraceMs = 30_000;
const unitFilesAtOnce = Math.min(2, availableParallelism());

const checks: Partial<Record<Step, readonly string[]>> = {
  lint: ['node_modules/oxlint/bin/oxlint', '--deny-warnings', '--report-unused-disable-directives-severity=error', '.'],
  types: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', String(Boolean(process.stdout.isTTY))],
};

type Outcome = { readonly step: string; readonly isGreen: boolean; readonly note: string };

async function check(step: Step, args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) process.stdout.write(Buffer.concat(output));
  return { step, isGreen: code === 0, note: code === 0 ? '' : `exit code ${code}` };
}

async function runChecks(plan: Plan): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [step, args] of Object.entries(checks) as [Step, readonly string[]][]) {
    if (!plan.steps.has(step)) continue;
    const outcome = await check(step, args);
    process.stdout.write(`${outcome.isGreen ? '✔' : '✖'} ${step}\n`);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Starts one run of node's test runner over `files`; undefined when there are none. */
function starter(files: readonly string[], concurrency: number, timeoutMs: number, names: readonly string[]) {
  if (files.length === 0) return undefined;
  const testNamePatterns = names.map((name) => new RegExp(name));
  return () => {
    const hung = new AbortController();
    const events = run({
      cwd: root,
      files: files.map((file) => join(root, file)),
      concurrency,
      timeout: timeoutMs,
      signal: hung.signal,
      execArgv: nodeFlags,
      ...(names.length > 0 ? { testNamePatterns } : {}),
    }) as AsyncIterable<TestEvent>;
    return untilSilent(events, hung, timeoutMs + silenceGraceMs);
  };
}

/** Passes events on. The runner's own time limit cannot end a file that loops without yielding: silence does. */
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

async function runTests(plan: Plan): Promise<Outcome[]> {
  if (!plan.steps.has('unit') && !plan.steps.has('e2e') && !plan.steps.has('soak')) return [];
  const found = globSync([...testFilePatterns], { cwd: root, exclude: ['**/node_modules/**', '**/fixtures/**'] });
  const files = filesOf(plan, found);
  const runs = [
    starter(files.unit, unitFilesAtOnce, testTimeoutMs, plan.names),
    starter(files.e2e, 1, testTimeoutMs, plan.names),
    starter(files.soak, 1, soakTimeoutMs, plan.names),
  ].filter((start) => start !== undefined);
  if (runs.length === 0) return [{ step: 'tests', isGreen: false, note: `no test file matches: ${plan.paths.join(', ') || [...plan.steps].join(', ')}` }];
  provideDebianPackages('tests');
  const report = new TestReport();
  await pipeline(Readable.from(report.join(runs)), new spec(), process.stdout, { end: false });
  printSkipped(report);
  return [{ step: 'tests', isGreen: report.isGreen, note: `${report.count('pass')} passed, ${report.count('fail') + report.count('cancelled')} failed, ${report.count('skipped')} skipped` }];
}

function printSkipped(report: TestReport): void {
  for (const one of report.skipped) {
    process.stdout.write(`skipped: ${one.name}${one.reason ? `: ${one.reason}` : ''} (${one.file.replace(`${root}/`, '')})\n`);
  }
}

async function main(args: readonly string[]): Promise<number> {
  // A test that runs `npm test` must not make this run report to its own runner.
  delete process.env['NODE_TEST_CONTEXT'];
  const found = planOf(args);
  if (!found.ok) {
    process.stderr.write(`npm test: ${found.problem}\n${usage}\n`);
    return 2;
  }
  const outcomes = [...(await runChecks(found.plan)), ...(await runTests(found.plan))];
  const lines = outcomes.map(({ step, isGreen, note }) => `${step} ${isGreen ? 'ok' : 'FAILED'}${note ? ` (${note})` : ''}`);
  process.stdout.write(`npm test: ${lines.join(', ')}\n`);
  return outcomes.every((outcome) => outcome.isGreen) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
