// Which tools went beyond their limits lately: few, counted, forgotten once they have kept them for the window.
import { offendersMax, type ToolPolicy } from './policy.ts';
import type { Offender } from './signals.ts';

/** Without those that have kept their limits for the window, counted from the end of their pause. */
export function current(offenders: readonly Offender[], { exceedWindowMs }: ToolPolicy, nowMs: number): readonly Offender[] {
  const isPast = ({ lastMs, pausedUntilMs }: Offender) => nowMs - Math.max(lastMs, pausedUntilMs) >= exceedWindowMs;
  return offenders.some(isPast) ? offenders.filter((one) => !isPast(one)) : offenders;
}

/** Beyond `offendersMax` tools the one with the fewest pauses, then offences, gives way. */
export function withOffence(offenders: readonly Offender[], offence: { tool: string; limit: 'timeout' | 'memory' }, nowMs: number): readonly Offender[] {
  const known = offenders.find(({ tool }) => tool === offence.tool) ?? { count: 0, pauses: 0, pausedUntilMs: 0 };
  const others = offenders.filter(({ tool }) => tool !== offence.tool);
  const one: Offender = { ...known, ...offence, count: Math.min(1_000_000, known.count + 1), lastMs: nowMs };
  const kept = others.length < offendersMax ? others : others.toSorted(byWeight).slice(0, offendersMax - 1);
  return [...kept, one];
}

function byWeight(a: Offender, b: Offender): number {
  return b.pauses - a.pauses || b.count - a.count || b.lastMs - a.lastMs;
}

/**
 * The intervention that paused it is over. Its count begins anew, and each pause is twice the one before: the
 * intervention was the first; what a later one lacks, is added here.
 */
export function released(offenders: readonly Offender[], tool: string, { interventionDwellMs, pauseMaxMs }: ToolPolicy, nowMs: number): readonly Offender[] {
  return offenders.map((one) => {
    if (one.tool !== tool) return one;
    const pauses = Math.min(30, one.pauses + 1);
    const longer = Math.min(pauseMaxMs, interventionDwellMs * 2 ** (pauses - 1)) - interventionDwellMs;
    return { ...one, count: 0, pauses, pausedUntilMs: nowMs + Math.max(0, longer) };
  });
}

export function worstOf(offenders: readonly Offender[]): Offender | null {
  return offenders.reduce<Offender | null>((worst, one) => (worst === null || one.count > worst.count ? one : worst), null);
}

export function total(offenders: readonly Offender[]): number {
  return offenders.reduce((sum, { count }) => sum + count, 0);
}
