// What others do about a backlog, as their defaults are. Those in this file decide on the length of the queue; the
// ones that look at time, and came nearest to ours, have files of their own. Called by the valve's simulation only.
import type { AdmissionControl, ControlState, QueueView } from '../../control/admission-control.ts';
import { aimdLimit, gradientLimit, vegasLimit } from './concurrency-limits.ts';
import { controlledDelay } from './controlled-delay.ts';
import type { TrackState } from '../outcome.ts';

/** Its state is its own; the simulation hands it back as it came. */
export interface ValvePeer {
  readonly policy: AdmissionControl<never>;
  readonly source: string;
}

function peer<S extends ControlState>(policy: AdmissionControl<S>, source: string): ValvePeer {
  return { policy: policy as unknown as AdmissionControl<never>, source };
}

export interface PeerValveState extends ControlState {
  readonly mode: TrackState;
  readonly sinceMs: number;
  /** When a poll last found the threshold exceeded. */
  readonly activeMs: number;
  readonly polledMs: number;
  /** Of every two, one passes: which one it is. */
  readonly odd: boolean;
}

type Depth = (state: PeerValveState, queue: QueueView, nowMs: number) => PeerValveState;

function depthControl(name: string, arrived: Depth, ticked: Depth = (state) => state): AdmissionControl<PeerValveState> {
  const pass = (state: PeerValveState): PeerValveState => (state.passes ? state : { ...state, passes: true });
  return {
    name,
    initial: (nowMs) => ({ passes: true, mode: 'stable', sinceMs: nowMs, activeMs: -Infinity, polledMs: nowMs, odd: false }),
    arrived: (state, queue, _priority, nowMs) => arrived(state, queue, nowMs),
    taken: pass,
    finished: (state) => state,
    ticked: (state, queue, nowMs) => ticked(state, queue, nowMs),
  };
}

/** Refuses what finds the queue full. Nothing of it is a mode: each request sees the queue anew. */
export function queueCap(lengthMax: number): AdmissionControl<PeerValveState> {
  return depthControl('queue cap', (state, { depth }, nowMs) => switched(state, depth >= lengthMax, nowMs));
}

/** One number turns it on and off. */
export function singleThreshold(depth: number): AdmissionControl<PeerValveState> {
  return depthControl('single threshold', (state, queue, nowMs) => switched(state, queue.depth > depth, nowMs));
}

export function hysteresis({ on, off }: { readonly on: number; readonly off: number }): AdmissionControl<PeerValveState> {
  return depthControl('hysteresis', (state, { depth }, nowMs) => switched(state, depth > (state.mode === 'refusing' ? off : on), nowMs));
}

export interface CooldownOptions {
  readonly depth: number;
  readonly pollingMs: number;
  readonly cooldownMs: number;
}

/** Looks every `pollingMs`; what it turned on stays on until `cooldownMs` after the last look that wanted it. */
export function cooldown({ depth, pollingMs, cooldownMs }: CooldownOptions): AdmissionControl<PeerValveState> {
  const everySecond = (state: PeerValveState): PeerValveState => {
    if (state.mode !== 'intervening') return state.passes ? state : { ...state, passes: true };
    return { ...state, odd: !state.odd, passes: state.odd };
  };
  return depthControl('KEDA-like cooldown', everySecond, (state, queue, nowMs) => {
    if (nowMs - state.polledMs < pollingMs) return state;
    const activeMs = queue.depth > depth ? nowMs : state.activeMs;
    const mode: TrackState = nowMs - activeMs <= cooldownMs ? 'intervening' : 'stable';
    return { ...state, polledMs: nowMs, activeMs, mode, sinceMs: mode === state.mode ? state.sinceMs : nowMs };
  });
}

function switched(state: PeerValveState, refuses: boolean, nowMs: number): PeerValveState {
  const mode: TrackState = refuses ? 'refusing' : 'stable';
  if (state.mode === mode && state.passes !== refuses) return state;
  return { ...state, mode, passes: !refuses, sinceMs: state.mode === mode ? state.sinceMs : nowMs };
}

const LIMITS_SOURCE = 'Netflix concurrency-limits, defaults of the class (github.com/Netflix/concurrency-limits)';

/** Thresholds by which a full queue can still be served in time are the kindest choice for the peers. */
export function valvePeers({ capacityPerSecond, deadlineMs }: { readonly capacityPerSecond: number; readonly deadlineMs: number }): ValvePeer[] {
  const intime = (capacityPerSecond * deadlineMs) / 1_000;
  const threshold = Math.max(1, Math.round(0.8 * intime));
  return [
    peer(queueCap(100), 'Apache Tomcat, acceptCount: 100 unless set (tomcat.apache.org/tomcat-10.1-doc/config/http.html)'),
    peer(singleThreshold(threshold), `on above, off below ${threshold} waiting: 80 % of what can be served within the deadline`),
    peer(hysteresis({ on: threshold, off: Math.round(threshold / 2) }), `on above ${threshold}, off below half of it`),
    peer(
      cooldown({ depth: threshold, pollingMs: 30_000, cooldownMs: 300_000 }),
      'KEDA ScaledObject: pollingInterval 30 s, cooldownPeriod 300 s unless set (keda.sh/docs/latest/reference/scaledobject-spec); the action is to shed half',
    ),
    peer(controlledDelay({ shortMs: 50, intervalMs: deadlineMs }), 'B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015, with the deadline as its interval'),
    peer(gradientLimit(), `Gradient2Limit of ${LIMITS_SOURCE}`),
    peer(vegasLimit(), `VegasLimit of ${LIMITS_SOURCE}`),
    peer(aimdLimit({ timeoutMs: deadlineMs }), `AIMDLimit of ${LIMITS_SOURCE}, its timeout the deadline`),
  ];
}
