// Decides from beats whether the main thread is blocked. Pure: the worker asks it at each tick
// and does what it says.

/** While one block lasts it is reported again after this time, not sooner. */
export const repeatAfterMs = 10_000;

export interface Detector {
  readonly blockedAfterMs: number;
  /** How often `observe` is called. */
  readonly tickMs: number;
  readonly lastTickMs: number;
  /** Beats counted at the last tick. */
  readonly beats: number;
  /** Time that the last ping has been waiting for its beat. */
  readonly silentMs: number;
  /** `silentMs` at the last report of this block; undefined if it was not reported. */
  readonly reportedAtMs: number | undefined;
}

/** alive: the last ping was answered; silent: not yet, or reported lately; recovered: a reported block is over. */
export type Verdict =
  | { readonly kind: 'alive' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'blocked'; readonly blockedMs: number }
  | { readonly kind: 'recovered'; readonly blockedMs: number };

export function newDetector(blockedAfterMs: number, nowMs: number): Detector {
  const tickMs = Math.max(10, Math.min(250, blockedAfterMs / 4));
  return { blockedAfterMs, tickMs, lastTickMs: nowMs, beats: 0, silentMs: 0, reportedAtMs: undefined };
}

export function observe(detector: Detector, now: { readonly ms: number; readonly beats: number }): { detector: Detector; verdict: Verdict } {
  // A tick that comes late means that this thread did not run either (the machine slept or was
  // overloaded, the process was stopped): such time says nothing about the main thread.
  const passedMs = Math.min(now.ms - detector.lastTickMs, 2 * detector.tickMs);
  const ticked: Detector = { ...detector, lastTickMs: now.ms, beats: now.beats };
  if (now.beats !== detector.beats) {
    const verdict: Verdict = detector.reportedAtMs === undefined ? { kind: 'alive' } : { kind: 'recovered', blockedMs: detector.silentMs };
    return { detector: { ...ticked, silentMs: 0, reportedAtMs: undefined }, verdict };
  }
  const silentMs = detector.silentMs + passedMs;
  const { reportedAtMs, blockedAfterMs } = detector;
  const isDue = reportedAtMs === undefined ? silentMs >= blockedAfterMs : silentMs - reportedAtMs >= repeatAfterMs;
  if (!isDue) return { detector: { ...ticked, silentMs }, verdict: { kind: 'silent' } };
  return { detector: { ...ticked, silentMs, reportedAtMs: silentMs }, verdict: { kind: 'blocked', blockedMs: silentMs } };
}
