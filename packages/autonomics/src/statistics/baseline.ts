// What is remembered of a healthy service, so that a deployment finds its baseline ready: bins of the last half hour,
// a latency histogram, and the hours of the day. Recorded for every signal, read once a deployment.
import type { Bin } from './baseline-noise.ts';

export const BASELINE_BINS = 30;
const HOUR_MS = 3_600_000;
const HOURS = 24;
/** A latency bound is chosen so that about this share of requests is slower: near the p99, with enough counts. */
export const SLOW_SHARE = 0.015;
/** The chosen bound stays while its share is within this factor of the wanted one: a new one starts without bins. */
const SLOW_FACTOR = 4;
/** Below this many timed requests no bound is chosen. */
const TIMED_MIN = 300;
/** A bin that was counted against another bound. */
const UNKNOWN = -1;

export interface Baseline {
  readonly binStartMs: number;
  /** Of the bin that is filled now. */
  readonly events: number;
  readonly bad: number;
  readonly timed: number;
  readonly slow: number;
  /** Closed bins, newest last. `slow` is -1 where another bound was counted. */
  readonly binEvents: readonly number[];
  readonly binBad: readonly number[];
  readonly binTimed: readonly number[];
  readonly binSlow: readonly number[];
  /** Requests a latency bucket, older ones fading. Empty: none were timed. */
  readonly histogram: readonly number[];
  /** Slow is above `bounds[slowBound]`; -1: not chosen. */
  readonly slowBound: number;
  /** Events and bad events of each hour of the day, yesterday's at half weight. */
  readonly hourEvents: readonly number[];
  readonly hourBad: readonly number[];
  readonly hour: number;
}

export interface Sample {
  readonly events: number;
  readonly bad: number;
  /** Requests a bucket: one per bound and one above the last; undefined: not timed. */
  readonly latencyCounts: readonly number[] | undefined;
}

const none: readonly number[] = [];

export function startBaseline(nowMs: number): Baseline {
  return {
    binStartMs: nowMs, events: 0, bad: 0, timed: 0, slow: 0,
    binEvents: none, binBad: none, binTimed: none, binSlow: none,
    histogram: none, slowBound: UNKNOWN,
    hourEvents: Array.from({ length: HOURS }, () => 0), hourBad: Array.from({ length: HOURS }, () => 0), hour: hourOf(nowMs),
  };
}

export function recordBaseline(before: Baseline, sample: Sample, binMs: number, nowMs: number): Baseline {
  const baseline = nowMs - before.binStartMs < binMs ? before : binClosed(before, binMs, nowMs);
  const { latencyCounts } = sample;
  const timed = latencyCounts === undefined ? 0 : sumFrom(latencyCounts, 0);
  const slow = timed === 0 || baseline.slowBound < 0 ? 0 : sumFrom(latencyCounts!, baseline.slowBound + 1);
  return {
    binStartMs: baseline.binStartMs,
    events: baseline.events + sample.events,
    bad: baseline.bad + sample.bad,
    timed: baseline.timed + timed,
    slow: baseline.slow + slow,
    binEvents: baseline.binEvents, binBad: baseline.binBad, binTimed: baseline.binTimed, binSlow: baseline.binSlow,
    histogram: timed === 0 ? baseline.histogram : added(baseline.histogram, latencyCounts!),
    slowBound: baseline.slowBound,
    hourEvents: baseline.hourEvents, hourBad: baseline.hourBad, hour: baseline.hour,
  };
}

/** Of the requests that these buckets count, how many were slower than the bound. */
export function sumFrom(counts: readonly number[], from: number): number {
  let sum = 0;
  for (let at = from; at < counts.length; at += 1) sum += counts[at]!;
  return sum;
}

function added(histogram: readonly number[], counts: readonly number[]): readonly number[] {
  const sum: number[] = [];
  for (let at = 0; at < counts.length; at += 1) sum.push((histogram[at] ?? 0) + counts[at]!);
  return sum;
}

