// What handlers return when they do more than give the next state.
import type { ExitReason } from '../process/exit-reason.ts';

/** Stands where no state or answer was given: the old one stays. */
export const KEEP: unique symbol = Symbol('keep');
export type Keep = typeof KEEP;

export class Reply<V, S> {
  readonly replyValue: V;
  readonly next: S | Keep;
  constructor(replyValue: V, next: S | Keep) {
    this.replyValue = replyValue;
    this.next = next;
  }
}

export class NoReply<S, V = unknown> {
  /** Only a type: what `self.answer` will give. */
  declare readonly replyValue: V;
  readonly next: S | Keep;
  constructor(next: S | Keep) {
    this.next = next;
  }
}

export class Stop<S> {
  readonly reason: ExitReason;
  readonly answer: unknown;
  readonly next: S | Keep;
  constructor(reason: ExitReason, answer: unknown, next: S | Keep) {
    this.reason = reason;
    this.answer = answer;
    this.next = next;
  }
}

export class Ignore {
  readonly ignore = true;
}

/** Answers the caller; the state becomes `next`, or stays. */
export function reply<V>(value: V): Reply<V, never>;
export function reply<V, S>(value: V, next: S): Reply<V, S>;
export function reply(value: unknown, next: unknown = KEEP): Reply<unknown, unknown> {
  return new Reply(value, next);
}

/** Leaves the call open until `self.answer(caller, value)`; `caller` is `self.caller`, kept in the state. */
export function noReply<V = never, S = never>(next: S | Keep = KEEP): NoReply<S, V> {
  return new NoReply<S, V>(next);
}

/** Ends the server after this message; `answer` goes to the caller of a call. */
export function stop<S = never>(reason: ExitReason = 'normal', details: { answer?: unknown; state?: S } = {}): Stop<S> {
  return new Stop<S>(reason, 'answer' in details ? details.answer : KEEP, 'state' in details ? details.state as S : KEEP);
}

/** From an init: start nothing, and that is no failure. */
export function ignore(): Ignore {
  return new Ignore();
}
