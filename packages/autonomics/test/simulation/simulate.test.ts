import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulationError, TraceError } from '../../src/simulation/errors.ts';
import { scoreOf } from '../../src/simulation/scores.ts';
import { reportHtml, reportSvg, simulate, SIMULATIONS, type SimulationPlan, type SimulationReport } from '../../src/simulation/simulate.ts';

function run(plan: SimulationPlan): SimulationReport {
  const steps = simulate(plan);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Minutes instead of hours. */
const SHORT: Readonly<Record<string, SimulationPlan['options']>> = {
  cost_guard: { durationMs: 600_000, basePerSecond: 2 },
  rollback_guard: { durationMs: 1_200_000 },
  backlog_valve: { durationMs: 120_000 },
  tool_guard: { durationMs: 300_000 },
};
const plan = (governor: string, seed = 3, runs = 1): SimulationPlan => ({ governor, seed, runs, options: SHORT[governor]! });
const figuresOf = ({ first }: SimulationReport, at = 0): Readonly<Record<string, number | undefined>> => first.outcomes[at]!.figures;

for (const { governor } of SIMULATIONS) {
  test(`${governor}: the same seed gives the same bytes, another seed others; ours comes first, peers say their source`, () => {
    const [one, again, other] = [run(plan(governor)), run(plan(governor)), run(plan(governor, 4))];
    assert.equal(JSON.stringify(one), JSON.stringify(again));
    assert.equal(reportHtml(one, 'x'), reportHtml(again, 'x'));
    assert.equal(reportSvg(one), reportSvg(again));
    assert.notEqual(JSON.stringify(one.first.panels), JSON.stringify(other.first.panels));
    const [ours, ...peers] = one.first.outcomes;
    assert.ok(ours?.ours === true && peers.length > 0 && peers.every((peer) => !peer.ours && peer.source !== undefined && peer.source !== ''));
    for (const { figures, spans, name } of one.first.outcomes) {
      assert.deepEqual(Object.keys(figures).toSorted(), one.figures.map(({ key }) => key).toSorted(), name);
      assert.ok(spans.length > 0 && spans.every((span, at) => at === 0 || span.fromMs >= spans[at - 1]!.fromMs), name);
    }
  });
}

test('runs go on from seed to seed, are reported one by one, and summed up', () => {
  const steps = simulate(plan('rollback_guard', 10, 3));
  assert.deepEqual([steps.next().value, steps.next().value, steps.next().value], [1, 2, 3]);
  const { value, done } = steps.next();
  assert.ok(done === true && typeof value === 'object');
  const singles = [10, 11, 12].map((seed) => figuresOf(run(plan('rollback_guard', seed)))['rolledBack']!);
  assert.equal(value.scores[0]!.scores['rolledBack']!.value, (100 * singles.reduce((sum, one) => sum + one, 0)) / 3);
  assert.equal(value.scores[0]!.scores['rolledBack']!.runs, 3);
});

test('scores: median, mean, share, extremes, quantiles; none of nothing', () => {
  const values = [4, 1, 3, 2, 100];
  assert.deepEqual((['median', 'mean', 'max', 'min'] as const).map((over) => scoreOf({ over }, values).value), [3, 22, 100, 1]);
  assert.equal(scoreOf({ over: 'share' }, [0, 1, 1, 0]).value, 50);
  assert.deepEqual(scoreOf({ over: 'median' }, []), { value: undefined, p05: undefined, p95: undefined, runs: 0 });
});

test('the cost guard never overspends where check-then-act does, with callers at once and settlements lost', () => {
  const report = run({ governor: 'cost_guard', seed: 5, runs: 2, options: { ...SHORT['cost_guard'], rateFactor: 20, billingLagMs: 60_000, lostPct: 2 } });
  const overspend = report.scores.map(({ scores }) => scores['overspendPct']!.value!);
  assert.ok(overspend[0]! <= 0, `ours ${overspend[0]}`);
  assert.ok(overspend[1]! > 1 && overspend[2]! > overspend[1]!, overspend.join());
});

test('a policy changes what the governor does, and a wrong one is refused with each field', () => {
  const strict = run({ ...plan('rollback_guard'), policy: { oddsToRollBack: 1e9, judgeLatency: false } });
  assert.equal((strict.policy as { oddsToRollBack: number }).oddsToRollBack, 1e9);
  const usual = figuresOf(run(plan('rollback_guard')))['detectMin']!;
  const late = figuresOf(strict)['detectMin'];
  assert.ok(late === undefined || late > usual, `${late} after ${usual}`);
  assert.throws(() => run({ ...plan('backlog_valve'), policy: { deadlineMs: 1, shedPctMax: 'half', colour: 1 } }), (error) => {
    assert.ok(error instanceof SimulationError && error.code === 'simulation-invalid');
    for (const field of ['deadlineMs', 'shedPctMax', 'colour']) assert.ok(error.message.includes(field), error.message);
    return true;
  });
});

test('what a governor does not understand is refused: options, signals, governors', () => {
  assert.throws(() => run({ governor: 'cost_guard', seed: 1, runs: 1, options: { workers: 3 } }), /workers says nothing to cost_guard; it is for backlog_valve/);
  assert.throws(() => run({ governor: 'guard', seed: 1, runs: 1 }), /There is no governor "guard"; there are cost_guard, rollback_guard, backlog_valve, tool_guard/);
  const trace = { text: 't,n\n1,1\n', timeColumn: 't', timeUnit: 's' as const, columns: { colour: 'n' } };
  assert.throws(() => run({ governor: 'cost_guard', seed: 1, runs: 1, trace }), /cost_guard knows no signal "colour"; it knows cost, costMax, durationMs, tokens/);
});

test('a load that no memory holds is refused before it is drawn; the smallest one runs', () => {
  for (const { governor } of SIMULATIONS) {
    assert.throws(() => run({ governor, seed: 1, runs: 1, options: { basePerSecond: 9_000, peakPerSecond: 9_000, durationMs: 604_800_000 } }), /lower its rate or its duration/, governor);
    const { first } = run({ governor, seed: 2, runs: 1, options: { basePerSecond: 1, peakPerSecond: 1, durationMs: 10_000 } });
    assert.ok(first.outcomes.length > 1 && reportSvg(run({ governor, seed: 2, runs: 1, options: { durationMs: 10_000, basePerSecond: 1 } })).includes('</svg>'), governor);
  }
});

const rows = (count: number, row: (at: number) => string): string => Array.from({ length: count }, (_, at) => row(at)).join('\n');

test('a recorded deployment: the guard rolls back after the errors begin, and not before', () => {
  const text = `at,n,bad\n${rows(360, (at) => `${at * 10},100,${at < 240 ? 0 : 5}`)}`;
  const trace = { text, timeColumn: 'at', timeUnit: 's' as const, columns: { requests: 'n', errors: 'bad' } };
  const { first } = run({ governor: 'rollback_guard', seed: 1, runs: 1, trace, options: { deployAtMs: 1_800_000 } });
  const minutes = first.outcomes[0]!.figures['detectMin']!;
  assert.ok(minutes > 10 && minutes < 15, `${minutes} min after the deployment, 10 of which were healthy`);
  const twisted = { ...trace, text: 'at,n,bad\n1,5,0\n2,5,6\n' };
  assert.throws(() => run({ governor: 'rollback_guard', seed: 1, runs: 1, trace: twisted }), /line 3: 6 errors of 5 requests/);
  assert.throws(() => run({ governor: 'rollback_guard', seed: 1, runs: 1, trace, options: { deployAtMs: 9e6 } }), /after the end of the trace, which lasts 3590 s/);
  assert.throws(() => run({ governor: 'rollback_guard', seed: 1, runs: 1, trace: { ...trace, columns: { requests: 'n' } } }), /needs columns for "requests" and "errors"/);
});

test('recorded calls: spent is what the rows say, up to the budget of half of it', () => {
  const text = `at,usd\n${rows(200, (at) => `${at},0.01`)}`;
  const trace = { text, timeColumn: 'at', timeUnit: 's' as const, columns: { cost: 'usd' } };
  const { first } = run({ governor: 'cost_guard', seed: 1, runs: 1, trace });
  const [ours] = first.outcomes;
  assert.equal(ours!.figures['overspendPct'], 0);
  assert.equal(ours!.figures['refused'], 100);
  const both = { ...trace, columns: { cost: 'usd', tokens: 'usd' } };
  assert.throws(() => run({ governor: 'cost_guard', seed: 1, runs: 1, trace: both }), /"cost" or one for "tokens", and not both/);
});

test('recorded requests and tool calls replay', () => {
  const requests = { text: `at,n\n${rows(60, (at) => `${at},${at >= 20 && at < 40 ? 400 : 100}`)}`, timeColumn: 'at', timeUnit: 's' as const, columns: { requests: 'n' } };
  const valve = run({ governor: 'backlog_valve', seed: 1, runs: 1, trace: requests });
  assert.ok(figuresOf(valve)['goodputPctOfIdeal']! > 90 && figuresOf(valve)['shedPct']! > 20, JSON.stringify(figuresOf(valve)));
  const calls = { text: `at,tool\n${rows(90, (at) => `${at},a`)}`, timeColumn: 'at', timeUnit: 's' as const, columns: { tool: 'tool' } };
  const tools = run({ governor: 'tool_guard', seed: 1, runs: 1, trace: calls, options: { suspendAtMs: 30_000, suspendForMs: 20_000 } });
  assert.deepEqual([figuresOf(tools)['ranWithoutRight'], figuresOf(tools)['refusedWithRight']], [0, 0]);
  assert.throws(() => run({ governor: 'tool_guard', seed: 1, runs: 1, trace: { ...calls, text: 'at,tool\n1,a\n2,\n' } }), (error) => error instanceof TraceError && error.line === 3);
});
