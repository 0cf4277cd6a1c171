// The harness's pure parts: what is read from /proc, what is printed, what is recorded.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { parseCommand } from '../harness/arguments.ts';
import { figureLine, isMet } from '../harness/figure.ts';
import type { Figure, Suite } from '../harness/figure.ts';
import { measurePairs, medianRatio } from '../harness/pairs.ts';
import { cpuMsOf, parseMachineTicks, parseProcessTicks, processTree, stealShare } from '../harness/processor.ts';
import { withResults } from '../harness/results.ts';
import type { Circumstances } from '../harness/results.ts';
import { median, percentileOfSorted, readable } from '../harness/statistics.ts';

const figure = (name: string): Figure => ({
  name,
  unit: 'ms',
  target: { comparison: '<=', value: 50 },
  about: '',
  measure: async () => ({ kind: 'skipped', reason: '' }),
});

test('medians and percentiles are by rank', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(percentileOfSorted(Float64Array.from({ length: 100 }, (_, index) => index + 1), 0.99), 99);
  assert.equal(percentileOfSorted([5], 0.99), 5);
  assert.deepEqual([12_345.6, 0.05, 2.34567, 42.42, 7, 1_000_000].map(readable), ['12,346', '0.050', '2.35', '42.4', '7', '1,000,000']);
});

test('/proc/stat: steal is a share of all time', () => {
  const before = parseMachineTicks('cpu  100 0 50 800 10 0 5 35 0 0\ncpu0 …\n');
  const after = parseMachineTicks('cpu  150 0 70 810 10 0 5 55 0 0\ncpu0 …\n');
  assert.deepEqual(before, { total: 1_000, busy: 155, steal: 35 });
  assert.equal(stealShare(before, after), 0.2);
});

test('/proc/<pid>/stat: a name with spaces and parentheses does not shift the fields', () => {
  const stat = '42 (a (b) c) S 7 42 42 0 -1 4194304 1 2 3 4 150 30 9 9 20 0 11 0 100 200 300';
  assert.deepEqual(parseProcessTicks(stat), { parent: 7, cpuTicks: 180 });
});

test('the CPU time of a tree is that of the process that burns it', async () => {
  const burn = 'const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end); process.stdout.write("x"); setInterval(() => {}, 1e6)';
  const child = spawn('sh', ['-c', `"${process.execPath}" -e '${burn}' & wait`], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const tree = processTree(child.pid ?? NaN);
    assert.equal(tree.length, 2);
    assert.ok(cpuMsOf(tree) >= 200, `${cpuMsOf(tree)} ms`);
    assert.ok(cpuMsOf(tree.slice(0, 1)) < 200, 'the shell burnt nothing');
  } finally {
    process.kill(-(child.pid ?? NaN), 'SIGKILL');
  }
});

test('pairs alternate who goes first', async () => {
  const order: string[] = [];
  const side = (name: string, value: number) => async (): Promise<number> => {
    order.push(name);
    return value;
  };
  const conditions = { pairs: 3, warmUpMs: 0, windowMs: 0, pin: false, quick: true, say: () => {} };
  const pairs = await measurePairs(conditions, { ours: side('ours', 8), peer: side('peer', 2), describe: String });
  assert.deepEqual(order, ['ours', 'peer', 'peer', 'ours', 'ours', 'peer']);
  assert.equal(medianRatio(pairs, (sample) => sample).value, 4);
});

test('a pair that others disturbed is taken again, but not for ever', async () => {
  const taken = async (busy: readonly number[], quick: boolean) => {
    let turn = 0;
    const conditions = { pairs: 2, warmUpMs: 0, windowMs: 0, pin: false, quick, say: () => {} };
    const ours = async () => busy[turn++] ?? 0;
    const peer = async () => 0;
    const pairs = await measurePairs(conditions, { ours, peer, describe: String, othersBusy: (sample) => sample });
    return { turns: turn, kept: pairs.all.map((pair) => pair.ours), disturbances: pairs.disturbances };
  };
  assert.deepEqual(await taken([0, 1, 0.1], false), { turns: 3, kept: [0, 0.1], disturbances: '' });
  const always = await taken([1, 2, 3, 4, 5, 6], false);
  assert.deepEqual([always.turns, always.kept], [4, [3, 4]]);
  assert.match(always.disturbances, /2 of them/);
  assert.equal((await taken([1, 2, 3], true)).turns, 2);
});

test('a figure ends as one line, measured or not', () => {
  const line = figureLine(figure('swap_pause_ms'), { kind: 'measured', value: 12.34, detail: '' });
  assert.equal(line, 'figure: swap_pause_ms = 12.3 ms (target <= 50)');
  const skip = figureLine(figure('start_ms'), { kind: 'skipped', reason: 'needs npm' });
  assert.equal(skip, 'figure: start_ms = skipped (target <= 50): needs npm');
  assert.deepEqual([isMet({ comparison: '=', value: 0 }, 1), isMet({ comparison: '>=', value: 8 }, 8)], [false, true]);
});

test('RESULTS.md: a run replaces its own rows and leaves the others', () => {
  const suite = (name: string): Suite => ({ name, about: `About ${name}.`, figures: [figure('a'), figure('b')] });
  const row = (name: string, value: number) => ({ figure: figure(name), outcome: { kind: 'measured', value, detail: 'x | y' } as const });
  const on = (commit: string): Circumstances => ({
    place: { cpu: 'CPU', cores: 2, node: 'v24', commit },
    pinned: false,
    date: '2026-01-02',
  });
  const first = withResults('# Results\n', suite('one'), [row('b', 60), row('a', 1)], on('c1'));
  const second = withResults(first, suite('two'), [row('a', 3)], on('c2'));
  const third = withResults(second, suite('one'), [row('a', 2)], on('c3'));
  const rows = third.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(rows.map((line) => line.split(' | ').filter((_, index) => [0, 1, 3, 8].includes(index)).join(' ')), [
    '| `a` 2 ms yes c3',
    '| `b` 60 ms **no** c1',
    '| `a` 3 ms yes c2',
  ]);
  assert.ok(third.startsWith('# Results\n\n## one\n'));
  assert.equal(withResults(third, suite('one'), [row('a', 2)], on('c3')), third);
});

test('the command line', () => {
  const parse = (...argv: string[]): unknown => parseCommand(argv, ['spine']);
  const plain = { kind: 'run', suite: 'spine', only: [], quick: false, json: false, pin: false, pairs: undefined, record: true };
  assert.deepEqual(parse('spine'), plain);
  assert.deepEqual(parse('spine', '--quick', '--only', 'a', '--only=b'), { ...plain, quick: true, only: ['a', 'b'], record: false });
  assert.deepEqual(parse('spine', '--pairs', '3'), { ...plain, pairs: 3, record: false });
  assert.deepEqual(parse('--help', 'spine'), { kind: 'help', suite: 'spine' });
  assert.deepEqual(parse(), { kind: 'help', suite: undefined });
  for (const wrong of [['other'], ['spine', '--fast'], ['spine', '--pairs', 'x'], ['spine', 'spine']]) {
    assert.equal((parse(...wrong) as { kind: string }).kind, 'wrong', wrong.join(' '));
  }
});
