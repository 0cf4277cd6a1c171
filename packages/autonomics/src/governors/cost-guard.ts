// The cost guard: reserves at admission the most that a request can cost, so that spent + reserved never exceeds a
// budget; warns by burn rate before; lets probes through when a period begins anew; learns from late bills.
import { defineGovernor, normal, type Absorbed, type Judgement } from '../governor/define-governor.ts';
import type { ActionOrder, CommonSignal, MachineState } from '../governor/governor.ts';
import { monthEnd, openPeriods, startsAt } from './cost-guard/account.ts';
import { admit } from './cost-guard/admission.ts';
import { burning, emptyWindows, projectedOver } from './cost-guard/burn.ts';
import { bookBill } from './cost-guard/hours.ts';
import { isMicro, moneyText } from './cost-guard/money.ts';
import { costPolicySchema, type CostPolicy } from './cost-guard/policy.ts';
import { expire, liveCount } from './cost-guard/reservations.ts';
import { settle } from './cost-guard/settlement.ts';
import type { CostAnswer, CostSignal } from './cost-guard/signals.ts';
import { budgetOf, hourMs, periodNames, type CostState, type Draft } from './cost-guard/state.ts';

const judgements = {
  overrun: { level: 'refuse', code: 'overrun' },
  spent: periodNames.map((name) => ({ level: 'refuse', code: `budget_${name}` }) as const),
  refusals: { level: 'refuse', code: 'nothing_fits' },
  spike: { level: 'warn', code: 'billing_spike' },
  burn: { level: 'warn', code: 'burn_rate' },
  projection: { level: 'warn', code: 'projection' },
} as const satisfies Record<string, Judgement | readonly Judgement[]>;

export const costGuard = defineGovernor<CostPolicy, CostState, CostSignal, CostAnswer>({
  sku: 'gcp.autonomic.cost_guard.v1',
  policy: costPolicySchema,
  words: { warn: 'burn rate, projection or spike', refuse: 'budget spent', action: 'throttle', normal: 'normal' },
  invariants: ['spent + reserved <= budget'],
  initial, absorb, judge, explain,
  action: orderOf,
});

function initial(policy: CostPolicy, machine: MachineState, nowMs: number): CostState {
  const offset = policy.utcOffsetMinutes * 60_000;
  return {
    version: 1, machine, starts: startsAt(nowMs, offset), monthEndMs: monthEnd(nowMs, offset), spent: [0, 0, 0, 0], reserved: 0, debt: 0,
    nextId: 1, open: [], buckets: [], lates: [], windows: emptyWindows(policy, nowMs), hour: Math.floor(nowMs / hourMs), hours: [0], billBalance: 0,
    calibrationPpm: 1_000_000, spike: null, refusals: 0, probesFrom: null, probesOpen: 0,
  };
}

function absorb(policy: CostPolicy, state: CostState, signal: CostSignal | CommonSignal, nowMs: number): Absorbed<CostState, CostAnswer> {
  const draft: Draft = { ...state };
  openPeriods(draft, policy, nowMs);
  expire(draft, policy, nowMs);
  followMachine(draft);
  const answer = take(draft, policy, signal, nowMs);
  return { state: draft, answer };
}

function take(draft: Draft, policy: CostPolicy, signal: CostSignal | CommonSignal, nowMs: number): CostAnswer | null {
  switch (signal.kind) {
    case 'reserve': return admit(draft, policy, signal.most, nowMs);
    case 'settle': return settle(draft, policy, signal, nowMs);
    case 'bill':
      if (isMicro(signal.micro)) bookBill(draft, policy, signal, nowMs);
      return null;
    case 'billing_spike':
      if (isMicro(signal.microPerHour)) draft.spike = { microPerHour: signal.microPerHour, atMs: nowMs };
      return null;
    case 'admin_reset':
      draft.refusals = 0;
      return null;
    default: return null;
  }
}

