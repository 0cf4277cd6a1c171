// The fields of the machine in each governor's policy. Spread into its schema, and overridden where a governor's
// default differs.
import type { MachineRules } from '../governor/machine.ts';
import type { Fields, NumberField } from './schema.ts';

const dayMs = 86_400_000;

function duration(ms: number, max: number, effect: string): NumberField {
  return { type: 'integer', unit: 'ms', min: 0, max, default: ms, effect };
}

export const machineFields: Fields<MachineRules> = {
  warnPersistMs: duration(3_000, dayMs, 'How long a warning lasts without a break before the action runs.'),
  calmDwellMs: duration(10_000, dayMs, 'How long all is judged ok before `warning` becomes `stable`.'),
  interventionDwellMs: duration(60_000, dayMs, 'How long `intervening` lasts after its action has succeeded.'),
  recoveryDwellMs: duration(30_000, dayMs, 'How long all is judged ok before `degraded` becomes `warning` and `refusing` becomes `stable`.'),
  actionTimeoutMs: { ...duration(30_000, 600_000, 'An action without a result for this long has timed out.'), min: 1 },
};
