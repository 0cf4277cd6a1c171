// Scores the rollback guard and its peers on one deployment: after how long which of them rolls back. Pure.
import type { RollbackGuardPolicy } from '../governors/rollback-guard-policy.ts';
import type { FigureKind, Mark, Panel, PolicyOutcome, RunOutcome, Span } from './outcome.ts';
import { rollbackPeers, type Minute, type RollbackPolicy } from './peers/rollback-peers.ts';
import { governRelease } from './rollback-governor.ts';
import type { RollbackLoad, RollbackScenario } from './rollback-load.ts';

export const ROLLBACK_FIGURES: readonly FigureKind[] = [
  { key: 'rolledBack', label: 'rolled back', unit: '% of runs', over: 'share' },
  { key: 'detectMin', label: 'rolls back after', unit: 'min', over: 'median' },
];

export interface Verdict {
  readonly name: string;
  readonly source: string;
  /** Time since the deployment; undefined: kept. */
  readonly afterMs: number | undefined;
}

const MINUTE_MS = 60_000;
const OURS = 'rollback guard';

export function peerVerdicts(load: RollbackLoad): Verdict[] {
  const { before, since } = minutesOf(load);
  return rollbackPeers().map((peer) => ({ name: peer.name, source: peer.source, afterMs: firstVerdict(peer, before, since) }));
}

function firstVerdict(peer: RollbackPolicy, before: readonly Minute[], since: readonly Minute[]): number | undefined {
  for (let minutes = 1; minutes <= since.length; minutes++) {
    if (peer.verdict(before, since.slice(0, minutes), minutes === since.length)) return minutes * MINUTE_MS;
  }
  return undefined;
}

export function minutesOf({ requests, errors, tickMs, deployTick }: RollbackLoad): { before: Minute[]; since: Minute[] } {
  const perMinute = Math.max(1, Math.round(MINUTE_MS / tickMs));
  const sum = (from: number, to: number): Minute[] => {
    const minutes: Minute[] = [];
    for (let at = from; at + perMinute <= to; at += perMinute) {
      let [all, bad] = [0, 0];
      for (let tick = at; tick < at + perMinute; tick++) {
        all += requests[tick]!;
        bad += errors[tick]!;
      }
      minutes.push({ requests: all, errors: bad });
    }
    return minutes;
  };
  return { before: sum(deployTick % perMinute, deployTick), since: sum(deployTick, requests.length) };
}

/** Ours first. */
export function simulateRollback(load: RollbackLoad, scenario: RollbackScenario, { seed, policy }: { seed: number; policy: RollbackGuardPolicy }): RunOutcome {
  const deployMs = load.deployTick * load.tickMs;
  const { track, afterMs } = governRelease(load, policy);
  const ours = { name: OURS, ours: true, figures: figures(afterMs), spans: track.spans, marks: track.marks, reasons: track.reasons };
  return {
    seed,
    durationMs: load.requests.length * load.tickMs,
    panels: panels(load, scenario),
    moments: [{ atMs: deployMs, label: 'deployment' }],
    outcomes: [ours, ...peerVerdicts(load).map((verdict) => peerOutcome(verdict, deployMs))],
  };
}

function peerOutcome({ name, source, afterMs }: Verdict, deployMs: number): PolicyOutcome {
  const spans: Span[] = [{ fromMs: 0, state: 'stable' }];
  const marks: Mark[] = [];
  if (afterMs !== undefined) {
    spans.push({ fromMs: deployMs + afterMs, state: 'intervening' });
    marks.push({ atMs: deployMs + afterMs, label: `rolls back after ${afterMs / MINUTE_MS} min` });
  }
  return { name, ours: false, source, figures: figures(afterMs), spans, marks, reasons: [] };
}

function figures(afterMs: number | undefined): Record<string, number | undefined> {
  return { rolledBack: afterMs === undefined ? 0 : 1, detectMin: afterMs === undefined ? undefined : afterMs / MINUTE_MS };
}

function panels(load: RollbackLoad, { errorShare }: RollbackScenario): Panel[] {
  const { before, since } = minutesOf(load);
  const minutes = [...before, ...since];
  const firstMs = (load.deployTick * load.tickMs) % MINUTE_MS;
  const line = (value: (minute: Minute) => number): (readonly [number, number])[] => minutes.map((minute, at) => [firstMs + (at + 0.5) * MINUTE_MS, value(minute)]);
  return [
    { title: 'Requests', unit: 'a second, by minute', lines: [{ name: 'requests', points: line(({ requests }) => (requests * 1_000) / MINUTE_MS), ours: true }], thresholds: [] },
    {
      title: 'Errors', unit: '% of requests, by minute',
      lines: [{ name: 'errors', points: line(({ requests, errors }) => (requests === 0 ? 0 : (100 * errors) / requests)), ours: true }],
      thresholds: [
        { label: `healthy ${100 * errorShare} %`, value: 100 * errorShare },
        { label: 'Flagger-like 1 %', value: 1 },
        { label: 'Argo-like 5 %', value: 5 },
      ],
    },
  ];
}
