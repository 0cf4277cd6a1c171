// The rollback guard as a policy of the simulation: it sees counts tick by tick, hears of the deployment, and the
// run ends where it orders a rollback, after which the traffic would be another one.
import { rollbackGuard } from '../governors/rollback-guard.ts';
import type { RollbackGuardPolicy } from '../governors/rollback-guard-policy.ts';
import type { RollbackGuardSignal, RollbackGuardState } from '../governors/rollback-guard-state.ts';
import type { Answer } from '../governor/governor.ts';
import { GovernorRun } from './governor-run.ts';
import type { Track } from './outcome.ts';
import { tickOf, type RollbackLoad, type RollbackTick } from './rollback-load.ts';

export interface Governed {
  readonly track: Track;
  /** Of the rollback, since the deployment; undefined: kept. */
  readonly afterMs: number | undefined;
}

export function governRelease(load: RollbackLoad, policy: RollbackGuardPolicy): Governed {
  const run = new GovernorRun<RollbackGuardPolicy, RollbackGuardState, RollbackGuardSignal, Answer>(rollbackGuard, policy);
  const { tickMs, deployTick, requests } = load;
  run.tick(0);
  for (let tick = 0; tick < requests.length; tick++) {
    if (tick === deployTick) run.signal({ kind: 'deployed', release: 'next' }, tick * tickMs);
    const nowMs = (tick + 1) * tickMs;
    run.tick(nowMs);
    run.signal(signalOf(tickOf(load, tick), policy.latencyBoundsMs), nowMs);
    if (tick >= deployTick && run.actions.some(({ kind }) => kind === 'rollback')) return { track: run.track, afterMs: nowMs - deployTick * tickMs };
  }
  return { track: run.track, afterMs: undefined };
}

function signalOf({ requests, errors, latenciesMs }: RollbackTick, boundsMs: readonly number[]): RollbackGuardSignal {
  if (latenciesMs.length === 0) return { kind: 'requests', requests, errors };
  const latencyCounts = Array.from({ length: boundsMs.length + 1 }, () => 0);
  for (const ms of latenciesMs) {
    let bucket = 0;
    while (bucket < boundsMs.length && ms > boundsMs[bucket]!) bucket += 1;
    latencyCounts[bucket]! += 1;
  }
  return { kind: 'requests', requests, errors, latencyCounts };
}
