// Scores the tool guard and its peers: which calls run without a right to, and how long tools that hang hold on. Pure.
import type { ToolPolicy } from '../governors/tool-guard/policy.ts';
import type { ToolAnswer, ToolSignal, ToolState } from '../governors/tool-guard/signals.ts';
import { toolGuard } from '../governors/tool-guard.ts';
import type { Answer } from '../governor/governor.ts';
import { EventQueue } from './event-queue.ts';
import { GovernorRun } from './governor-run.ts';
import { Track, type FigureKind, type Line, type Panel, type PolicyOutcome, type RunOutcome } from './outcome.ts';
import { toolPeers, type ToolDecider } from './peers/tool-peers.ts';
import type { ToolCall, ToolLoad } from './tool-load.ts';

export const TOOL_FIGURES: readonly FigureKind[] = [
  { key: 'ranWithoutRight', label: 'ran without a right', unit: 'calls', over: 'max' },
  { key: 'refusedWithRight', label: 'refused with a right', unit: 'calls', over: 'median' },
  { key: 'beyondLimitsS', label: 'ran beyond the limits', unit: 's in all', over: 'median' },
  { key: 'transitions', label: 'changes of state', unit: '', over: 'max' },
];

const ARRIVAL = 0;
const END = 1;
const TICK = 2;
const SUSPEND = 3;
const RESUME = 4;
const TICK_MS = 1_000;
const MINUTE_MS = 60_000;

interface Score {
  ranWithoutRight: number;
  refusedWithRight: number;
  beyondLimitsMs: number;
  readonly refusedPerMinute: number[];
}

/** Ours first. */
export function simulateTools(load: ToolLoad, { seed, policy }: { seed: number; policy: ToolPolicy }): RunOutcome {
  const results = [ours(load, policy), ...toolPeers().map((peer) => peerResult(load, policy, peer))];
  const { fromMs, toMs } = load.suspended;
  return {
    seed,
    durationMs: load.durationMs,
    panels: panels(load, results.map(({ outcome, score }) => ({ name: outcome.name, refusedPerMinute: score.refusedPerMinute }))),
    moments: [{ atMs: fromMs, label: 'suspended' }, { atMs: toMs, label: 'active again' }].filter(({ atMs }) => atMs <= load.durationMs),
    outcomes: results.map(({ outcome }) => outcome),
  };
}

/** Entitlement and role, as they are at this moment. */
function isRight({ suspended }: ToolLoad, { tools }: ToolPolicy, { tool, roles }: ToolCall, nowMs: number): boolean {
  const rule = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  if (rule === undefined || (nowMs >= suspended.fromMs && nowMs < suspended.toMs)) return false;
  return rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role));
}

function newScore(durationMs: number): Score {
  return { ranWithoutRight: 0, refusedWithRight: 0, beyondLimitsMs: 0, refusedPerMinute: Array.from({ length: Math.ceil(durationMs / MINUTE_MS) + 1 }, () => 0) };
}

function count(score: Score, { right, admitted }: { right: boolean; admitted: boolean }, nowMs: number): void {
  if (admitted && !right) score.ranWithoutRight += 1;
  if (!admitted && right) score.refusedWithRight += 1;
  if (!admitted) score.refusedPerMinute[Math.floor(nowMs / MINUTE_MS)]! += 1;
}

function timeoutOf({ tools, timeoutMs }: ToolPolicy, tool: string): number {
  return (Object.hasOwn(tools, tool) ? tools[tool]?.timeoutMs : undefined) ?? timeoutMs;
}

