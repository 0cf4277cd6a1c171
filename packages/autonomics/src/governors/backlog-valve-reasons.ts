// The backlog valve's judgements in words, with the values and the thresholds. Called only for receipts.
import type { Priority } from '../control/admission-control.ts';
import { BURST_END, shareOf } from '../control/queue-time.ts';
import { totalOf } from '../control/shedding.ts';
import type { Judgement } from '../governor/define-governor.ts';
import type { BacklogValvePolicy } from './backlog-valve-policy.ts';
import type { BacklogValveState } from './backlog-valve.ts';

export function explainValve(policy: BacklogValvePolicy, state: BacklogValveState, { code }: Judgement, nowMs: number): string {
  switch (code) {
    case 'queue_time': return queueTime(policy, state, nowMs);
    case 'over_capacity': return overCapacity(policy, state);
    case 'backlog_depth': return `${count(state.depth)} requests wait; threshold ${count(policy.depthWarn)}`;
    case 'backlog_growth': return `the backlog grows by ${count(state.growthPerSecond)} requests/s; threshold ${count(policy.growthWarnPerSecond)} requests/s`;
    case 'no_data': return `nothing measured for ${count(nowMs - state.queue.measuredAtMs)} ms; threshold ${count(policy.staleAfterMs)} ms; the valve is open`;
    default: return calm(policy, state);
  }
}

function queueTime(policy: BacklogValvePolicy, state: BacklogValveState, nowMs: number): string {
  const { waitMs, standing, calmAtMs } = state.queue;
  const why = standing
    ? `target ${policy.targetMs} ms; above it for ${count(nowMs - calmAtMs)} ms`
    : `a burst may wait ${policy.deadlineMs / 2} ms`;
  const shares = ([4, 3, 2, 1, 0] as const)
    .map((priority: Priority) => ({ priority, pct: percent(shareOf(policy, state.queue, { mix: state.shedding.mix, limit: 1 }, priority)) }))
    .filter(({ pct }) => pct !== '0')
    .map(({ priority, pct }) => `priority ${priority}: ${pct} %`);
  const shed = shares.length === 0 ? `last shed ${count(nowMs - state.shedAtMs)} ms ago, watched for ${count(state.holdMs)} ms` : `shedding ${shares.join(', ')}`;
  return `queue time ${count(waitMs)} ms; ${why}; ${shed}${capacity(state)}`;
}

function overCapacity(policy: BacklogValvePolicy, state: BacklogValveState): string {
  const { waitMs, standing } = state.queue;
  const threshold = standing
    ? `${BURST_END * 100} % of the deadline is ${count(BURST_END * policy.deadlineMs)} ms, the ceiling ${policy.ceilingMs} ms for ${count(policy.refuseAfterMs)} ms`
    : `deadline ${policy.deadlineMs} ms`;
  return `queue time ${count(waitMs)} ms although ${policy.shedPctMax} % may be shed; ${threshold}${capacity(state)}`;
}

function calm({ targetMs }: BacklogValvePolicy, { queue, shedding, late }: BacklogValveState): string {
  const lost = `${count(totalOf(shedding.shed))} of ${count(totalOf(shedding.offered))} requests shed so far, ${count(late)} too late`;
  return `queue time ${count(queue.waitMs)} ms; target ${targetMs} ms; ${lost}`;
}

function capacity({ queue: { gapMs } }: BacklogValveState): string {
  return gapMs > 0 ? `; capacity ${count(1_000 / gapMs)}/s` : '';
}

function percent(share: number): string {
  return (100 * share).toFixed(share > 0.095 || share === 0 ? 0 : 1);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
