// The rollback guard: rolls a release back once the odds that it made errors or latency worse pass the threshold.
// The test is in statistics/, a watch's rules in rollback-guard-watch.ts; here they meet the machine. Outside a watch
// the same signals feed the baseline and the burn rates that page. Pure, as every governor.
import { defineGovernor, normal, type Absorbed, type Judgement } from '../governor/define-governor.ts';
import type { ActionOrder, Answer, CommonSignal, Governor, MachineState } from '../governor/governor.ts';
import { recordBaseline, startBaseline } from '../statistics/baseline.ts';
import { workbookRules, type Objective } from '../statistics/burn-rate.ts';
import { burning, recordBurn, startWindows, type Burning } from '../statistics/burn-windows.ts';
import { rollbackGuardPolicy, type RollbackGuardPolicy } from './rollback-guard-policy.ts';
import { burnText, evidenceText, healthyText, lockText, noDataText } from './rollback-guard-reasons.ts';
import type { PastRelease, RequestCounts, RollbackGuardSignal, RollbackGuardState, Verdict, Watch } from './rollback-guard-state.ts';
import { binMsOf, startWatch, verdictOf, watchAgain, watched } from './rollback-guard-watch.ts';

type Guard = Governor<RollbackGuardPolicy, RollbackGuardState, RollbackGuardSignal | CommonSignal, Answer>;
type RequestsSignal = RollbackGuardSignal & { readonly kind: 'requests' };

const verdicts: Record<'suspect' | 'bad' | 'noData' | 'page' | 'locked', Judgement> = {
  suspect: Object.freeze({ level: 'ok', code: 'suspect' }),
  bad: Object.freeze({ level: 'warn', code: 'bad_release' }),
  noData: Object.freeze({ level: 'warn', code: 'no_data' }),
  page: Object.freeze({ level: 'warn', code: 'burn_rate' }),
  locked: Object.freeze({ level: 'refuse', code: 'rollback_lock' }),
};
/** A gap between signals longer than this says nothing about how fast noise was forgotten. */
const ELAPSED_MAX_MS = 3_600_000;
/** Of one signal; what is kept stays within the state's 4,096 bytes. */
const COUNT_MAX = 10_000_000;
const RELEASE_LENGTH_MAX = 64;
const ROLLBACKS_MAX = 10;
const pages = workbookRules.filter(({ severity }) => severity === 'page');

export const rollbackGuard: Guard = defineGovernor<RollbackGuardPolicy, RollbackGuardState, RollbackGuardSignal>({
  sku: 'gcp.autonomic.rollback_guard.v1',
  policy: rollbackGuardPolicy,
  words: {
    warn: 'bad release, no data or burn rate', refuse: 'three rollbacks in 24 h', action: 'roll back, or notify',
    normal: 'no warning',
  },
  invariants: ['requests >= requestsMin before a rollback', 'rollbacks within the window <= lockRollbacks'],
  initial,
  absorb,
  judge,
  explain,
  action: actionOf,
});

function initial(_policy: RollbackGuardPolicy, machine: MachineState, nowMs: number): RollbackGuardState {
  return {
    version: 1, machine, countedAtMs: nowMs, baseline: startBaseline(nowMs), watch: null, last: null,
    rollbacksAtMs: [], burn: startWindows(pages, nowMs), isPaged: false,
  };
}

function absorb(policy: RollbackGuardPolicy, before: RollbackGuardState, signal: RollbackGuardSignal | CommonSignal, nowMs: number): Absorbed<RollbackGuardState, Answer> {
  const { inFlight } = before.machine;
  const hasLapsed = inFlight !== null && nowMs >= inFlight.deadlineMs && signal.kind !== 'action_result';
  const state = hasLapsed ? concluded(before, inFlight.id, false, nowMs) : before;
  switch (signal.kind) {
    case 'requests': return settled(policy, counted(policy, state, signal, nowMs), nowMs);
    case 'tick': return settled(policy, forgotten(policy, state, nowMs), nowMs);
    case 'deploy_requested': return { state, answer: requested(policy, state, nowMs) };
    case 'deployed': return observation(deployed(policy, state, signal.release, nowMs));
    case 'action_result': return observation(concluded(state, signal.actionId, signal.outcome === 'succeeded', nowMs));
    case 'admin_reset': return observation({ ...state, watch: null, last: pastOf(state, 'superseded', nowMs), rollbacksAtMs: [] });
    case 'entitlement': return observation(state);
  }
}

function observation(state: RollbackGuardState): Absorbed<RollbackGuardState, Answer> {
  return { state, answer: null };
}

