// Runs the rollback guard over generated deployments, as its processes would: a tick to boot, counts every ten
// seconds, a tick a second later. Shared by the statistical tests, the quick and the soaking ones.
import { seededRandom } from '@flyball/kernel';
import { rollbackGuard } from '../../src/governors/rollback-guard.ts';
import { defaultPolicy } from '../../src/policy/schema.ts';
import { deploymentRun, type DeploymentScenario } from '../../src/statistics/scenarios.ts';

export interface WatchScore {
  readonly runs: number;
  readonly rolledBack: number;
  /** Minutes from the deployment to the order to roll back; infinite where there was none. */
  readonly medianMin: number;
  readonly p95Min: number;
  readonly byLatency: number;
  readonly healthy: number;
}

export const defaults = defaultPolicy(rollbackGuard.policy);
const START_MS = Date.UTC(2026, 0, 5, 9);

export interface WatchEnd {
  readonly rolledBackMin: number;
  readonly evidence: string;
  readonly verdict: string | null;
}

export function watchOnce(seed: number, scenario: DeploymentScenario, policy: typeof defaults = defaults): WatchEnd {
  const counts = deploymentRun(seededRandom(seed), scenario);
  let state = rollbackGuard.initial(policy, START_MS);
  state = rollbackGuard.decide(policy, state, { kind: 'tick' }, START_MS).state;
  for (let step = 0; step < counts.length; step += 1) {
    const fromMs = START_MS + step * scenario.stepMs;
    if (step * scenario.stepMs === scenario.baselineMs) state = rollbackGuard.decide(policy, state, { kind: 'deployed', release: '2' }, fromMs).state;
    const nowMs = fromMs + scenario.stepMs;
    const { requests, errors, latencyCounts } = counts[step]!;
    const signal = latencyCounts === undefined ? { kind: 'requests', requests, errors } as const : { kind: 'requests', requests, errors, latencyCounts } as const;
    for (const [heard, atMs] of [[signal, nowMs], [{ kind: 'tick' }, nowMs + 1_000]] as const) {
      const { state: next, actions } = rollbackGuard.decide(policy, state, heard, atMs);
      state = next;
      for (const action of actions) {
        if (action.kind === 'rollback') return { rolledBackMin: (atMs - START_MS - scenario.baselineMs) / 60_000, evidence: String(action.parameters['evidence']), verdict: 'bad' };
        state = rollbackGuard.decide(policy, state, { kind: 'action_result', actionId: action.id, outcome: 'succeeded' }, atMs).state;
      }
      if (state.machine.name === 'stable') break;
    }
  }
  return { rolledBackMin: Infinity, evidence: '', verdict: state.last?.verdict ?? null };
}

export function watches(scenario: DeploymentScenario, { runs, seed, policy = defaults }: { readonly runs: number; readonly seed: number; readonly policy?: typeof defaults }): WatchScore {
  const minutes = new Float64Array(runs);
  let [rolledBack, byLatency, healthy] = [0, 0, 0];
  for (let run = 0; run < runs; run += 1) {
    const end = watchOnce(seed + run, scenario, policy);
    minutes[run] = end.rolledBackMin;
    if (end.rolledBackMin < Infinity) rolledBack += 1;
    if (end.evidence === 'latency') byLatency += 1;
    if (end.verdict === 'healthy') healthy += 1;
  }
  minutes.sort();
  return { runs, rolledBack, byLatency, healthy, medianMin: minutes[runs >> 1]!, p95Min: minutes[Math.floor(runs * 0.95)]! };
}
