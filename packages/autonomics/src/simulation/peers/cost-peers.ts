// What others do about a budget: look at the meter, then act. What is under way when they look is not on the
// meter, and a meter that billing feeds is late on top of that.
import type { LlmCall } from '../load/llm-load.ts';
import type { Track } from '../outcome.ts';

/** What decides whether a call may start; ours as well. */
export interface CostDecider {
  readonly name: string;
  readonly source?: string;
  admit(call: LlmCall, index: number, nowMs: number): boolean;
  /** It has ended, and whoever made it says what it cost. */
  settled(call: LlmCall, index: number, nowMs: number): void;
  /** The provider's own count, whether or not anybody settled. */
  spent?(call: LlmCall, nowMs: number): void;
  ticked?(nowMs: number): void;
  readonly track?: Track;
}

/** A meter of settled costs, read as it stood `lagMs` ago. */
export class LaggingMeter {
  readonly #lagMs: number;
  readonly #pending: { readonly visibleMs: number; readonly micros: number }[] = [];
  #next = 0;
  #micros = 0;

  constructor(lagMs: number) {
    this.#lagMs = lagMs;
  }

  add(micros: number, nowMs: number): void {
    this.#pending.push({ visibleMs: nowMs + this.#lagMs, micros });
  }

  at(nowMs: number): number {
    for (;;) {
      const first = this.#pending[this.#next];
      if (first === undefined || first.visibleMs > nowMs) return this.#micros;
      this.#micros += first.micros;
      this.#next += 1;
    }
  }
}

/** Admits as long as the meter it sees is below the budget. */
export function checkThenAct({ budgetMicros, lagMs, name, source }: { budgetMicros: number; lagMs: number; name: string; source: string }): CostDecider {
  const meter = new LaggingMeter(lagMs);
  return {
    name,
    source,
    admit: (_call, _index, nowMs) => meter.at(nowMs) < budgetMicros,
    settled: ({ costMicros }, _index, nowMs) => meter.add(costMicros, nowMs),
  };
}

export function costPeers({ budgetMicros, lagMs }: { readonly budgetMicros: number; readonly lagMs: number }): CostDecider[] {
  const peers = [
    checkThenAct({ budgetMicros, lagMs: 0, name: 'check-then-act', source: 'spent < budget is checked before each call, spent grows when the call ends, at once' }),
  ];
  if (lagMs > 0) {
    const source = 'the same on a meter that billing feeds';
    peers.push(checkThenAct({ budgetMicros, lagMs, name: `check-then-act, ${lagMs / 1_000} s lag`, source }));
  }
  return peers;
}
