// The tool guard: a call passes entitlement, role and preconditions before its tool runs, and gets its limits of time
// and memory as data for whoever enforces them. A tool that keeps breaking them is paused.
import { defineGovernor, normal, type Absorbed, type Judgement } from '../governor/define-governor.ts';
import type { ActionOrder, CommonSignal, MachineState } from '../governor/governor.ts';
import { gateOf } from './tool-guard/gates.ts';
import { current, released, total, withOffence, worstOf } from './tool-guard/offenders.ts';
import { packsMax, toolPolicySchema, type ToolPolicy } from './tool-guard/policy.ts';
import type { ToolAnswer, ToolSignal, ToolState } from './tool-guard/signals.ts';

const dayMs = 86_400_000;

const judgements = {
  refuse: { level: 'refuse', code: 'limits_exceeded' },
  quota: { level: 'refuse', code: 'quota_day' },
  warn: { level: 'warn', code: 'tool_exceeds' },
} as const satisfies Record<string, Judgement>;

export const toolGuard = defineGovernor<ToolPolicy, ToolState, ToolSignal, ToolAnswer>({
  sku: 'gcp.autonomic.tool_guard.v1',
  policy: toolPolicySchema,
  words: { warn: 'a tool exceeds its limits', refuse: 'many exceed theirs, or the quota is used', action: 'pause the tool', normal: 'limits kept' },
  invariants: ['entitlement, then role, then precondition', 'no call runs unless admitted'],
  initial, absorb, judge, explain,
  action: orderOf,
});

function initial(_policy: ToolPolicy, machine: MachineState, nowMs: number): ToolState {
  return { version: 1, machine, packs: [], offenders: [], paused: null, dayStartMs: dayOf(nowMs), callsToday: 0 };
}

function dayOf(nowMs: number): number {
  return Math.floor(nowMs / dayMs) * dayMs;
}

function absorb(policy: ToolPolicy, before: ToolState, signal: ToolSignal | CommonSignal, nowMs: number): Absorbed<ToolState, ToolAnswer> {
  const state = followMachine(policy, followTime(policy, before, nowMs), nowMs);
  switch (signal.kind) {
    case 'call': {
      const answer = gateOf(policy, state, signal, nowMs);
      const isCounted = answer.decision === 'ok' && policy.callsPerDayMax !== null;
      return { state: isCounted ? { ...state, callsToday: state.callsToday + 1 } : state, answer };
    }
    case 'call_ended': return { state: ended(policy, state, signal, nowMs), answer: null };
    case 'pack': return { state: { ...state, packs: packsAfter(policy, state.packs, signal) }, answer: null };
    case 'admin_reset': return { state: { ...state, offenders: [], paused: null }, answer: null };
    default: return { state, answer: null };
  }
}

function followTime(policy: ToolPolicy, state: ToolState, nowMs: number): ToolState {
  const offenders = state.offenders.length === 0 ? state.offenders : current(state.offenders, policy, nowMs);
  if (nowMs >= state.dayStartMs + dayMs) return { ...state, offenders, dayStartMs: dayOf(nowMs), callsToday: 0 };
  return offenders === state.offenders ? state : { ...state, offenders };
}

/** The action's tool stays refused until the intervention has ended, well or badly. */
function followMachine(policy: ToolPolicy, state: ToolState, nowMs: number): ToolState {
  const { machine: { name }, paused, offenders } = state;
  if (name === 'intervening') return paused === null ? { ...state, paused: worstOf(offenders)?.tool ?? null } : state;
  if (paused === null || name === 'degraded') return state;
  return { ...state, paused: null, offenders: released(offenders, paused, policy, nowMs) };
}

function ended(policy: ToolPolicy, state: ToolState, { tool, outcome }: ToolSignal & { kind: 'call_ended' }, nowMs: number): ToolState {
  if (outcome !== 'timeout' && outcome !== 'memory') return state;
  if (!Object.hasOwn(policy.tools, tool)) return state;
  return { ...state, offenders: withOffence(state.offenders, { tool, limit: outcome }, nowMs) };
}

/** Only packs that the policy's tools are in are kept. */
function packsAfter({ tools }: ToolPolicy, packs: readonly string[], { pack, active }: ToolSignal & { kind: 'pack' }): readonly string[] {
  const others = packs.filter((one) => one !== pack);
  const isKnown = Object.values(tools).some((rule) => rule.pack === pack);
  return active && isKnown ? [...others, pack].slice(-packsMax) : others;
}

function judge(policy: ToolPolicy, { offenders, callsToday }: ToolState): Judgement {
  if (policy.callsPerDayMax !== null && callsToday >= policy.callsPerDayMax) return judgements.quota;
  if (offenders.length === 0) return normal;
  if (total(offenders) >= policy.exceedRefuse) return judgements.refuse;
  return (worstOf(offenders)?.count ?? 0) >= policy.exceedWarn ? judgements.warn : normal;
}

function explain(policy: ToolPolicy, { offenders, callsToday }: ToolState, { code }: Judgement): string {
  const window = `within ${Math.round(policy.exceedWindowMs / 1_000)} s`;
  const worst = worstOf(offenders);
  switch (code) {
    case 'quota_day': return `${callsToday} of ${policy.callsPerDayMax} calls of this day were used`;
    case 'limits_exceeded': return `${total(offenders)} calls went beyond their limits ${window}; threshold ${policy.exceedRefuse}`;
    case 'tool_exceeds': return `${worst?.tool} went beyond its limit of ${worst?.limit === 'memory' ? 'memory' : 'time'} ${worst?.count} times ${window}; threshold ${policy.exceedWarn}`;
    default: return `tools keep their limits: ${total(offenders)} calls went beyond them ${window}; threshold ${policy.exceedWarn} a tool`;
  }
}

function orderOf({ interventionDwellMs }: ToolPolicy, { offenders }: ToolState, { code }: Judgement): ActionOrder {
  const worst = worstOf(offenders);
  return {
    kind: 'pause', parameters: { cause: code, tool: worst?.tool ?? '', limit: worst?.limit ?? 'timeout' },
    heldForMs: interventionDwellMs, undoTimeoutMs: 10_000,
  };
}
