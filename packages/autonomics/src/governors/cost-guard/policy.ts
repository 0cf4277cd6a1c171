// The policy of the cost guard: budgets, prices, reservations, stages, the billing feed.
import type { MachineRules } from '../../governor/machine.ts';
import { machineFields } from '../../policy/machine-fields.ts';
import { policySchema, type Field, type NumberField, type OptionalField, type PolicyProblem } from '../../policy/schema.ts';
import { microMax } from './money.ts';

export type PeriodName = 'hour' | 'day' | 'month' | 'total';

export interface Budgets {
  readonly hourMicro: number | null;
  readonly dayMicro: number | null;
  readonly monthMicro: number | null;
  readonly totalMicro: number | null;
}

/** Spending at `burn` times the rate that would just use the budget up, in both windows, is a warning. */
export interface BurnStage {
  readonly budget: 'hour' | 'day' | 'month';
  readonly burn: number;
  readonly longMs: number;
  readonly shortMs: number;
}

export interface CostPolicy extends MachineRules {
  readonly currency: string;
  readonly utcOffsetMinutes: number;
  readonly budgets: Budgets;
  readonly pricesMicroPerMillion: Readonly<Record<string, number>>;
  readonly unknownPriceMicroPerMillion: number | null;
  readonly exchangeRatesPpm: Readonly<Record<string, number>>;
  readonly reservationMaxPct: number;
  readonly reservationTtlMs: number;
  readonly reservationsMax: number;
  readonly lateSettlementMs: number;
  readonly tripPct: number;
  readonly tripRefusals: number;
  readonly probesMax: number;
  readonly stages: readonly BurnStage[];
  readonly projectionAfterPct: number;
  readonly projectionWarnPct: number;
  readonly spikeMicroPerHour: number;
  readonly spikeHoldMs: number;
  readonly billCredits: boolean;
  readonly calibrationGainPct: number;
  readonly calibrationMinPct: number;
  readonly calibrationMaxPct: number;
  readonly action: 'throttle' | 'scale' | 'pause' | 'notify';
}

const dayMs = 86_400_000;

function count(unit: string, [min, value, max]: readonly [number, number, number], effect: string): NumberField {
  return { type: 'integer', unit, min, max, default: value, effect };
}

function share([min, value, max]: readonly [number, number, number], effect: string): NumberField {
  return { type: 'number', unit: '%', min, max, default: value, effect };
}

const micro = (effect: string): NumberField => count('micro-units', [1, 1, microMax], effect);

function budget(value: number | null, effect: string): OptionalField<number> {
  return { type: 'optional', default: value, of: { ...micro(effect), default: value ?? 1 }, effect };
}

const currencyPattern = '^[A-Z]{3}$';

const stage: Field<BurnStage> = {
  type: 'group', default: { budget: 'day', burn: 6, longMs: 3_600_000, shortMs: 300_000 }, effect: 'One stage.',
  fields: {
    budget: { type: 'choice', choices: ['hour', 'day', 'month'], default: 'day', effect: 'The budget that the burn rate is a multiple of; without that budget the stage is silent.' },
    burn: { type: 'number', unit: '×', min: 1, max: 1_000, default: 6, effect: 'Spending this many times faster than the budget lasts is a warning, if both windows say so.' },
    longMs: count('ms', [60_000, 3_600_000, 31 * dayMs], 'The window that makes a warning significant.'),
    shortMs: count('ms', [1_000, 300_000, 31 * dayMs], 'The window that ends the warning soon after the burn has ended.'),
  },
};

