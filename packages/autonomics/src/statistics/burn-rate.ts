// Burn rates as in the SRE Workbook, chapter 5 ("Alerting on SLOs", https://sre.google/workbook/alerting-on-slos/):
// how fast, compared with what the objective allows, a service spends its error budget. Pure formulas;
// burn-windows.ts measures the rates, the rollback guard's policy holds the rules.

/** An objective: this share of requests succeeds over this period. */
export interface Objective {
  /** 0.999 for "three nines". */
  readonly slo: number;
  readonly periodMs: number;
}

export interface BurnRule {
  readonly severity: 'page' | 'ticket';
  readonly longWindowMs: number;
  readonly shortWindowMs: number;
  /** Fires when both windows burn at least this fast. */
  readonly burnRate: number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Table 5-8, and the 24 h rule of the listing above it. */
export const workbookRules: readonly BurnRule[] = [
  { severity: 'page', longWindowMs: hour, shortWindowMs: 5 * minute, burnRate: 14.4 },
  { severity: 'page', longWindowMs: 6 * hour, shortWindowMs: 30 * minute, burnRate: 6 },
  { severity: 'ticket', longWindowMs: day, shortWindowMs: 2 * hour, burnRate: 3 },
  { severity: 'ticket', longWindowMs: 3 * day, shortWindowMs: 6 * hour, burnRate: 1 },
];

/** 1: the budget is gone exactly at the end of the period. */
export function burnRateOf({ slo }: Objective, errorShare: number): number {
  return errorShare / (1 - slo);
}

export function errorShareAt({ slo }: Objective, burnRate: number): number {
  return Math.min(1, burnRate * (1 - slo));
}

/** How long a constant error share takes to lift a window that was empty of errors over the burn rate; null: never. */
export function detectionMs({ slo }: Objective, errorShare: number, { windowMs, burnRate }: { readonly windowMs: number; readonly burnRate: number }): number | null {
  const detection = ((1 - slo) / errorShare) * windowMs * burnRate;
  return detection <= windowMs ? detection : null;
}

/** Share of the period's budget that is spent when the alert fires. */
export function budgetSpent({ periodMs }: Objective, { windowMs, burnRate }: { readonly windowMs: number; readonly burnRate: number }): number {
  return (burnRate * windowMs) / periodMs;
}

/** The burn rate that spends this share of the budget within the window. */
export function burnRateFor({ periodMs }: Objective, { windowMs, budgetShare }: { readonly windowMs: number; readonly budgetShare: number }): number {
  return (budgetShare * periodMs) / windowMs;
}

export function exhaustionMs({ periodMs }: Objective, burnRate: number): number {
  return periodMs / burnRate;
}

/** How long a window stays over the burn rate after an error share that lasted `lastedMs` has ended. */
export function resetMs({ slo }: Objective, { errorShare, lastedMs, windowMs, burnRate }: { readonly errorShare: number; readonly lastedMs: number; readonly windowMs: number; readonly burnRate: number }): number {
  const needed = (burnRate * (1 - slo) * windowMs) / errorShare;
  return Math.max(0, windowMs - needed - Math.max(0, lastedMs - windowMs));
}
