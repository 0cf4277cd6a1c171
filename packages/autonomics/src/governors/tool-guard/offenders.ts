// Which tools went beyond their limits lately: few, counted, forgotten once they have kept them for the window.
import { offendersMax, type ToolPolicy } from './policy.ts';
import type { Offender } from './signals.ts';

export function current(offenders: readonly Offender[], { exceedWindowMs }: ToolPolicy, nowMs: number): readonly Offender[] {
  const isPast = ({ lastMs }: Offender) => nowMs - lastMs >= exceedWindowMs;
  return offenders.some(isPast) ? offenders.filter((one) => !isPast(one)) : offenders;
}

/** Beyond `offendersMax` tools the one with the fewest gives way. */
export function withOffence(offenders: readonly Offender[], offence: { tool: string; limit: 'timeout' | 'memory' }, nowMs: number): readonly Offender[] {
  const known = offenders.find(({ tool }) => tool === offence.tool);
  const others = offenders.filter(({ tool }) => tool !== offence.tool);
  const one: Offender = { ...offence, count: Math.min(1_000_000, (known?.count ?? 0) + 1), lastMs: nowMs };
  const kept = others.length < offendersMax ? others : others.toSorted((a, b) => b.count - a.count || b.lastMs - a.lastMs).slice(0, offendersMax - 1);
  return [...kept, one];
}

export function worstOf(offenders: readonly Offender[]): Offender | null {
  return offenders.reduce<Offender | null>((worst, one) => (worst === null || one.count > worst.count ? one : worst), null);
}

export function total(offenders: readonly Offender[]): number {
  return offenders.reduce((sum, { count }) => sum + count, 0);
}
