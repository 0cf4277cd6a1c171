// What an operator can set of the backlog valve. The thresholds on depth and growth are seed 001's; those on queue
// time were chosen by measurement: docs/explanation/governors/backlog-valve.md has the table.
import type { QueueTimeRules } from '../control/queue-time.ts';
import type { MachineRules } from '../governor/machine.ts';
import { machineFields } from '../policy/machine-fields.ts';
import { policySchema, type AnyField, type Field, type NumberField, type PolicySchema } from '../policy/schema.ts';

export type ValveAction = 'scale' | 'shed' | 'notify';

export interface BacklogValvePolicy extends MachineRules, QueueTimeRules {
  readonly shedPctMax: number;
  /** At the limit of shedding for this long, and the queue still above the ceiling: refusing. */
  readonly refuseAfterMs: number;
  readonly answerMarginMs: number;
  readonly depthWarn: number;
  readonly growthWarnPerSecond: number;
  readonly staleAfterMs: number;
  readonly action: ValveAction;
  readonly actionHoldMs: number;
}

const dayMs = 86_400_000;

function ms(value: number, { min, max }: { min: number; max: number }, effect: string): NumberField {
  return { type: 'integer', unit: 'ms', min, max, default: value, effect };
}

const actionField = {
  type: 'choice', choices: ['scale', 'shed', 'notify'], default: 'scale',
  effect: 'What the valve asks for when a warning persists; it sheds by itself whatever this says.',
} as const satisfies AnyField as unknown as Field<ValveAction>;

export const backlogValvePolicy: PolicySchema<BacklogValvePolicy> = policySchema<BacklogValvePolicy>('backlog_valve', {
  ...machineFields,
  warnPersistMs: { ...machineFields.warnPersistMs, default: 2_000, effect: 'How long a warning lasts without a break before the action runs; 2 s is three samples.' },
  calmDwellMs: { ...machineFields.calmDwellMs, default: 60_000 },
  recoveryDwellMs: { ...machineFields.recoveryDwellMs, default: 60_000 },
  interventionDwellMs: { ...machineFields.interventionDwellMs, effect: 'How long nothing is shed, after its action has succeeded, before `intervening` becomes `stable`.' },
  actionTimeoutMs: { ...machineFields.actionTimeoutMs, default: 5_000, effect: 'An action without a result for this long has timed out. Until then the valve cannot begin to refuse.' },
  deadlineMs: ms(500, { min: 10, max: 600_000 }, 'From arrival to the answer: an answer after this is worth nothing.'),
  targetMs: ms(20, { min: 1, max: 60_000 }, 'A standing queue is shed from this wait on; lower waits cost goodput.'),
  ceilingMs: ms(120, { min: 2, max: 120_000 }, 'At this wait all of a standing queue\'s arrivals are shed; the share grows in proportion from the target.'),
  priorityGapMs: ms(8, { min: 0, max: 10_000 }, 'Each priority is shed from this much later on than the one below it.'),
  intervalMs: ms(1_000, { min: 10, max: 60_000 }, 'A queue at the ceiling for this long is standing, a shorter one later in proportion; one that was at the target in the meantime may hold bursts of half the deadline.'),
  shedPctMax: { type: 'integer', unit: '%', min: 1, max: 100, default: 50, effect: 'The most that is shed of all requests, except when refusing.' },
  refuseAfterMs: ms(800, { min: 0, max: dayMs }, 'How long the wait stays above the ceiling in spite of all that may be shed, before the valve refuses.'),
  answerMarginMs: ms(20, { min: 0, max: 60_000 }, 'With less than this left of its deadline, a request is dropped instead of served.'),
  depthWarn: { type: 'integer', unit: 'requests', min: 1, max: 1_000_000_000, default: 100_000, effect: 'More waiting requests than this are a warning.' },
  growthWarnPerSecond: { type: 'integer', unit: 'requests/s', min: 1, max: 1_000_000_000, default: 10_000, effect: 'A backlog that grows faster is a warning, and an intervention once it persists.' },
  staleAfterMs: ms(5_000, { min: 100, max: dayMs }, 'Without a measurement for this long the valve opens and warns: no data is not calm.'),
  action: actionField,
  actionHoldMs: ms(900_000, { min: 1_000, max: 7 * dayMs }, 'After this long the action is taken back by its executor.'),
}, [
  ({ targetMs, ceilingMs, priorityGapMs }) => targetMs + 5 * priorityGapMs < ceilingMs ? null
    : { field: 'ceilingMs', problem: `${ceilingMs} ms leaves no room above targetMs (${targetMs} ms) and five times priorityGapMs (${priorityGapMs} ms)` },
  ({ ceilingMs, deadlineMs }) => ceilingMs <= deadlineMs / 2 ? null : { field: 'ceilingMs', problem: `${ceilingMs} ms is above half of deadlineMs (${deadlineMs / 2} ms), so that bursts would find no room` },
  ({ answerMarginMs, deadlineMs }) => answerMarginMs < deadlineMs / 2 ? null : { field: 'answerMarginMs', problem: `${answerMarginMs} ms is not below half of deadlineMs (${deadlineMs / 2} ms)` },
]);