/** Time without signals leaves no bins: no data is not a healthy minute. */
function binClosed(baseline: Baseline, binMs: number, nowMs: number): Baseline {
  const { events, bad, timed, slow, slowBound } = baseline;
  const ended = Math.floor((nowMs - baseline.binStartMs) / binMs);
  const chosen = chosenBound(baseline.histogram, slowBound);
  const hours = withHour(baseline, nowMs);
  const binSlow = chosen === slowBound ? pushed(baseline.binSlow, slow) : pushed(baseline.binSlow, UNKNOWN).map(() => UNKNOWN);
  const fades = baseline.binEvents.length === BASELINE_BINS;
  return {
    binStartMs: baseline.binStartMs + ended * binMs,
    events: 0, bad: 0, timed: 0, slow: 0,
    binEvents: pushed(baseline.binEvents, events),
    binBad: pushed(baseline.binBad, bad),
    binTimed: pushed(baseline.binTimed, timed),
    binSlow,
    histogram: fades ? baseline.histogram.map((count) => Math.round(count * (1 - 1 / BASELINE_BINS))) : baseline.histogram,
    slowBound: chosen,
    ...hours,
  };
}

function pushed(list: readonly number[], value: number): number[] {
  return [...(list.length < BASELINE_BINS ? list : list.slice(1)), value];
}

function hourOf(nowMs: number): number {
  return Math.floor(nowMs / HOUR_MS) % HOURS;
}

/** An hour that begins again halves what it held: the last day counts most, and the sums stay small. */
function withHour({ events, bad, hour, hourEvents, hourBad }: Baseline, nowMs: number): Pick<Baseline, 'hour' | 'hourEvents' | 'hourBad'> {
  const next = hourOf(nowMs);
  const put = (list: readonly number[], value: number) => list.map((sum, at) => {
    const filled = at === hour ? sum + value : sum;
    return at === next && next !== hour ? Math.round(filled / 2) : filled;
  });
  return { hour: next, hourEvents: put(hourEvents, events), hourBad: put(hourBad, bad) };
}

function chosenBound(histogram: readonly number[], current: number): number {
  const total = sumFrom(histogram, 0);
  if (total < TIMED_MIN) return current;
  const distance = (at: number) => Math.abs(Math.log((sumFrom(histogram, at + 1) + 0.5) / total / SLOW_SHARE));
  if (current >= 0 && distance(current) < Math.log(SLOW_FACTOR)) return current;
  let best = 0;
  for (let at = 1; at < histogram.length - 1; at += 1) if (distance(at) < distance(best)) best = at;
  return best;
}

/** The bin that is still open is the freshest: it counts. */
export function errorBins({ binEvents, binBad, events, bad }: Baseline): Bin[] {
  const closed = binEvents.map((events, at) => ({ events, bad: binBad[at]! }));
  return events > 0 ? [...closed, { events, bad }] : closed;
}

/** Where most bins counted against another bound, the whole histogram stands for them, as one bin. */
export function slowBins({ binTimed, binSlow, timed, slow, histogram, slowBound }: Baseline): Bin[] {
  const closed = binTimed.map((events, at) => ({ events, bad: binSlow[at]! })).filter(({ bad }) => bad !== UNKNOWN);
  if (2 * closed.length < binTimed.length) return [{ events: sumFrom(histogram, 0), bad: sumFrom(histogram, slowBound + 1) }];
  return timed > 0 ? [...closed, { events: timed, bad: slow }] : closed;
}

/** An hour's bad share is compared only when it rests on this many bad events. */
const HOUR_BAD_MIN = 20;
const SEASON_MAX = 4;

/** How much worse the hour after this one usually is, from the days before: 1 if it is not, or if nobody knows. */
export function seasonalFactor({ hourEvents, hourBad }: Baseline, nowMs: number): number {
  const now = hourOf(nowMs);
  const next = (now + 1) % HOURS;
  if (hourBad[now]! < HOUR_BAD_MIN || hourBad[next]! < HOUR_BAD_MIN) return 1;
  const factor = hourBad[next]! / hourEvents[next]! / (hourBad[now]! / hourEvents[now]!);
  return Math.min(SEASON_MAX, Math.max(1, factor));
}
