// The figures as the scorecard states them: 10,000 runs each, seeds other than those that defaults were tuned on.
import { test } from 'node:test';

import { assertFound, assertSlowFound, assertSpared } from './rollback-figures.ts';

const runs = 10_000;

for (const [requestsPerSecond, falsePct, medianMin, missedPct] of [[0.2, 0.5, 12, 10], [2, 0.5, 2, 0.1], [20, 0.1, 1, 0.1]] as const) {
  test(`${requestsPerSecond} requests/s: at most ${falsePct} % false, bad ones found in ${medianMin} min`, (t) => {
    const spared = assertSpared(requestsPerSecond, runs, falsePct);
    const found = assertFound(requestsPerSecond, runs, { medianMin, missedPct });
    t.diagnostic(`false ${(100 * spared.rolledBack) / runs} % (${spared.byLatency} for latency); found after ${found.medianMin.toFixed(2)} min, p95 ${found.p95Min.toFixed(1)}; missed ${(100 * (runs - found.rolledBack)) / runs} %`);
  });
}

test('20 requests/s: a p99 that is 30 % higher is found in 5 min', (t) => {
  for (const isTailOnly of [false, true]) {
    const { medianMin, p95Min } = assertSlowFound(isTailOnly, runs / 2);
    t.diagnostic(`tail only ${isTailOnly}: found after ${medianMin.toFixed(2)} min, p95 ${p95Min.toFixed(1)}`);
  }
});
