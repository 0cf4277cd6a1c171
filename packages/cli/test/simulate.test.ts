import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseSimulate, type SimulateCommand } from '../src/commands/simulate-options.ts';
import { UsageError } from '../src/errors.ts';
import { progressBar } from '../src/progress-bar.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

const commandOf = (...args: string[]): SimulateCommand => {
  const command = parseSimulate(args);
  assert.ok(typeof command !== 'string');
  return command;
};

test('options become a plan; seconds become milliseconds, what was not given stays away', () => {
  const { governor, seed, runs, options, json, columns } = commandOf('cost-guard', '--seed', '7', '--runs', '1_000', '--load', 'bursts', '--base', '0.5', '--duration-s', '600', '--billing-lag-s', '1.5', '--json');
  assert.deepEqual({ governor, seed, runs, json, columns }, { governor: 'cost_guard', seed: 7, runs: 1_000, json: true, columns: {} });
  assert.deepEqual(options, { load: 'bursts', basePerSecond: 0.5, durationMs: 600_000, billingLagMs: 1_500 });
});

test('columns of a trace are named on the command line', () => {
  const command = commandOf('rollback_guard', '--trace', 'x.csv', '--time-column', 'at', '--time-unit', 'ms', '--column', 'requests=n', '--column', 'errors=a=b');
  assert.deepEqual([command.traceFile, command.timeColumn, command.timeUnit, command.columns], ['x.csv', 'at', 'ms', { requests: 'n', errors: 'a=b' }]);
});

test('what cannot be understood is said with what is allowed', () => {
  const cases: [string[], RegExp][] = [
    [[], /needs a governor: cost_guard, rollback_guard, backlog_valve, tool_guard/],
    [['cost_gard'], /did you mean "cost_guard"/],
    [['cost_guard', 'again'], /one argument too many/],
    [['cost_guard', '--capacity', '5'], /--capacity says nothing to cost_guard; it is for backlog_valve/],
    [['cost_guard', '--base', '-1'], /--base/],
    [['cost_guard', '--base', '0'], /--base cannot be "0"; allowed: a number from 0.001 to 10000/],
    [['cost_guard', '--runs', '0'], /--runs cannot be "0"/],
    [['cost_guard', '--load', 'wavy'], /--load cannot be "wavy"; allowed: steady or step or diurnal/],
    [['cost_guard', '--chart', 'x.png'], /ends in \.html or \.svg/],
    [['cost_guard', '--trace', 'x', '--base', '3'], /--base shapes a generated load; the trace brings its own/],
    [['rollback_guard', '--deploy-at-s', '3'], /--deploy-at-s is for a trace/],
    [['cost_guard', '--column', 'cost=usd'], /give the file with --trace/],
    [['cost_guard', '--trace', 'x', '--column', 'errors=n'], /cost_guard knows no signal "errors"; it knows cost, costMax/],
    [['cost_guard', '--trace', 'x', '--column', 'cost'], /SIGNAL=COLUMN/],
  ];
  for (const [args, pattern] of cases) assert.throws(() => parseSimulate(args), (error) => error instanceof UsageError && pattern.test(error.message), `${args.join(' ')}: ${pattern}`);
});

test('help names the governors, and of each its options, signals and scores only', () => {
  assert.match(String(parseSimulate(['--help'])), /^flyball simulate <governor>.*\n\n {2}cost_guard .*[^]*flash-crowd/);
  const help = String(parseSimulate(['backlog_valve', '--help']));
  assert.match(help, /--capacity N[^]*signals of a trace:\n {2}requests[^]*scores:\n {2}goodputPctOfIdeal/);
  assert.doesNotMatch(help, /billing-lag/);
});

test('the bar shows progress on a terminal, whole percents only, and nothing anywhere else', () => {
  const written: string[] = [];
  const bar = progressBar((text) => written.push(text), { isTTY: true });
  for (let done = 0; done <= 1_000; done++) bar.show(done, 1_000);
  bar.clear();
  assert.equal(written.length, 102);
  assert.ok(written[50]!.endsWith('[###############---------------] 50 %, 500 of 1000 runs'), written[50]);
  const silent = progressBar(() => assert.fail('written to a file'), { isTTY: false });
  silent.show(1, 2);
  silent.clear();
});

