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
  /** ln odds of the alternative that must not be missed, bad from the start, against a healthy service. */
  readonly logOddsFromStart: number;
  readonly events: number;
  readonly bad: number;
}

/** What stays the same during a watch. */
export interface TestPlan {
  readonly baseline: BetaCounts;
  /** Shares of bad events that a bad release may show. */
  readonly alternatives: readonly number[];
  /** Which of them must be excluded before a release counts as healthy. */
  readonly decisive: number;
  /** A share above this is no drift of a healthy service. */
  readonly healthyShareMax: number;
  readonly memoryMs: number;
  readonly watchMs: number;
}

/** Half of the prior: bad from the first request; the other half is spread over the watch. */
const BAD_FROM_START = 0.5;
/** Finite, so that the state stays plain JSON. */
const ODDS_MAX = 1e300;
const SHARE_MAX = 0.999;

export function startTest(plan: TestPlan): SequentialTest {
  return {
    healthy: plan.baseline,
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
}

export function observe(plan: TestPlan, test: SequentialTest, counts: Counts): SequentialTest {
  const { events, bad, elapsedMs } = counts;
  const keep = Math.exp(-elapsedMs / plan.memoryMs);
  const known = relaxed(test.healthy, plan.baseline, keep, plan.healthyShareMax);
  const good = events - bad;
  const logHealthy = logPredictive(known, bad, good);
  const fresh = Math.min(test.unspent, ((1 - BAD_FROM_START) * elapsedMs) / plan.watchMs);
  const share = fresh / plan.alternatives.length;
  const odds = new Array<number>(plan.alternatives.length);
  let logOddsFromStart = test.logOddsFromStart;
  for (let at = 0; at < odds.length; at += 1) {
    const alternative = plan.alternatives[at]!;
    const gain = bad * Math.log(alternative) + good * Math.log(1 - alternative) - logHealthy;
    odds[at] = Math.min(ODDS_MAX, (test.odds[at]! + share) * Math.exp(gain));
    if (at === plan.decisive) logOddsFromStart += gain;
  }
  return {
    healthy: learned(known, bad, good),
    odds,
    unspent: test.unspent - fresh,
    logOddsFromStart,
    events: test.events + events,
    bad: test.bad + bad,
  };
}

/** Odds that the release is bad: 1 at the start; what is not spent yet counts as neither. */
export function oddsOf(test: SequentialTest): number {
  let sum = test.unspent;
  for (const one of test.odds) sum += one;
  return Math.min(ODDS_MAX, sum);
}

export function sharesOf(baseShare: number, increases: readonly number[]): number[] {
  return increases.map((increase) => Math.min(SHARE_MAX, baseShare + increase));
}
