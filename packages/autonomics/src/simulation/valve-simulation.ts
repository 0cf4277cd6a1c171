// Scores the backlog valve and its peers on one load: a queue, its workers, a deadline. Pure.
import type { AdmissionControl, ControlState } from '../control/admission-control.ts';
import type { BacklogValvePolicy } from '../governors/backlog-valve-policy.ts';
import { Track, type FigureKind, type Panel, type PolicyOutcome, type RunOutcome, type TrackState } from './outcome.ts';
import { valvePeers } from './peers/valve-peers.ts';
import { runQueue } from './queue-model.ts';
import type { QueueResult } from './queue-score.ts';
import { backlogValveControl } from './valve-control.ts';
import type { ValveLoad, ValveScenario } from './valve-load.ts';

export const VALVE_FIGURES: readonly FigureKind[] = [
  { key: 'goodputPctOfIdeal', label: 'in time, of the ideal', unit: '%', over: 'min' },
  { key: 'goodputPct', label: 'in time, of all', unit: '%', over: 'median' },
  { key: 'waitP99Ms', label: 'wait p99', unit: 'ms', over: 'max' },
  { key: 'shedPct', label: 'shed', unit: '%', over: 'median' },
  { key: 'shedTopPct', label: 'shed of the top priority', unit: '%', over: 'max' },
  { key: 'flipsPerHour', label: 'flips', unit: 'an hour', over: 'max' },
  { key: 'recoveryS', label: 'recovery', unit: 's', over: 'max' },
];

interface Scored {
  readonly source: string | undefined;
  readonly track: Track;
  readonly result: QueueResult;
}

/** Ours first. */
export function simulateValve(load: ValveLoad, scenario: ValveScenario, { seed, policy }: { seed: number; policy: BacklogValvePolicy }): RunOutcome {
  const scored = [ours(load, scenario, policy), ...valvePeers(scenario).map(({ policy: peer, source }) => scoreOf(peer, load, scenario, { source }))];
  const { overload } = load;
  return {
    seed,
    durationMs: load.workload.durationMs,
    panels: panels(load, scenario, scored),
    moments: overload === undefined ? [] : [{ atMs: overload.fromMs, label: 'overload begins' }, { atMs: overload.toMs, label: 'overload ends' }],
    outcomes: scored.map((one, at) => outcome(one, at === 0)),
  };
}

function ours(load: ValveLoad, scenario: ValveScenario, policy: BacklogValvePolicy): Scored {
  const track = new Track();
  const control = backlogValveControl(policy, {
    onAction: ({ id, kind, reason }, nowMs) => track.mark(nowMs, `${kind}#${id}: ${reason}`),
    onReceipt: (receipt) => track.receipt(receipt),
  });
  return scoreOf(control, load, scenario, { source: undefined, track });
}

function scoreOf<S extends ControlState>(control: AdmissionControl<S>, { workload, overload }: ValveLoad, scenario: ValveScenario, { source, track = new Track() }: { source: string | undefined; track?: Track }): Scored {
  const options = { servers: scenario.workers, deadlineMs: scenario.deadlineMs, ...(overload === undefined ? {} : { overloadEndMs: overload.toMs }) };
  const result = runQueue(control, workload, options);
  for (const [atMs, state] of spansOf(result)) track.at(atMs, state);
  return { source, track, result };
}

/** What has no modes is drawn by what it did: intervening in a second in which it shed. */
function spansOf({ flips, seconds }: QueueResult): (readonly [number, TrackState])[] {
  if (flips.length > 0) return [[0, flips[0]!.from as TrackState], ...flips.map(({ atMs, to }) => [atMs, to as TrackState] as const)];
  return seconds.map(({ shed }, at) => [seconds[Math.max(0, at - 1)]!.atMs, shed > 0 ? 'intervening' : 'stable'] as const);
}

function outcome({ source, track, result }: Scored, isOurs: boolean): PolicyOutcome {
  return {
    name: result.name,
    ours: isOurs,
    ...(source === undefined ? {} : { source }),
    figures: {
      goodputPctOfIdeal: result.goodputPctOfIdeal,
      goodputPct: result.goodputPctOfOffered,
      waitP99Ms: result.waitP99Ms,
      shedPct: (100 * result.shed) / result.offered,
      shedTopPct: (100 * result.shedByPriority[0]!) / Math.max(1, result.offeredByPriority[0]!),
      flipsPerHour: result.flipsPerHour,
      recoveryS: Number.isNaN(result.recoveryS) ? undefined : result.recoveryS,
    },
    spans: track.spans,
    marks: track.marks,
    reasons: track.reasons,
  };
}

/** So many points of the offered load are drawn. */
const POINTS = 600;

function panels({ workload: { durationMs }, rate }: ValveLoad, scenario: ValveScenario, scored: readonly Scored[]): Panel[] {
  const offered = Array.from({ length: POINTS + 1 }, (_, at): [number, number] => [(at * durationMs) / POINTS, rate((at * durationMs) / POINTS)]);
  return [
    {
      title: 'Offered load', unit: 'requests/s',
      lines: [{ name: 'offered', points: offered, ours: true }],
      thresholds: [{ label: `capacity ${scenario.capacityPerSecond}/s`, value: scenario.capacityPerSecond }],
    },
    {
      title: 'Wait of the first', unit: 'ms in the queue',
      lines: scored.map(({ result }, at) => ({ name: result.name, points: result.seconds.map(({ atMs, headWaitMs }) => [atMs, headWaitMs] as const), ours: at === 0 })),
      thresholds: [{ label: `deadline ${scenario.deadlineMs} ms`, value: scenario.deadlineMs }],
      most: 1.5 * scenario.deadlineMs,
    },
  ];
}