function scratch(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'simulate-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

function flyball(directory: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=flyball-source', MAIN, 'simulate', ...args], { cwd: directory, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

test('the command prints scores, writes pictures, and says the same twice', (t) => {
  const root = scratch(t);
  const args = ['rollback_guard', '--seed', '4', '--runs', '3', '--duration-s', '1200'];
  const { code, out, err } = flyball(root, ...args, '--chart', 'one.html');
  assert.deepEqual([code, err], [0, 'wrote one.html\n'], err);
  assert.match(out, /^Rollback guard: [^]*3 runs, seeds 4 to 6\n\npolicy [^]*\nrollback guard +100 [^]*What the governor said in run 4:\n {2}0:00:00 boot → stable/);
  assert.equal(flyball(root, ...args, '--chart', 'two.html').out, out);
  assert.equal(readFileSync(join(root, 'one.html'), 'utf8').replace('one.html', 'two.html'), readFileSync(join(root, 'two.html'), 'utf8'));
  assert.equal(flyball(root, ...args, '--chart', 'three.svg').code, 0);
  assert.match(readFileSync(join(root, 'three.svg'), 'utf8'), /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^]*<\/svg>\n$/);
});

test('--json is the whole result for programs', (t) => {
  const { code, out } = flyball(scratch(t), 'tool_guard', '--duration-s', '300', '--json');
  const result = JSON.parse(out) as { governor: string; scores: { name: string; ours: boolean }[]; policy: { timeoutMs: number } };
  assert.deepEqual([code, result.governor, result.scores[0]?.ours, result.policy.timeoutMs], [0, 'tool_guard', true, 30_000]);
  assert.equal(result.scores.length, 3);
});

test('a trace and a policy are read; what is wrong in them is told with file, line and field, and ends with 1', (t) => {
  const root = scratch(t);
  const rows = Array.from({ length: 240 }, (_, at) => `${at * 15},300,${at < 120 ? 1 : 18}`);
  writeFileSync(join(root, 'trace.csv'), `when,n,bad\n${rows.join('\n')}\n`);
  writeFileSync(join(root, 'broken.csv'), 'when,n,bad\n0,300,1\n15,many,1\n');
  writeFileSync(join(root, 'policy.json'), '{ "oddsToRollBack": 5000 }');
  writeFileSync(join(root, 'wrong.json'), '{ "oddsToRollBack": 1, "lockRollbacks": "few" }');
  writeFileSync(join(root, 'not.json'), '{ odds: 1 }');
  const trace = (file: string): string[] => ['rollback_guard', '--trace', file, '--time-column', 'when', '--column', 'requests=n', '--column', 'errors=bad', '--deploy-at-s', '1800'];
  const good = flyball(root, ...trace('trace.csv'), '--policy', 'policy.json');
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /rollback#1: error rate .* threshold 5,?000 : 1/);
  const cases: [string[], RegExp][] = [
    [trace('broken.csv'), /^flyball simulate: broken\.csv: line 3: column "n": "many" is not a number\.\n$/],
    [trace('absent.csv'), /^flyball simulate: absent\.csv cannot be read: ENOENT/],
    [[...trace('trace.csv'), '--policy', 'wrong.json'], /oddsToRollBack must be a number from 10[^]*lockRollbacks must be an integer/],
    [[...trace('trace.csv'), '--policy', 'not.json'], /^flyball simulate: not\.json is no JSON: /],
    [['tool_guard', '--duration-s', '60', '--chart', 'no/where.svg'], /where\.svg cannot be written: ENOENT/],
  ];
  for (const [args, pattern] of cases) {
    const { code, err } = flyball(root, ...args);
    assert.equal(code, 1, err);
    assert.match(err, pattern);
  }
  assert.equal(flyball(root, 'cost').code, 2);
});

test('every command of the how-to page is one', () => {
  const page = readFileSync(new URL('../../../docs/how-to/simulate-a-governor.md', import.meta.url), 'utf8');
  const commands = [...page.matchAll(/^npx flyball simulate (.*)$/gm)].map(([, rest = '']) => rest.replace(/ > .*/, '').split(' '));
  assert.ok(commands.length >= 7);
  for (const args of commands) assert.ok(typeof parseSimulate(args) === 'object', args.join(' '));
});

test('start does not load the simulator: main imports each command only when it is asked for', () => {
  const imports = [...readFileSync(MAIN, 'utf8').matchAll(/^import (?!type).* from '(.*)';$/gm)].map(([, from]) => from);
  assert.deepEqual(imports, ['./environment.ts', './errors.ts']);
});
