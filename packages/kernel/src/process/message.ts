// What waits in a mailbox. One shape for all kinds, so that the scheduler's loop stays
// monomorphic; messages form a singly linked list through `next`, which costs an idle process
// no memory and never copies.

/** Where an answer goes: to a caller in this shard or, through a `Distribution`, elsewhere. */
export interface ReplyTo {
  reply(value: unknown): void;
  fail(error: Error): void;
  /** True once nobody waits any more, where that is known. */
  readonly settled?: boolean;
}

export const CAST = 0;
export const CALL = 1;
export const INFO = 2;
export type MessageKind = typeof CAST | typeof CALL | typeof INFO;

export class Message {
  readonly kind: MessageKind;
  /** Name of the cast or call; empty for an info. */
  readonly name: string;
  readonly body: unknown;
  readonly from: ReplyTo | undefined;
  next: Message | undefined = undefined;

  constructor(kind: MessageKind, name: string, body: unknown, from: ReplyTo | undefined) {
    this.kind = kind;
    this.name = name;
    this.body = body;
    this.from = from;
  }
}
