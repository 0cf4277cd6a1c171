// What others do after a deployment, as their defaults are. They see what a monitoring system keeps: requests and
// errors a minute. A verdict is asked for once a minute; the first "roll back" counts.
import { shiftOf, withoutOutliers } from './mann-whitney.ts';

export interface Minute {
  readonly requests: number;
  readonly errors: number;
}

export interface RollbackPolicy {
  readonly name: string;
  readonly source: string;
  /** Before the deployment, and the minutes since, the last of which has just ended. True: roll back now. */
  verdict(before: readonly Minute[], since: readonly Minute[], isLast: boolean): boolean;
}

const ARGO_SUCCESS_SHARE_MIN = 0.95;
const ARGO_ERROR_LIMIT = 4;

/** A measurement below 95 % fails; more failures than the limit abort. Minutes without requests measure nothing. */
export function argoRollouts(failureLimit: number): RollbackPolicy {
  return {
    name: `fixed threshold, failure limit ${failureLimit}`,
    source: 'Argo Rollouts: failureLimit 0 unless set, 3 and success >= 0.95 in its example, consecutiveErrorLimit 4 (argo-rollouts.readthedocs.io/en/stable/features/analysis); measured each minute',
    verdict: (_before, since) =>
      since.filter(isBelow(ARGO_SUCCESS_SHARE_MIN)).length > failureLimit || emptyAtEnd(since) > ARGO_ERROR_LIMIT,
  };
}

function isBelow(share: number): (minute: Minute) => boolean {
  return ({ requests, errors }) => requests > 0 && (requests - errors) / requests < share;
}

function emptyAtEnd(minutes: readonly Minute[]): number {
  return minutes.length - 1 - minutes.findLastIndex(({ requests }) => requests > 0);
}

const FLAGGER_SUCCESS_SHARE_MIN = 0.99;
const FLAGGER_THRESHOLD = 5;

/** The fifth minute below 99 % rolls back; a minute without traffic is a failed check as well. */
export const flagger: RollbackPolicy = {
  name: '99 % a minute, threshold 5',
  source: 'Flagger: request-success-rate min 99, interval 1m, threshold 5 (docs.flagger.app/usage/metrics, docs.flagger.app/usage/how-it-works)',
  verdict: (_before, since) => {
    const fails = isBelow(FLAGGER_SUCCESS_SHARE_MIN);
    return since.filter((minute) => minute.requests === 0 || fails(minute)).length >= FLAGGER_THRESHOLD;
  },
};

/** Half an hour before against half an hour after, judged when the watch ends. */
export const kayenta: RollbackPolicy = {
  name: 'Mann-Whitney at the end',
  source: 'Kayenta, NetflixACAJudge: confidence 0.98, effect above 0.25 of the estimate, outliers beyond 3 interquartile ranges dropped (github.com/spinnaker/kayenta, kayenta-judge)',
  verdict: (before, since, isLast) => {
    if (!isLast) return false;
    const control = withoutOutliers(shares(before), 3);
    const experiment = withoutOutliers(shares(since), 3);
    if (control.length === 0 || experiment.length === 0) return false;
    const shift = shiftOf(experiment, control, 0.98);
    return shift.lower > 0.25 * Math.abs(shift.estimate);
  },
};

function shares(minutes: readonly Minute[]): number[] {
  return minutes.filter(({ requests }) => requests > 0).map(({ requests, errors }) => errors / requests);
}

const BURN = 14.4;
const LONG_MINUTES = 60;
const SHORT_MINUTES = 5;

/** 14.4 times the error budget's even speed, in an hour and in its last five minutes. */
export function burnRateAlone(objective: number): RollbackPolicy {
  return {
    name: 'burn rate 14.4 alone',
    source: `Google, The Site Reliability Workbook, chapter 5: 14.4 on 1 h and 5 m; objective ${100 * objective} %, the first round one that the healthy service meets`,
    verdict: (before, since) => {
      const all = [...before, ...since];
      const burns = (minutes: readonly Minute[]): boolean => {
        const requests = minutes.reduce((sum, minute) => sum + minute.requests, 0);
        const errors = minutes.reduce((sum, minute) => sum + minute.errors, 0);
        return requests > 0 && errors / requests >= BURN * (1 - objective);
      };
      return burns(all.slice(-LONG_MINUTES)) && burns(all.slice(-SHORT_MINUTES));
    },
  };
}

export function rollbackPeers(): RollbackPolicy[] {
  return [argoRollouts(0), argoRollouts(3), flagger, kayenta, burnRateAlone(0.99)];
}