/** Wrong counts are no counts: what cannot be true is not evidence of anything. */
function isCount(value: number): boolean {
  return value >= 0 && value <= COUNT_MAX && Math.floor(value) === value;
}

function areRight(policy: RollbackGuardPolicy, { requests, errors, latencyCounts }: RequestCounts): boolean {
  if (!isCount(requests) || !isCount(errors) || errors > requests) return false;
  if (latencyCounts === undefined) return true;
  if (latencyCounts.length !== policy.latencyBoundsMs.length + 1) return false;
  for (const count of latencyCounts) if (!isCount(count)) return false;
  return true;
}

function counted(policy: RollbackGuardPolicy, state: RollbackGuardState, signal: RequestsSignal, nowMs: number): RollbackGuardState {
  if (!areRight(policy, signal) || (signal.control !== undefined && !areRight(policy, signal.control))) return state;
  const elapsedMs = Math.min(ELAPSED_MAX_MS, Math.max(0, nowMs - state.countedAtMs));
  const { watch } = state;
  const sample = { events: signal.requests, bad: signal.errors, latencyCounts: signal.latencyCounts };
  return {
    version: 1, machine: state.machine, countedAtMs: Math.max(nowMs, state.countedAtMs),
    // A watched release is not its own baseline.
    baseline: watch === null ? recordBaseline(state.baseline, sample, binMsOf(policy), nowMs) : state.baseline,
    watch: watch === null ? null : watched(policy, watch, signal, elapsedMs),
    last: state.last, rollbacksAtMs: state.rollbacksAtMs,
    burn: recordBurn(pages, state.burn, signal, nowMs), isPaged: state.isPaged,
  };
}

/** Rollbacks that have left the lock's window, and a page whose burning is over. */
function forgotten(policy: RollbackGuardPolicy, state: RollbackGuardState, nowMs: number): RollbackGuardState {
  const { rollbacksAtMs } = state;
  const isOld = rollbacksAtMs.length > 0 && nowMs - rollbacksAtMs[0]! >= policy.lockWindowMs;
  const isCalm = state.isPaged && burningNow(policy, state, nowMs) === null;
  if (!isOld && !isCalm) return state;
  return { ...state, rollbacksAtMs: rollbacksAtMs.filter((at) => nowMs - at < policy.lockWindowMs), isPaged: state.isPaged && !isCalm };
}

/** A watch that has come to its end says so once. */
function settled(policy: RollbackGuardPolicy, state: RollbackGuardState, nowMs: number): Absorbed<RollbackGuardState, Answer> {
  const { watch } = state;
  if (watch === null || nowMs - watch.startedAtMs < policy.watchMs) return { state, answer: null };
  const verdict = verdictOf(policy, watch, nowMs);
  const isOver = verdict === 'healthy' || (nowMs - watch.startedAtMs >= policy.watchMaxMs && state.machine.name !== 'intervening');
  if (!isOver) return { state, answer: null };
  const reason = endText(policy, watch, verdict, nowMs);
  return {
    state: { ...state, watch: null, last: pastOf(state, verdict, nowMs) },
    answer: { decision: 'ok', code: verdict, reason: `release ${watch.release}: ${reason}` },
  };
}

function endText(policy: RollbackGuardPolicy, watch: Watch, verdict: Verdict, nowMs: number): string {
  if (verdict === 'healthy') return healthyText(policy, watch);
  return verdict === 'bad' ? evidenceText(policy, watch, watch.badBy ?? 'errors') : noDataText(policy, watch, nowMs);
}

function pastOf({ watch, last }: RollbackGuardState, verdict: Verdict, atMs: number): PastRelease | null {
  return watch === null ? last : { release: watch.release, verdict, atMs };
}

function requested(policy: RollbackGuardPolicy, state: RollbackGuardState, nowMs: number): Answer {
  if (isLocked(policy, state)) return { decision: 'refuse', code: 'rollback_lock', reason: lockText(policy, state, nowMs) };
  if (!state.machine.entitled) return { decision: 'refuse', code: 'not_entitled', reason: 'the entitlement is not active' };
  return { decision: 'ok', code: 'normal', reason: '' };
}