export const costPolicySchema = policySchema<CostPolicy>('cost_guard', {
  currency: { type: 'text', lengthMax: 3, pattern: currencyPattern, default: 'USD', effect: 'The currency of every amount in micro-units.' },
  utcOffsetMinutes: count('min', [-840, 0, 840], 'Where hours, days and months begin, as the provider bills them.'),
  budgets: {
    type: 'group', default: { hourMicro: null, dayMicro: 100_000_000, monthMicro: null, totalMicro: null }, effect: 'What may be spent.',
    fields: {
      hourMicro: budget(null, 'Most that is spent in a clock hour; null: no limit.'),
      dayMicro: budget(100_000_000, 'Most that is spent in a calendar day; null: no limit.'),
      monthMicro: budget(null, 'Most that is spent in a calendar month; null: no limit.'),
      totalMicro: budget(null, 'Most that is ever spent; null: no limit.'),
    },
  },
  pricesMicroPerMillion: {
    type: 'map', sizeMax: 10_000, default: {}, of: count('micro-units a million units', [0, 0, microMax], 'Price.'),
    effect: 'Item → price of a million units (tokens, bytes, calls); a change holds for the reservations after it.',
  },
  unknownPriceMicroPerMillion: {
    type: 'optional', default: null, of: count('micro-units a million units', [1, 1, microMax], 'Price.'),
    effect: 'Price of an item that has none; null: that item is refused, the others go on.',
  },
  exchangeRatesPpm: {
    type: 'map', sizeMax: 200, default: {}, of: count('ppm', [1, 1_000_000, 1_000_000_000_000], 'Rate.'),
    effect: 'Currency → micro-units of `currency` for a million of its own; a currency without a rate is refused.',
  },
  reservationMaxPct: share([0.001, 25, 100], 'The largest part of a budget that one reservation may take: one bad price cannot take it all.'),
  reservationTtlMs: count('ms', [1_000, 600_000, dayMs], 'A reservation without a settlement for this long is charged in full.'),
  reservationsMax: count('reservations', [1, 1_000, 3_000], 'Most reservations open at a time; who has more in flight reserves for a batch.'),
  lateSettlementMs: count('ms', [0, 3_600_000, 7 * dayMs], 'For this long after the expiry a settlement still corrects what was charged.'),
  tripPct: share([50, 99.9, 100], 'Spent this much of a budget, the guard refuses everything until the next period.'),
  tripRefusals: count('refusals', [1, 100, 1_000_000], 'So many reservations in a row that did not fit what was left make the guard refuse everything.'),
  probesMax: count('reservations', [1, 3, 1_000], 'Open at a time while the guard refuses although the budget has room again (half-open).'),
  stages: {
    type: 'list', lengthMin: 0, lengthMax: 3, of: stage, effect: 'Early warnings by burn rate.',
    default: [
      { budget: 'hour', burn: 3, longMs: 600_000, shortMs: 60_000 },
      { budget: 'day', burn: 6, longMs: 3_600_000, shortMs: 300_000 },
      { budget: 'month', burn: 6, longMs: 21_600_000, shortMs: 1_800_000 },
    ],
  },
  projectionAfterPct: share([0, 10, 100], 'From this part of a period on, its end is projected from its mean rate.'),
  projectionWarnPct: share([100, 120, 10_000], 'A projection above this part of the budget is a warning.'),
  spikeMicroPerHour: { ...micro('A billing spike reported above this rate is a warning.'), default: 50_000_000 },
  spikeHoldMs: count('ms', [1_000, 300_000, dayMs], 'A reported spike stands for this long, unless a newer report ends it.'),
  billCredits: { type: 'boolean', default: false, effect: 'Whether a bill below the meter gives room back at once; if not, it is only kept against what the next bills add.' },
  calibrationGainPct: share([0, 50, 100], 'How much of the difference between bill and meter the prices learn from one bill.'),
  calibrationMinPct: share([50, 100, 100], 'The prices are never taken for less than this part of the policy\'s.'),
  calibrationMaxPct: share([100, 300, 1_000], 'The prices are never taken for more than this part of the policy\'s.'),
  action: { type: 'choice', choices: ['throttle', 'scale', 'pause', 'notify'], default: 'throttle', effect: 'What runs when a warning persists.' },
  ...machineFields,
}, [anyBudget, stagesInOrder]);

function anyBudget({ budgets }: CostPolicy): PolicyProblem | null {
  const isUnlimited = Object.values(budgets).every((limit) => limit === null);
  return isUnlimited ? { field: 'budgets', problem: 'must limit at least one of hourMicro, dayMicro, monthMicro, totalMicro' } : null;
}

function stagesInOrder({ stages }: CostPolicy): PolicyProblem | null {
  const at = stages.findIndex(({ longMs, shortMs }) => shortMs >= longMs);
  if (at < 0) return null;
  return { field: `stages[${at}].shortMs`, problem: `must be less than longMs (${stages[at]!.longMs} ms), not ${stages[at]!.shortMs}` };
}
