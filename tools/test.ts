// `npm test`: lint, types, then node's own test runner over every test file. Started by
// tools/bootstrap.cjs on the pinned Node; `npm run lint`, `types` and `test:soak` are parts of it.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { spec } from 'node:test/reporters';

import { provideDebianPackages } from './debian-packages.ts';
import { TestReport } from './test-events.ts';
import { filesOf, planOf, testFilePatterns, usage, type Plan, type Step } from './test-plan.ts';
import { testRun } from './test-run.ts';

const root = join(import.meta.dirname, '..');
const testTimeoutMs = 180_000;
const soakTimeoutMs = 3_600_000;
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

async function runTests(plan: Plan): Promise<Outcome[]> {
  if (!plan.steps.has('unit') && !plan.steps.has('e2e') && !plan.steps.has('soak')) return [];
  const found = globSync([...testFilePatterns], { cwd: root, exclude: ['**/node_modules/**', '**/fixtures/**'] });
  const files = filesOf(plan, found);
  const runs = [
    { files: files.unit, filesAtOnce: unitFilesAtOnce, testTimeoutMs },
    { files: files.e2e, filesAtOnce: 1, testTimeoutMs },
    { files: files.soak, filesAtOnce: 1, testTimeoutMs: soakTimeoutMs },
  ].filter((one) => one.files.length > 0);
  if (runs.length === 0) return [{ step: 'tests', isGreen: false, note: `no test file matches: ${plan.paths.join(', ') || [...plan.steps].join(', ')}` }];
  provideDebianPackages('tests');
  const report = new TestReport();
  await pipeline(Readable.from(report.join(runs.map((one) => () => testRun({ root, names: plan.names, ...one })))), new spec(), process.stdout, { end: false });
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
