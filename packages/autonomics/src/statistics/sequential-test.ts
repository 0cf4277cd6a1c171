// The always-valid sequential test: the odds that a release is bad, after every signal, however often one looks.
// A mixture of likelihood ratios: over how bad it may be (the alternatives), and over when it became bad (at the
// deployment, or at any later time of the watch). Each is an average of products that have the expectation 1
// as long as the service is healthy, so by Ville's inequality the odds pass `1,000 : 1` in at most one of
// 1,000 healthy watches. The healthy side is a drifting rate that is itself estimated (drifting-rate.ts).
import { learned, logPredictive, relaxed, type BetaCounts } from './drifting-rate.ts';

export interface SequentialTest {
  /** What a healthy service would show next. */
  readonly healthy: BetaCounts;
  /** Odds of each alternative, its prior weight and the time of its change included. */
  readonly odds: readonly number[];
  /** Of the prior weight of "became bad", what is not yet spent on the past. */
  readonly unspent: number;
  /** ln odds of the mildest alternative, bad from the start, against a healthy service: far below 0 clears a release. */
  readonly logOddsFromStart: number;
  readonly events: number;
  readonly bad: number;
}

/** What stays the same during a watch. */
export interface TestPlan {
  readonly baseline: BetaCounts;
  /** What a healthy service shows at the start: the baseline, and where its drift stood at the end. */
  readonly start: BetaCounts;
  /** Shares of bad events that a bad release may show, the mildest first. */
  readonly alternatives: readonly number[];
  /** A share above this is no drift of a healthy service. */
  readonly healthyShareMax: number;
  readonly memoryMs: number;
  readonly watchMs: number;
}

/** Half of the prior: bad from the first request; the other half is spread over the watch, and never spent up. */
const BAD_FROM_START = 0.5;
/** Finite, so that the state stays plain JSON. */
const ODDS_MAX = 1e300;
const GAIN_MAX = 600;
/** Knows nothing, and 20 : 1 that nothing is what is known of the control. */
const ANY_SHARE: BetaCounts = { bad: 0.5, good: 5 };
const NEW_LOG_ODDS = Math.log(20);
const SHARE_MAX = 0.999;

export function startTest(plan: TestPlan): SequentialTest {
  return {
    healthy: plan.start,
    odds: plan.alternatives.map(() => BAD_FROM_START / plan.alternatives.length),
    unspent: 1 - BAD_FROM_START,
    logOddsFromStart: 0,
    events: 0,
    bad: 0,
  };
}

export interface Counts {
  readonly events: number;
  readonly bad: number;
  /** Time since the counts before. */
  readonly elapsedMs: number;
  /** So many times the usual share is still no fault of the release: 1, or more while its traffic is not the usual. */
  readonly allowance: number;
  /** What the version before it shows meanwhile, where it still serves: then it, not the release, says what is healthy. */
  readonly control: { readonly events: number; readonly bad: number } | null;
}

export function observe(plan: TestPlan, test: SequentialTest, counts: Counts): SequentialTest {
  const { events, bad, elapsedMs } = counts;
  const good = events - bad;
  const { predicting, next } = healthyNow(plan, test, counts);
  const logHealthy = logPredictive(predicting, bad, good);
  // Where healthy itself is elsewhere for now, bad is as far above it as ever.
  const lift = counts.control === null && counts.allowance === 1 ? 0 : Math.max(0, meanOf(predicting) - meanOf(plan.baseline));
  const fresh = test.unspent * (1 - Math.exp(-elapsedMs / plan.watchMs));
  const share = fresh / plan.alternatives.length;
  const odds: number[] = [];
  let logOddsFromStart = test.logOddsFromStart;
  for (let at = 0; at < plan.alternatives.length; at += 1) {
    const alternative = Math.min(SHARE_MAX, plan.alternatives[at]! + lift);
    const gain = bad * Math.log(alternative) + good * Math.log(1 - alternative) - logHealthy;
    odds.push(Math.min(ODDS_MAX, (test.odds[at]! + share) * Math.exp(Math.min(GAIN_MAX, gain))));
    if (at === 0) logOddsFromStart += gain;
  }
  return { healthy: next, odds, unspent: test.unspent - fresh, logOddsFromStart, events: test.events + events, bad: test.bad + bad };
}

function healthyNow(plan: TestPlan, test: SequentialTest, { events, bad, elapsedMs, allowance, control }: Counts): { readonly predicting: BetaCounts; readonly next: BetaCounts } {
  const keep = Math.exp(-elapsedMs / plan.memoryMs);
  if (control !== null) {
    // Both versions drift together, wherever to: the mean stays, only its certainty fades to the baseline's.
    const known = relaxed(test.healthy, sameMean(plan.baseline, test.healthy), keep, SHARE_MAX);
    const good = control.events - control.bad;
    // Something befell both: what was known before it explains the control no longer, so the control starts anew.
    const isNew = logPredictive(ANY_SHARE, control.bad, good) > logPredictive(known, control.bad, good) + NEW_LOG_ODDS;
    const predicting = learned(isNew ? ANY_SHARE : known, control.bad, good);
    return { predicting, next: learned(predicting, bad, events - bad) };
  }
  const known = relaxed(test.healthy, plan.baseline, keep, plan.healthyShareMax);
  const predicting = allowance === 1 ? known : { bad: known.bad * allowance, good: known.good };
  // What the allowance explains says nothing about the usual share.
  return { predicting, next: learned(known, bad / allowance, events - bad) };
}

function meanOf({ bad, good }: BetaCounts): number {
  return bad / (bad + good);
}

function sameMean(baseline: BetaCounts, known: BetaCounts): BetaCounts {
  const bad = Math.min(known.bad, baseline.bad);
  return { bad, good: (bad * known.good) / known.bad };
}

/** Odds that the release is bad: 1 at the start; what is not spent yet counts as neither. */
export function oddsOf(test: SequentialTest): number {
  let sum = test.unspent;
  for (const one of test.odds) sum += one;
  return Math.min(ODDS_MAX, sum);
}
