// The cost guard as a policy of the simulation: asks before each call, settles after it, and hears from billing,
// hour by hour and as late as billing is, what was really spent.
import { costGuard } from '../governors/cost-guard.ts';
import type { CostPolicy } from '../governors/cost-guard/policy.ts';
import type { Reservation } from '../governors/cost-guard/signals.ts';
import { GovernorRun } from './governor-run.ts';
import type { LlmCall } from './load/llm-load.ts';
import type { CostDecider } from './peers/cost-peers.ts';
import type { Track } from './outcome.ts';

const HOUR_MS = 3_600_000;

export class CostGovernor implements CostDecider {
  readonly name = 'cost guard';
  readonly #run: GovernorRun<CostPolicy, ReturnType<typeof costGuard.initial>, Parameters<typeof costGuard.decide>[2], ReturnType<typeof costGuard.decide>['answer']>;
  readonly #reservations = new Map<number, Reservation>();
  readonly #spentInHour = new Map<number, number>();
  readonly #lagMs: number;
  #billedHours = 0;

  constructor(policy: CostPolicy, lagMs: number) {
    this.#run = new GovernorRun(costGuard, policy);
    this.#lagMs = lagMs;
  }

  get track(): Track {
    return this.#run.track;
  }

  admit({ costMaxMicros }: LlmCall, index: number, nowMs: number): boolean {
    const answer = this.#run.signal({ kind: 'reserve', most: { micro: costMaxMicros } }, nowMs);
    const reservation = 'reservation' in answer ? answer.reservation : null;
    if (reservation !== null) this.#reservations.set(index, reservation);
    return reservation !== null;
  }

  settled({ costMicros }: LlmCall, index: number, nowMs: number): void {
    const reservation = this.#reservations.get(index)!;
    this.#reservations.delete(index);
    this.#run.signal({ kind: 'settle', reservation, actual: { micro: costMicros } }, nowMs);
  }

  spent({ costMicros }: LlmCall, nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    this.#spentInHour.set(hour, (this.#spentInHour.get(hour) ?? 0) + costMicros);
  }

  ticked(nowMs: number): void {
    this.#run.tick(nowMs);
    for (; nowMs >= (this.#billedHours + 1) * HOUR_MS + this.#lagMs; this.#billedHours += 1) {
      const fromMs = this.#billedHours * HOUR_MS;
      const micro = this.#spentInHour.get(this.#billedHours) ?? 0;
      this.#run.signal({ kind: 'bill', fromMs, throughMs: fromMs + HOUR_MS, micro }, nowMs);
    }
  }
}

/** The simulated budget is a total; those of hour, day and month hold beside it where a policy was given. */
export function withBudget(policy: CostPolicy, totalMicro: number, isGiven: boolean): CostPolicy {
  const others = isGiven ? policy.budgets : { hourMicro: null, dayMicro: null, monthMicro: null };
  return { ...policy, budgets: { ...others, totalMicro: policy.budgets.totalMicro ?? totalMicro } };
}
