/**
 * When a crashed shard is started again, and when heart gives up. The rule is that of OTP's supervisors: more
 * than `restartsMax` restarts within `restartPeriodMs` and the fault is not one that restarting cures.
 */
export interface Intensity {
  readonly restartsMax: number;
  readonly restartPeriodMs: number;
}

export interface Restart {
  readonly shard: number;
  readonly atMs: number;
}

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly restarts: readonly Restart[] }
  | { readonly kind: 'give-up'; readonly count: number };

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 5_000;

/** Counts this crash, then decides: a shard that dies while starting must spend intensity too. */
export function decideRestart(earlier: readonly Restart[], crash: Restart, intensity: Intensity): RestartDecision {
  const restarts = [...earlier.filter(({ atMs }) => crash.atMs - atMs < intensity.restartPeriodMs), crash];
  if (restarts.length > intensity.restartsMax) return { kind: 'give-up', count: restarts.length };
  const ofThisShard = restarts.filter(({ shard }) => shard === crash.shard).length;
  return { kind: 'restart', delayMs: backoffMs(ofThisShard), restarts };
}

/** Delay in ms before the nth restart of one shard within the period: 0, 100, 200, 400, … capped at 5 s. */
export function backoffMs(nth: number): number {
  if (nth <= 1) return 0;
  return Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (nth - 2));
}