/** While the machine refuses, what is admitted is a probe. */
function followMachine(draft: Draft): void {
  const isRefusing = draft.machine.name === 'refusing';
  if (isRefusing && draft.probesFrom === null) {
    draft.probesFrom = draft.nextId;
    draft.probesOpen = 0;
  }
  if (!isRefusing && draft.probesFrom !== null) draft.probesFrom = null;
  if (draft.probesOpen === 0) return;
  // A probe that has expired is settled: it was charged.
  const live = liveCount(draft);
  if (draft.probesOpen > live) draft.probesOpen = live;
}

function judge(policy: CostPolicy, state: CostState, nowMs: number): Judgement {
  if (state.debt > 0) return judgements.overrun;
  const period = spentPeriod(policy, state);
  if (period >= 0) return judgements.spent[period]!;
  if (state.refusals >= policy.tripRefusals) return judgements.refusals;
  if (isSpiking(policy, state, nowMs)) return judgements.spike;
  if (burning(policy, state, nowMs)) return judgements.burn;
  return projectedOver(policy, state, nowMs) ? judgements.projection : normal;
}

function spentPeriod(policy: CostPolicy, { spent }: CostState): number {
  for (let period = 0; period < 4; period += 1) {
    const budget = budgetOf(policy, period);
    if (budget !== null && spent[period]! * 100 >= budget * policy.tripPct) return period;
  }
  return -1;
}

function isSpiking(policy: CostPolicy, { spike }: CostState, nowMs: number): boolean {
  return spike !== null && spike.microPerHour > policy.spikeMicroPerHour && nowMs - spike.atMs < policy.spikeHoldMs;
}

function explain(policy: CostPolicy, state: CostState, { code }: Judgement, nowMs: number): string {
  const money = (micro: number) => moneyText(Math.round(micro), policy.currency);
  switch (code) {
    case 'overrun': return `${money(state.debt)} were spent beyond what was reserved and fit no budget`;
    case 'nothing_fits': return `${state.refusals} reservations in a row did not fit what is left; threshold ${policy.tripRefusals}`;
    case 'billing_spike': return `${money(state.spike?.microPerHour ?? 0)} an hour reported; threshold ${money(policy.spikeMicroPerHour)} an hour`;
    case 'burn_rate': return burnText(policy, state, nowMs);
    case 'projection': return projectionText(policy, state, nowMs, money);
    case 'normal': return `spending is normal: ${periodsText(policy, state, money)}`;
    default: return `${periodsText(policy, state, money)}; trips at ${policy.tripPct} %`;
  }
}

function burnText(policy: CostPolicy, state: CostState, nowMs: number): string {
  const burn = burning(policy, state, nowMs);
  if (!burn) return 'burn rate';
  const { stage, long, short } = burn;
  return `burning the ${stage.budget} budget at ${long.toFixed(1)}× over ${minutes(stage.longMs)} and ${short.toFixed(1)}× over ${minutes(stage.shortMs)}; threshold ${stage.burn}×`;
}

function minutes(ms: number): string {
  return `${Math.round(ms / 6_000) / 10} min`;
}

function projectionText(policy: CostPolicy, state: CostState, nowMs: number, money: (micro: number) => string): string {
  const over = projectedOver(policy, state, nowMs);
  if (!over) return 'projection';
  return `the ${periodNames[over.period]} is projected to end at ${money(over.micro)} of ${money(budgetOf(policy, over.period) ?? 0)}; threshold ${policy.projectionWarnPct} %`;
}

function periodsText(policy: CostPolicy, { spent, reserved }: CostState, money: (micro: number) => string): string {
  const parts = periodNames.flatMap((name, period) => {
    const budget = budgetOf(policy, period);
    return budget === null ? [] : [`${name} ${money(spent[period]!)} of ${money(budget)} spent`];
  });
  return `${parts.join(', ')}, ${money(reserved)} reserved`;
}

function orderOf(policy: CostPolicy, _state: CostState, { code }: Judgement): ActionOrder {
  const isNotice = policy.action === 'notify';
  return {
    kind: policy.action, parameters: { cause: code },
    heldForMs: isNotice ? null : policy.interventionDwellMs, undoTimeoutMs: isNotice ? null : 10_000,
  };
}