function ours(load: ToolLoad, policy: ToolPolicy): { outcome: PolicyOutcome; score: Score } {
  const run = new GovernorRun<ToolPolicy, ToolState, ToolSignal, Answer | ToolAnswer>(toolGuard, policy);
  const events = new EventQueue();
  const score = newScore(load.durationMs);
  const running: ('completed' | 'timeout' | 'memory')[] = [];
  for (let atMs = 0; atMs < load.durationMs; atMs += TICK_MS) events.add(atMs, TICK);
  events.add(load.suspended.fromMs, SUSPEND);
  events.add(load.suspended.toMs, RESUME);
  for (const pack of new Set(Object.values(policy.tools).map((rule) => rule.pack))) run.signal({ kind: 'pack', pack, active: true }, 0);
  load.calls.forEach(({ atMs }, index) => events.add(atMs, ARRIVAL, index));
  for (let event = events.next(); event !== undefined; event = events.next()) {
    const { atMs, index, kind } = event;
    const call = load.calls[index]!;
    if (kind === TICK) run.tick(atMs);
    else if (kind === SUSPEND || kind === RESUME) run.signal({ kind: 'entitlement', active: kind === RESUME }, atMs);
    else if (kind === END) run.signal({ kind: 'call_ended', tool: call.tool, outcome: running[index]! }, atMs);
    else {
      const answer = run.signal({ kind: 'call', tool: call.tool, roles: call.roles, facts: {} }, atMs);
      const limits = 'limits' in answer ? answer.limits : null;
      count(score, { right: isRight(load, policy, call, atMs), admitted: limits !== null }, atMs);
      if (limits === null) continue;
      // Whoever runs the tool ends it at its limit.
      running[index] = call.memoryBytes > limits.memoryBytes ? 'memory' : call.durationMs > limits.timeoutMs ? 'timeout' : 'completed';
      events.add(atMs + Math.min(call.durationMs, limits.timeoutMs), END, index);
    }
  }
  return { outcome: outcomeOf('tool guard', run.track, score, undefined), score };
}

function peerResult(load: ToolLoad, policy: ToolPolicy, peer: ToolDecider): { outcome: PolicyOutcome; score: Score } {
  const track = new Track();
  const score = newScore(load.durationMs);
  track.at(0, 'stable');
  let refusedOfTen = 0;
  for (const call of load.calls) {
    const right = isRight(load, policy, call, call.atMs);
    const admitted = peer.admit(call, right, call.atMs);
    count(score, { right, admitted }, call.atMs);
    if (admitted) score.beyondLimitsMs += Math.max(0, call.durationMs - timeoutOf(policy, call.tool));
    // It has no states; most of the latest calls refused is what a user would call one.
    refusedOfTen += ((admitted ? 0 : 1) - refusedOfTen) / 10;
    track.at(call.atMs, refusedOfTen > 0.9 ? 'refusing' : refusedOfTen < 0.5 ? 'stable' : (track.spans.at(-1)?.state ?? 'stable'));
  }
  return { outcome: outcomeOf(peer.name, track, score, peer.source), score };
}

function outcomeOf(name: string, track: Track, score: Score, source: string | undefined): PolicyOutcome {
  return {
    name,
    ours: source === undefined,
    ...(source === undefined ? {} : { source }),
    figures: { ranWithoutRight: score.ranWithoutRight, refusedWithRight: score.refusedWithRight, beyondLimitsS: score.beyondLimitsMs / 1_000, transitions: track.transitions },
    spans: track.spans,
    marks: track.marks,
    reasons: track.reasons,
  };
}

function panels({ calls, durationMs }: ToolLoad, results: readonly { name: string; refusedPerMinute: readonly number[] }[]): Panel[] {
  const minutes = Array.from({ length: Math.ceil(durationMs / MINUTE_MS) }, (_, at) => at);
  const perMinute = minutes.map(() => 0);
  for (const { atMs } of calls) perMinute[Math.min(perMinute.length - 1, Math.floor(atMs / MINUTE_MS))]! += 1;
  const line = (values: readonly number[]): Line['points'] => minutes.map((minute) => [Math.min(durationMs, (minute + 0.5) * MINUTE_MS), values[minute]!] as const);
  return [
    { title: 'Calls', unit: 'a minute', lines: [{ name: 'calls', points: line(perMinute), ours: true }], thresholds: [] },
    { title: 'Refused', unit: 'a minute', lines: results.map(({ name, refusedPerMinute }, at) => ({ name, points: line(refusedPerMinute), ours: at === 0 })), thresholds: [] },
  ];
}
