// `npm run bench -- <suite>`: measures, says on standard error how it goes, ends with a line a figure on
// standard output, and records the results. Exits 1 when a figure could not be measured or the command line
// is wrong; a target that is missed is a result, not an error.
import { fileURLToPath } from 'node:url';
import { USAGE, PAIRS_MIN, parseCommand } from './harness/arguments.ts';
import type { RunArguments } from './harness/arguments.ts';
import { canPin } from './harness/cores.ts';
import { figureLine, isMet } from './harness/figure.ts';
import type { Conditions, Figure, Outcome, Suite } from './harness/figure.ts';
import { placeOfMeasurement } from './harness/machine.ts';
import type { Place } from './harness/machine.ts';
import { percent } from './harness/pairs.ts';
import { machineTicks, stealShare } from './harness/processor.ts';
import { recordResults } from './harness/results.ts';
import { loadSuite, suiteNames } from './harness/suites.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function conditionsFor(run: RunArguments): Conditions {
  if (run.pin && !canPin()) throw new Error('--pin needs two cores and the program taskset (util-linux)');
  const pairs = run.pairs ?? (run.quick ? 2 : PAIRS_MIN);
  const lengths = run.quick ? { warmUpMs: 1_000, windowMs: 1_000 } : { warmUpMs: 2_000, windowMs: 3_000 };
  return { pairs, ...lengths, pin: run.pin, quick: run.quick, say: (line) => say(`  ${line}`) };
}

async function measure(figure: Figure, conditions: Conditions): Promise<Outcome> {
  say(`${figure.name}: ${figure.about}`);
  const before = machineTicks();
  try {
    const outcome = await figure.measure(conditions);
    if (outcome.kind !== 'measured') return outcome;
    return { ...outcome, stealShare: stealShare(before, machineTicks()) };
  } catch (error) {
    if (error instanceof Error) say(error.stack ?? error.message);
    return { kind: 'broken', reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Result {
  readonly figure: Figure;
  readonly outcome: Outcome;
}

async function runSuite(suite: Suite, run: RunArguments): Promise<Result[]> {
  const unknown = run.only.filter((name) => !suite.figures.some((figure) => figure.name === name));
  if (unknown.length > 0) throw new Error(`the suite ${suite.name} has no figure ${unknown.join(', ')}`);
  const chosen = suite.figures.filter(({ name }) => run.only.length === 0 || run.only.includes(name));
  const conditions = conditionsFor(run);
  const results: Result[] = [];
  for (const figure of chosen) results.push({ figure, outcome: await measure(figure, conditions) });
  return results;
}

function printLines(results: readonly Result[], run: RunArguments, place: Place): void {
  const quick = run.quick ? '; QUICK: not a result' : '';
  const pinned = run.pin ? ', pinned' : '';
  console.log(`${place.cpu}, ${place.cores} cores${pinned}; Node ${place.node}; commit ${place.commit}${quick}`);
  for (const { figure, outcome } of results) {
    if (outcome.kind !== 'measured') continue;
    console.log(`${figure.name}: ${outcome.detail}; steal ${percent(outcome.stealShare ?? 0)}`);
  }
  for (const { figure, outcome } of results) console.log(figureLine(figure, outcome));
}

function printJson(results: readonly Result[], run: RunArguments, place: Place): void {
  const figures = results.map(({ figure, outcome }) => ({
    name: figure.name,
    unit: figure.unit,
    target: figure.target ?? null,
    met: outcome.kind === 'measured' && figure.target !== undefined ? isMet(figure.target, outcome.value) : null,
    ...outcome,
  }));
  console.log(JSON.stringify({ suite: run.suite, quick: run.quick, pinned: run.pin, place, figures }, null, 2));
}

function record(suite: Suite, results: readonly Result[], run: RunArguments, place: Place): void {
  const rows = results.flatMap(({ figure, outcome }) => (outcome.kind === 'measured' ? [{ figure, outcome }] : []));
  if (!run.record || rows.length === 0) return;
  const date = new Date().toISOString().slice(0, 10);
  recordResults(RESULTS, suite, rows, { place, pinned: run.pin, date });
  say('recorded in benchmarks/RESULTS.md');
}

async function help(name: string | undefined): Promise<void> {
  const names = suiteNames();
  console.log(`${USAGE}\nsuites: ${names.join(', ')}`);
  if (name === undefined || !names.includes(name)) return;
  const suite = await loadSuite(name);
  console.log(`\n${suite.name}: ${suite.about}`);
  for (const figure of suite.figures) console.log(`  ${figure.name}: ${figure.about}`);
}

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2), suiteNames());
  if (command.kind === 'wrong') {
    say(`${command.reason}\n\n${USAGE}`);
    return 1;
  }
  if (command.kind === 'help') {
    await help(command.suite);
    return 0;
  }
  const place = placeOfMeasurement();
  const suite = await loadSuite(command.suite);
  const results = await runSuite(suite, command);
  if (!command.json && suite.closing !== undefined) console.log(suite.closing());
  if (command.json) printJson(results, command, place);
  else printLines(results, command, place);
  record(suite, results, command, place);
  return results.some(({ outcome }) => outcome.kind === 'broken') ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
