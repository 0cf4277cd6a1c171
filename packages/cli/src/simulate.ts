/** `flyball simulate`: reads the files, runs the simulator, prints the scores, writes the picture. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reportHtml, reportSvg, simulate, SimulationError, TraceError, type SimulationPlan, type SimulationReport } from '@flyball/autonomics';
import { parseSimulate, type SimulateCommand } from './commands/simulate-options.ts';
import { reportJson, reportText } from './commands/simulate-report.ts';
import type { Output } from './ctl.ts';
import type { Environment } from './environment.ts';
import { EXIT_FAILED, EXIT_OK } from './errors.ts';
import { progressBar } from './progress-bar.ts';

/** Resolves to the exit code; throws UsageError. */
export async function runSimulate(args: readonly string[], { directory }: Environment, output: Output): Promise<number> {
  const command = parseSimulate(args);
  if (typeof command === 'string') {
    output.out(command);
    return EXIT_OK;
  }
  try {
    const report = run(planOf(command, directory), output);
    output.out(command.json ? reportJson(report) : reportText(report));
    if (command.chart !== '') writeChart(command.chart, report, { args, directory, output });
    return EXIT_OK;
  } catch (error) {
    const message = problemOf(error, command);
    if (message === undefined) throw error;
    for (const line of message.split('\n')) output.err(`flyball simulate: ${line}\n`);
    return EXIT_FAILED;
  }
}

/** Undefined: a bug, which must not look like a mistake of the user's. */
function problemOf(error: unknown, { traceFile }: SimulateCommand): string | undefined {
  if (error instanceof TraceError) return `${traceFile}: ${error.message}`;
  if (error instanceof SimulationError || error instanceof FileError) return error.message;
  return undefined;
}

class FileError extends Error {
  readonly code = 'file-unusable';
}

function planOf(command: SimulateCommand, directory: string): SimulationPlan {
  const { governor, seed, runs, options, traceFile, policyFile, timeColumn, timeUnit, columns } = command;
  return {
    governor, seed, runs, options,
    ...(policyFile === '' ? {} : { policy: readJson(policyFile, directory) }),
    ...(traceFile === '' ? {} : { trace: { text: readText(traceFile, directory), timeColumn, timeUnit, columns } }),
  };
}

function readText(file: string, directory: string): string {
  try {
    return readFileSync(resolve(directory, file), 'utf8');
  } catch (error) {
    throw new FileError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function readJson(file: string, directory: string): unknown {
  const text = readText(file, directory);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FileError(`${file} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function run(plan: SimulationPlan, output: Output): SimulationReport {
  const bar = progressBar(output.err, process.stderr);
  const steps = simulate(plan);
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      bar.show(step.value, plan.runs);
    }
  } finally {
    bar.clear();
  }
}

function writeChart(file: string, report: SimulationReport, { args, directory, output }: { args: readonly string[]; directory: string; output: Output }): void {
  const isSvg = file.toLowerCase().endsWith('.svg');
  try {
    writeFileSync(resolve(directory, file), isSvg ? reportSvg(report) : reportHtml(report, `flyball simulate ${args.map(quoted).join(' ')}`));
  } catch (error) {
    throw new FileError(`${file} cannot be written: ${(error as Error).message}`, { cause: error });
  }
  output.err(`wrote ${file}\n`);
}

/** As it can be pasted into a shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
