// The rollback guard's figures, and what they may be at most. The quick test and the soaking one run the same.
import assert from 'node:assert/strict';

import { DEPLOYMENT, LATENCY, type DeploymentScenario } from '../../src/statistics/scenarios.ts';
import { watches, type WatchScore } from './watches.ts';

/** Defaults were tuned on seeds below 5,000,000; these are others. */
export const SEED = 710_000_000;

export const bad: Partial<DeploymentScenario> = { addedErrorShare: 0.045 };

export function scenario(requestsPerSecond: number, more: Partial<DeploymentScenario> = {}): DeploymentScenario {
  return { ...DEPLOYMENT, requestsPerSecond, latency: LATENCY, ...more };
}

/** Healthy releases: at most `falsePct` of them may be rolled back, and three deviations of chance where runs are few. */
export function assertSpared(requestsPerSecond: number, runs: number, falsePct: number): WatchScore {
  const score = watches(scenario(requestsPerSecond), { runs, seed: SEED });
  const slackPct = runs >= 10_000 ? 0 : 300 * Math.sqrt(falsePct / 100 / runs);
  const pct = (100 * score.rolledBack) / runs;
  assert.ok(pct <= falsePct + slackPct, `${requestsPerSecond}/s: ${pct} % of ${runs} healthy releases were rolled back (${score.byLatency} for latency), seeds from ${SEED}`);
  assert.ok(score.healthy >= 0.9 * runs, `${requestsPerSecond}/s: only ${score.healthy} of ${runs} were found healthy`);
  return score;
}

export function assertFound(requestsPerSecond: number, runs: number, { medianMin, missedPct }: { readonly medianMin: number; readonly missedPct: number }): WatchScore {
  const score = watches(scenario(requestsPerSecond, bad), { runs, seed: SEED + 20_000_000 });
  assert.ok(score.medianMin <= medianMin, `${requestsPerSecond}/s: a bad release serves ${score.medianMin} min, seeds from ${SEED + 20_000_000}`);
  const pct = (100 * (runs - score.rolledBack)) / runs;
  assert.ok(pct <= missedPct, `${requestsPerSecond}/s: ${pct} % of ${runs} bad releases were kept, seeds from ${SEED + 20_000_000}`);
  return score;
}

/** All latencies × 1.3, or the tail only: the p99 is 30 % higher either way, and no error more. */
export function assertSlowFound(isTailOnly: boolean, runs: number): WatchScore {
  const score = watches(scenario(20, { latency: { ...LATENCY, releaseFactor: 1.3, isTailOnly } }), { runs, seed: SEED + 40_000_000 });
  assert.ok(score.medianMin <= 5, `tail only ${isTailOnly}: a slow release serves ${score.medianMin} min, seeds from ${SEED + 40_000_000}`);
  return score;
}
