// A governor at work in a simulation: keeps its state, hands it each signal, answers its actions after a while as
// an executor would, and notes what it did for the picture.
import type { Action, Answer, CommonSignal, Governor, GovernorState, VersionedState } from '../governor/governor.ts';
import { Track } from './outcome.ts';

/** An executor needs this long; nothing in a simulation makes it fail. */
const ACTION_MS = 2_000;

export class GovernorRun<P, S extends VersionedState, Sig, A extends Answer> {
  readonly track = new Track();
  readonly #governor: Governor<P, S, Sig | CommonSignal, A>;
  readonly #policy: P;
  readonly #due: { readonly action: Action; readonly atMs: number }[] = [];
  readonly #actions: Action[] = [];
  #state: S;

  constructor(governor: Governor<P, S, Sig | CommonSignal, A>, policy: P) {
    this.#governor = governor;
    this.#policy = policy;
    this.#state = governor.initial(policy, 0);
    this.track.at(0, this.name);
  }

  get name(): GovernorState {
    return this.#state.machine.name;
  }

  /** Everything it has ordered so far. */
  get actions(): readonly Action[] {
    return this.#actions;
  }

  signal(signal: Sig | CommonSignal, nowMs: number): A {
    const { state, actions, receipts, answer } = this.#governor.decide(this.#policy, this.#state, signal, nowMs);
    this.#state = state;
    for (const action of actions) {
      this.#actions.push(action);
      this.#due.push({ action, atMs: nowMs + ACTION_MS });
      this.track.mark(nowMs, `${action.kind}#${action.id}: ${action.reason}`);
    }
    for (const receipt of receipts) this.track.receipt(receipt);
    this.track.at(nowMs, this.name);
    return answer;
  }

  tick(nowMs: number): void {
    while (this.#due[0] !== undefined && this.#due[0].atMs <= nowMs) {
      const { action } = this.#due.shift()!;
      this.signal({ kind: 'action_result', actionId: action.id, outcome: 'succeeded' }, nowMs);
    }
    this.signal({ kind: 'tick' }, nowMs);
  }
}