function deployed(policy: RollbackGuardPolicy, state: RollbackGuardState, name: string, nowMs: number): RollbackGuardState {
  const release = name.slice(0, RELEASE_LENGTH_MAX).replaceAll(/[^\x20-\x7e]|["\\]/g, '?');
  const { watch, machine } = state;
  // The rollback itself deploys the version before: that is no new release.
  if (machine.inFlight?.kind === 'rollback') return state;
  const next = watch === null ? startWatch(policy, state.baseline, release, nowMs) : watchAgain(watch, release, nowMs);
  return { ...state, watch: next, countedAtMs: nowMs, last: pastOf(state, 'superseded', nowMs) };
}

/** Only a rollback that was carried out ends the watch: after a failed one the bad release still serves. */
function concluded(state: RollbackGuardState, actionId: number, hasSucceeded: boolean, nowMs: number): RollbackGuardState {
  const { inFlight } = state.machine;
  if (inFlight === null || inFlight.id !== actionId) return state;
  if (inFlight.kind === 'rollback') {
    if (!hasSucceeded) return state.watch === null ? state : { ...state, watch: { ...state.watch, hasFailed: true, badBy: state.watch.badBy ?? 'errors' } };
    return { ...state, watch: null, last: pastOf(state, 'rolled_back', nowMs), rollbacksAtMs: [...state.rollbacksAtMs, nowMs].slice(-ROLLBACKS_MAX) };
  }
  return told(state);
}

/** Told once: the same news every minute would be the noise that operators learn to ignore. */
function told(state: RollbackGuardState): RollbackGuardState {
  const { watch } = state;
  return watch === null ? { ...state, isPaged: true } : { ...state, watch: { ...watch, noDataTold: true } };
}

function isLocked({ lockRollbacks }: RollbackGuardPolicy, { rollbacksAtMs }: RollbackGuardState): boolean {
  return rollbacksAtMs.length >= lockRollbacks;
}

function judge(policy: RollbackGuardPolicy, state: RollbackGuardState, nowMs: number): Judgement {
  if (isLocked(policy, state)) return verdicts.locked;
  const { watch } = state;
  if (watch === null) return !state.isPaged && burningNow(policy, state, nowMs) !== null ? verdicts.page : normal;
  switch (verdictOf(policy, watch, nowMs)) {
    // What failed before was only a notice: through `warning` the machine still gets to the rollback.
    case 'bad': return state.machine.name === 'degraded' && !watch.hasFailed ? verdicts.suspect : verdicts.bad;
    case 'no_data': return watch.noDataTold ? normal : verdicts.noData;
    case 'suspect': return verdicts.suspect;
    default: return normal;
  }
}

function objectiveOf({ sloPct, sloPeriodMs }: RollbackGuardPolicy): Objective {
  return { slo: sloPct / 100, periodMs: sloPeriodMs };
}

function burningNow(policy: RollbackGuardPolicy, { burn }: RollbackGuardState, nowMs: number): Burning | null {
  return burning(objectiveOf(policy), pages, burn, { nowMs, errorsMin: policy.burnErrorsMin });
}

function explain(policy: RollbackGuardPolicy, state: RollbackGuardState, { code }: Judgement, nowMs: number): string {
  const { watch } = state;
  if (code === 'rollback_lock') return lockText(policy, state, nowMs);
  if (watch !== null && code === 'bad_release') return evidenceText(policy, watch, watch.badBy ?? 'errors');
  if (watch !== null && code === 'no_data') return noDataText(policy, watch, nowMs);
  if (watch !== null && code === 'suspect') return evidenceText(policy, watch, suspicious(watch));
  const found = code === 'burn_rate' ? burningNow(policy, state, nowMs) : null;
  return found === null ? calmText(watch) : burnText(objectiveOf(policy), found, state, nowMs);
}

function suspicious({ errors, latency }: Watch): 'errors' | 'latency' {
  return latency !== null && Math.max(...latency.odds) > Math.max(...errors.odds) ? 'latency' : 'errors';
}

function calmText(watch: Watch | null): string {
  return watch === null ? 'no release is watched and no burn rate is high' : `nothing speaks against release ${watch.release}`;
}

function actionOf(policy: RollbackGuardPolicy, state: RollbackGuardState, { code }: Judgement): ActionOrder {
  const release = state.watch?.release ?? state.last?.release ?? '';
  if (code === 'bad_release') return { kind: 'rollback', parameters: { release, evidence: state.watch?.badBy ?? 'errors' }, heldForMs: null, undoTimeoutMs: null };
  return { kind: 'notify', parameters: { about: code, release, severity: 'page' }, heldForMs: null, undoTimeoutMs: null };
}

/** What is known of the release now, or of the last one. */
export function releaseVerdict(policy: RollbackGuardPolicy, { watch, last }: RollbackGuardState, nowMs: number): PastRelease | null {
  return watch === null ? last : { release: watch.release, verdict: verdictOf(policy, watch, nowMs), atMs: nowMs };
}
