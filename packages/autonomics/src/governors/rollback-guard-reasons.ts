// What the rollback guard says to people: the value, what it is compared with, the threshold.
import { errorShareAt, type Objective } from '../statistics/burn-rate.ts';
import type { Burning } from '../statistics/burn-windows.ts';
import { oddsOf, type SequentialTest, type TestPlan } from '../statistics/sequential-test.ts';
import type { RollbackGuardPolicy } from './rollback-guard-policy.ts';
import type { Evidence, RollbackGuardState, Watch } from './rollback-guard-state.ts';
import { shiftOf } from './rollback-guard-watch.ts';

/** "error rate 5.2 % of 410 requests against 0.5 % before; odds 3,100 : 1; threshold 1,000 : 1" */
export function evidenceText(policy: RollbackGuardPolicy, watch: Watch, by: Evidence): string {
  const [what, plan, test] = by === 'latency'
    ? [`requests over ${policy.latencyBoundsMs[watch.slowBound] ?? 0} ms`, watch.latencyPlan!, watch.latency!]
    : ['error rate', watch.errorPlan, watch.errors];
  const shift = shiftOf(policy, watch.usualPerMs, watch.recentPerMs);
  const traffic = shift === 1 ? '' : `; traffic ${rounded(shift)} times the usual, allowed for`;
  return `${what} ${compared(plan, test)}; odds ${oddsText(oddsOf(test))}; threshold ${oddsText(by === 'latency' ? policy.latencyOddsToRollBack : policy.oddsToRollBack)}${traffic}`;
}

function compared({ baseline }: TestPlan, { bad, events }: SequentialTest): string {
  return `${percent(events === 0 ? 0 : bad / events)} of ${grouped(events)} requests against ${percent(baseline.bad / (baseline.bad + baseline.good))} before`;
}

export function healthyText(policy: RollbackGuardPolicy, watch: Watch): string {
  const against = Math.exp(-watch.errors.logOddsFromStart);
  const mildest = percent(watch.errorPlan.alternatives[0]!);
  const latency = watch.latency === null ? '; latency not judged: too short a baseline' : `; slow requests ${compared(watch.latencyPlan!, watch.latency)}`;
  return `error rate ${compared(watch.errorPlan, watch.errors)}; odds ${oddsText(against)} against a rate of ${mildest}; wanted ${oddsText(policy.oddsToClear)}${latency}`;
}

export function noDataText(policy: RollbackGuardPolicy, watch: Watch, nowMs: number): string {
  const sinceMs = nowMs - watch.startedAtMs;
  const usual = watch.usualPerMs === null ? 'no baseline' : `usual in that time ${grouped(Math.round(watch.usualPerMs * sinceMs))}`;
  return `no data: ${grouped(watch.errors.events)} requests of release ${watch.release} in ${duration(sinceMs)}; ${usual}; at least ${policy.requestsMin} and ${rounded(policy.noDataTrafficPct)} % of the usual are needed`;
}

export function lockText({ lockRollbacks, lockWindowMs }: RollbackGuardPolicy, { rollbacksAtMs }: RollbackGuardState, nowMs: number): string {
  const opensInMs = lockWindowMs - (nowMs - (rollbacksAtMs.at(-lockRollbacks) ?? nowMs));
  return `${rollbacksAtMs.length} rollbacks in ${duration(lockWindowMs)}; locked from ${lockRollbacks}; opens in ${duration(Math.max(0, opensInMs))} or by admin reset`;
}

export function burnText(objective: Objective, { rule, longBurnRate, shortBurnRate, errors, requests }: Burning, state: RollbackGuardState, nowMs: number): string {
  const { last } = state;
  const release = last === null ? '' : `; release ${last.release} was judged ${last.verdict} ${duration(nowMs - last.atMs)} ago`;
  const [long, short] = [duration(rule.longWindowMs), duration(rule.shortWindowMs)];
  return `burn rate ${rounded(longBurnRate)} over ${long} (${grouped(Math.round(errors))} of ${grouped(Math.round(requests))} requests failed) and ${rounded(shortBurnRate)} over ${short}; `
    + `threshold ${rule.burnRate}, which is ${percent(errorShareAt(objective, rule.burnRate))}${release}`;
}

/** 3,100 : 1, or 1 : 50. */
export function oddsText(odds: number): string {
  if (odds >= 1e9) return 'over 1,000,000,000 : 1';
  return odds >= 1 ? `${grouped(significant(odds))} : 1` : `1 : ${odds < 1e-9 ? 'over 1,000,000,000' : grouped(significant(1 / odds))}`;
}

function significant(value: number): number {
  return Number(value.toPrecision(2));
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} %`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function grouped(value: number): string {
  return String(Number.isInteger(value) ? value : rounded(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function duration(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${rounded(ms / 3_600_000)} h` : `${rounded(ms / 86_400_000)} d`;
}
