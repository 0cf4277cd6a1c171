// Limits of concurrency that adapt to the latency of what was served: additive increase and multiplicative
// decrease, Vegas, Gradient2, with the defaults of Netflix's concurrency-limits (AIMDLimit, VegasLimit,
// Gradient2Limit; github.com/Netflix/concurrency-limits). None of them knows priorities. Measured against the
// backlog valve. What waits counts as in flight, as it does behind their blocking limiters.
import type { AdmissionControl, ControlState } from '../../control/admission-control.ts';

interface LimitState extends ControlState {
  readonly limit: number;
}

/** A served request's latency, and how many were in flight with it. */
interface Sample {
  readonly latencyMs: number;
  readonly inFlight: number;
  readonly nowMs: number;
}

function limiting<S extends LimitState>(name: string, initial: S, adapted: (state: S, sample: Sample) => S): AdmissionControl<S> {
  return {
    name,
    initial: () => initial,
    arrived: (state, { depth, busy }) => {
      const passes = depth + busy < Math.floor(state.limit);
      return passes === state.passes ? state : { ...state, passes };
    },
    taken: (state) => (state.passes ? state : { ...state, passes: true }),
    finished: (state, { depth, busy }, latencyMs, nowMs) => adapted(state, { latencyMs, inFlight: depth + busy + 1, nowMs }),
    ticked: (state) => state,
  };
}

function within(min: number, max: number, limit: number): number {
  return Math.max(min, Math.min(max, limit));
}

/** `timeoutMs`: their default is 5 s, which a deadline of 500 ms never meets; the deadline is the kinder choice. */
export function aimdLimit({ timeoutMs }: { readonly timeoutMs: number }): AdmissionControl<LimitState> {
  return limiting(`AIMD limit, timeout ${timeoutMs} ms`, { passes: true, mode: 'stable', limit: 20 }, (state, { latencyMs, inFlight }) => {
    if (latencyMs > timeoutMs) return { ...state, limit: within(20, 200, Math.floor(state.limit * 0.9)) };
    return inFlight * 2 >= state.limit ? { ...state, limit: within(20, 200, state.limit + 1) } : state;
  });
}

interface VegasState extends LimitState {
  readonly leastMs: number;
  readonly probeCount: number;
}

const PROBE_MULTIPLIER = 30;
/** The middle of their random 0.5 to 1. */
const PROBE_SHARE = 0.75;

export function vegasLimit(): AdmissionControl<VegasState> {
  const initial: VegasState = { passes: true, mode: 'stable', limit: 20, leastMs: 0, probeCount: 0 };
  return limiting('Vegas limit', initial, (before, { latencyMs, inFlight }) => {
    const state = { ...before, probeCount: before.probeCount + 1 };
    if (state.probeCount >= PROBE_SHARE * PROBE_MULTIPLIER * state.limit) return { ...state, probeCount: 0, leastMs: latencyMs };
    if (state.leastMs === 0 || latencyMs < state.leastMs) return { ...state, leastMs: latencyMs };
    if (inFlight * 2 < state.limit) return state;
    const step = Math.max(1, Math.floor(Math.log10(state.limit)));
    const queued = Math.ceil(state.limit * (1 - state.leastMs / latencyMs));
    return { ...state, limit: within(1, 1_000, state.limit + vegasChange(queued, step)) };
  });
}

function vegasChange(queued: number, step: number): number {
  if (queued <= step) return 6 * step;
  if (queued < 3 * step) return step;
  return queued > 6 * step ? -step : 0;
}

interface GradientState extends LimitState {
  readonly longMs: number;
  readonly windows: number;
  /** Of the window that runs: begin, sum of latencies, how many, most in flight. */
  readonly fromMs: number;
  readonly sumMs: number;
  readonly samples: number;
  readonly inFlightMax: number;
}

const LONG_WINDOW = 600;
const WARM_UP = 10;
const QUEUE_SIZE = 4;
const SMOOTHING = 0.2;
const TOLERANCE = 1.5;
const WINDOW_MS = 1_000;
const WINDOW_SAMPLES_MIN = 10;

/** Over windows of a second (their WindowedLimit), which suits it better here than one update a request. */
export function gradientLimit(): AdmissionControl<GradientState> {
  const initial: GradientState = { passes: true, mode: 'stable', limit: 20, longMs: 0, windows: 0, fromMs: 0, sumMs: 0, samples: 0, inFlightMax: 0 };
  return limiting('Gradient2 limit', initial, (before, { latencyMs, inFlight, nowMs }) => {
    const state = { ...before, sumMs: before.sumMs + latencyMs, samples: before.samples + 1, inFlightMax: Math.max(before.inFlightMax, inFlight) };
    if (nowMs - state.fromMs < WINDOW_MS || state.samples < WINDOW_SAMPLES_MIN) return state;
    return { ...windowed(state), fromMs: nowMs, sumMs: 0, samples: 0, inFlightMax: 0 };
  });
}

function windowed(state: GradientState): GradientState {
  const shortMs = state.sumMs / state.samples;
  const windows = state.windows + 1;
  const mean = windows <= WARM_UP ? (state.longMs * state.windows + shortMs) / windows : state.longMs + (2 / (LONG_WINDOW + 1)) * (shortMs - state.longMs);
  const longMs = mean / shortMs > 2 ? mean * 0.95 : mean;
  if (state.inFlightMax < state.limit / 2) return { ...state, longMs, windows };
  const gradient = within(0.5, 1, (TOLERANCE * longMs) / shortMs);
  const wanted = state.limit * gradient + QUEUE_SIZE;
  return { ...state, longMs, windows, limit: within(20, 200, (1 - SMOOTHING) * state.limit + SMOOTHING * wanted) };
}
