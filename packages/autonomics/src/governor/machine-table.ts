// The transitions that all governors share, as data: the engine obeys it, the pages draw it, the tests walk it.
import type { GovernorState } from './governor.ts';

export interface Transition {
  readonly from: GovernorState;
  /** In words, for the picture. */
  readonly on: string;
  readonly to: GovernorState;
}

export interface MachineTable {
  readonly initial: 'boot';
  readonly states: readonly GovernorState[];
  readonly transitions: readonly Transition[];
}

/** What a governor calls its judgements and its action in the picture. */
export interface MachineWords {
  readonly warn: string;
  readonly refuse: string;
  readonly action: string;
  readonly normal: string;
}

export const governorStates: readonly GovernorState[] = ['boot', 'stable', 'warning', 'intervening', 'degraded', 'refusing'];

export function machineTable({ warn, refuse, action, normal }: MachineWords): MachineTable {
  const refused = `${refuse}, or not entitled`;
  const transitions: readonly Transition[] = [
    { from: 'boot', on: 'first tick', to: 'stable' },
    { from: 'stable', on: warn, to: 'warning' },
    { from: 'stable', on: refused, to: 'refusing' },
    { from: 'warning', on: `${normal} for the dwell`, to: 'stable' },
    { from: 'warning', on: `${warn} persists: ${action}`, to: 'intervening' },
    { from: 'warning', on: refused, to: 'refusing' },
    { from: 'intervening', on: 'action succeeded, after its dwell', to: 'stable' },
    { from: 'intervening', on: 'action failed or timed out', to: 'degraded' },
    { from: 'degraded', on: `${normal} for the dwell`, to: 'warning' },
    { from: 'degraded', on: refused, to: 'refusing' },
    { from: 'refusing', on: `entitlement active again, admin reset, or ${normal} for the dwell`, to: 'stable' },
  ];
  return { initial: 'boot', states: governorStates, transitions };
}

export function isTransition(table: MachineTable, from: GovernorState, to: GovernorState): boolean {
  return table.transitions.some((one) => one.from === from && one.to === to);
}

/** A Mermaid state diagram, as the pages show it. */
export function mermaidOf(table: MachineTable): string {
  const lines = table.transitions.map(({ from, on, to }) => `  ${from} --> ${to}: ${on.replaceAll(/[:;]/g, ',')}`);
  return ['stateDiagram-v2', `  [*] --> ${table.initial}`, ...lines].join('\n');
}
