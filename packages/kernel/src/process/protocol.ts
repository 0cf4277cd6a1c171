// Types that carry a behaviour's calls and casts to those who use them, so that
// `call(pid, 'add', 5)` is a number and `call(pid, 'ad', 5)` does not compile.
import type { Pid } from './pid.ts';

// Handlers are inferred from users' definitions; `any` is the only bound that leaves their own
// parameter types alone.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyHandler = (...parameters: any[]) => any;

export interface Protocol {
  calls: Record<string, AnyHandler>;
  casts: Record<string, AnyHandler>;
}

/** A process by pid, by local name, or by a typed name (`named<typeof counter>('visits')`), local or of a shard. */
export type Target<P> = Pid<P> | Named<P> | string;

export interface Named<P> {
  readonly name: string;
  /** The shard whose process of that name is meant; this one unless given. */
  readonly shard?: number;
  readonly protocol?: P;
}

type Payload<H> = H extends (state: never, payload: infer P, ...rest: never[]) => unknown ? P : never;
type HasPayload<H> = unknown extends Payload<H> ? false : true;

/** The value that `reply(value)` gave. */
export type CallResult<H> = H extends (...parameters: never[]) => infer R ? ReplyValue<Awaited<R>> : never;
type ReplyValue<R> = R extends { readonly replyValue: infer V } ? V : never;

export interface CallOptions {
  /** Milliseconds to wait for the answer; 5,000 unless given; Infinity waits for ever. */
  timeoutMs?: number;
}

export type CallArguments<H> = IsAny<Payload<H>> extends true ? [payload?: unknown, options?: CallOptions]
  : HasPayload<H> extends true ? [payload: Payload<H>, options?: CallOptions] : [payload?: undefined, options?: CallOptions];
export type CastArguments<H> = IsAny<Payload<H>> extends true ? [payload?: unknown] : HasPayload<H> extends true ? [payload: Payload<H>] : [];
/** Nothing is known of the target, as behind a plain name: whatever payload. */
type IsAny<T> = 0 extends 1 & T ? true : false;
/** What may be asked where nothing is known of the target's type. */
export type ProtocolOf<P> = P extends Protocol ? P : Protocol;
